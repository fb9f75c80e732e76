"""Responses of Mono's API as the collector keeps them.

Here belongs how one question becomes pages: paging, fetch times, errors. Which questions are asked, and
when, is in ``exports``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mono_recon.demo.world import Body

API = "https://api.cuentamono.com/v1"
PAGE_SIZE = 500
DURATION = timedelta(seconds=30)
"""How long the pages of an export take, however many they are."""


@dataclass(frozen=True, slots=True)
class Export:
    """One captured list, before its pages are made.

    Attributes:
        name: Id of the export.
        fetched_on: Local day of the capture.
        started_at: When it began; its pages are fetched evenly over half a minute, the last at its end.
        endpoint: Path, and query apart from the paging.
        key: Key of the rows in the response.
        items: How many rows there are.
        row: Makes the row at an index as shown at an instant.
        page_size: Rows asked for per page.
        missing_pages: How many of the last pages were never fetched.
        failed_first: The first page was answered with an error before it was answered well.
    """

    name: str
    fetched_on: date
    started_at: datetime
    endpoint: str
    key: str
    items: int
    row: Callable[[int, datetime], Body]
    page_size: int = PAGE_SIZE
    missing_pages: int = 0
    failed_first: bool = False

    @property
    def finished_at(self) -> datetime:
        """Fetch time of the last page there is."""
        return self._fetched_at(self._total_pages - self.missing_pages)

    def pages(self) -> Iterator[Body]:
        """The captured pages, in order of capture."""
        if self.failed_first:
            yield self._page(1, self.started_at, 500, SERVER_ERROR)
        for number in range(1, self._total_pages - self.missing_pages + 1):
            fetched_at = self._fetched_at(number)
            indices = range((number - 1) * self.page_size, min(number * self.page_size, self.items))
            pagination = {
                "page_number": number,
                "page_size": self.page_size,
                "total_items": self.items,
                "total_pages": self._total_pages,
            }
            body = {"pagination": pagination, self.key: [self.row(n, fetched_at) for n in indices]}
            yield self._page(number, fetched_at, 200, body)

    @property
    def _total_pages(self) -> int:
        return max(1, -(-self.items // self.page_size))

    def _fetched_at(self, number: int) -> datetime:
        return self.started_at + number * DURATION / self._total_pages

    def _page(self, number: int, fetched_at: datetime, status: int, body: Body) -> Body:
        joint = "&" if "?" in self.endpoint else "?"
        url = f"{API}/{self.endpoint}{joint}page_size={self.page_size}&page_number={number}"
        return captured(self.name, self.started_at, url, fetched_at, status, body)


SERVER_ERROR: Body = {
    "code": "500 Internal Server Error",
    "errors": [{"error_code": "server_error", "message": "Internal error", "path": None, "url": None}],
    "id": "log_7MkWaFqvfosB8fzHhb1Eql",
    "message": "Internal server error",
}
TIMEOUT: Body = {
    "code": "504 Gateway Timeout",
    "errors": [{"error_code": "gateway_timeout", "message": "The bank did not answer", "path": None, "url": None}],
    "id": "log_3RJ9CbZLYq7r1MxH8vAm7Y",
    "message": "Gateway timeout",
}


def captured(name: str, started_at: datetime, url: str, fetched_at: datetime, status: int, body: Body) -> Body:
    """A response with what is needed to know what it covers."""
    return {
        "export": {"id": name, "started_at": started_at},
        "request": {"method": "GET", "url": url, "fetched_at": fetched_at},
        "response": {"status": status, "headers": {}, "body": body},
    }
