"""What the collector fetched from Mono's API.

Here belongs the schedule of captures and their pages: balances at midnight, transfers, collections and
accounts each morning. Shapes of rows are in ``payloads``; files are in ``packing``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from mono_recon.demo import payloads
from mono_recon.demo.balances import Ledger
from mono_recon.demo.ids import new_id
from mono_recon.demo.instants import instant_text
from mono_recon.demo.people import BANKS
from mono_recon.demo.world import DAY, Account, Body, Intent, Link, Transfer, World

_API = "https://api.cuentamono.com/v1"
_PAGE_SIZE = 500
_SMALLEST_PAGE = 10
_WINDOW_DAYS = 7
_TRANSFERS_AT, _INTENTS_AT, _LINKS_AT, _ACCOUNTS_AT = time(5), time(5, 20), time(5, 40), time(5, 50)
_PAUSE = timedelta(milliseconds=400)
_FIGURE_AGE = timedelta(seconds=5)
_STALE_AGE = timedelta(hours=2, minutes=30)


@dataclass(frozen=True, slots=True)
class Export:
    """One captured list, before its pages are made.

    Attributes:
        name: Id of the export.
        fetched_on: Local day of the capture.
        started_at: When it began; page n is fetched n short pauses later.
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
    page_size: int = _PAGE_SIZE
    missing_pages: int = 0
    failed_first: bool = False

    @property
    def finished_at(self) -> datetime:
        """Fetch time of the last page there is."""
        return self._fetched_at(self._total_pages - self.missing_pages)

    def pages(self) -> Iterator[Body]:
        """The captured pages, in order of capture."""
        if self.failed_first:
            yield self._page(1, self.started_at, 500, _SERVER_ERROR)
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
        return self.started_at + number * _PAUSE

    def _page(self, number: int, fetched_at: datetime, status: int, body: Body) -> Body:
        joint = "&" if "?" in self.endpoint else "?"
        url = f"{_API}/{self.endpoint}{joint}page_size={self.page_size}&page_number={number}"
        return captured(self.name, self.started_at, url, fetched_at, status, body)


_SERVER_ERROR: Body = {
    "code": "500 Internal Server Error",
    "errors": [{"error_code": "server_error", "message": "Internal error", "path": None, "url": None}],
    "id": "log_7MkWaFqvfosB8fzHhb1Eql",
    "message": "Internal server error",
}


def captured(name: str, started_at: datetime, url: str, fetched_at: datetime, status: int, body: Body) -> Body:
    """A response with what is needed to know what it covers."""
    return {
        "export": {"id": name, "started_at": started_at},
        "request": {"method": "GET", "url": url, "fetched_at": fetched_at},
        "response": {"status": status, "headers": {}, "body": body},
    }


def transfers_export(day: date) -> str:
    """Id of the first export that covers the transfers of a date."""
    return f"transfers-{day}"


def collections_export(day: date) -> str:
    """Id of the first export of collection intents after a date."""
    return f"collection-intents-{day}"


def captured_exports(world: World, ledger: Ledger) -> Iterator[Export]:
    """Every paged export of the archive, in order of capture."""
    yield _figures(world, ledger, world.first_day)
    for day in world.dates:
        yield _figures(world, ledger, day + DAY)
        yield _transfers(world, day)
        yield _intents(world, day)
        yield _links(world, day)
        yield _accounts(world, ledger, day + DAY)


def bank_pages(world: World) -> list[Body]:
    """The two lists of banks, fetched once."""
    started_at = world.calendar.at(world.first_day, time(0, 5))
    transfers = [
        {
            "code": code,
            "id": new_id(world.rng, "bank"),
            "name": name,
            "supported_account_types": ["savings_account", "checking_account"],
        }
        for code, name in BANKS
    ]
    pse = [{"code": f"1{code}", "name": name} for code, name in BANKS]
    return [
        captured(f"banks-{kind}", started_at, f"{_API}/banks?kind={kind}", started_at, 200, body)
        for kind, body in (
            ("transfers", {"banks": transfers, "kind": "transfers"}),
            ("pse", {"banks": pse, "kind": "pse"}),
        )
    ]


def _figures(world: World, ledger: Ledger, day: date) -> Export:
    """The balances right after midnight: what the day before closed with."""
    midnight = world.calendar.start_of(day)

    def figure_at(account: Account) -> datetime:
        stale = (account.id, day - DAY) in world.feeds.stale_figures
        return midnight - _STALE_AGE if stale else midnight + _FIGURE_AGE

    return _balances(world, ledger, f"balances-{day}", midnight + timedelta(seconds=30), figure_at)


def _accounts(world: World, ledger: Ledger, day: date) -> Export:
    started_at = world.calendar.at(day, _ACCOUNTS_AT)
    return _balances(world, ledger, f"accounts-{day}", started_at, lambda _: started_at - timedelta(seconds=12))


def _balances(
    world: World,
    ledger: Ledger,
    name: str,
    started_at: datetime,
    figure_at: Callable[[Account], datetime],
) -> Export:
    def row(index: int, _: datetime) -> Body:
        account = world.accounts[index]
        at = figure_at(account)
        return payloads.account_row(account, ledger.available(account, at), at)

    day = world.calendar.business_date(started_at)
    return Export(name, day, started_at, "accounts", "accounts", len(world.accounts), row)


def _transfers(world: World, day: date) -> Export:
    """The transfers inserted in the week that ends with a date, oldest first."""
    first = max(0, (day - world.first_day).days - _WINDOW_DAYS + 1)
    listed = [
        transfer
        for inserted in world.transfers[first : (day - world.first_day).days + 1]
        for transfer in sorted(inserted, key=_age)
        if not (transfer.export and transfer.export.hidden)
    ]
    start = instant_text(world.calendar.start_of(day - (_WINDOW_DAYS - 1) * DAY))
    until = instant_text(world.calendar.end_of(day))
    endpoint = f"transfers?inserted_at[from]={start}&inserted_at[until]={until}&sort[field]=inserted_at&sort[type]=asc"
    export = _listing(world, transfers_export(day), day, _TRANSFERS_AT, endpoint, "transfers", listed)
    if day + DAY in world.feeds.failed_pages:
        return replace(export, failed_first=True)
    if day + DAY in world.feeds.cut_short:
        fitting = min(_PAGE_SIZE, max(_SMALLEST_PAGE, len(listed) // 2))
        return replace(export, page_size=fitting, missing_pages=1)
    return export


def _intents(world: World, day: date) -> Export:
    """All collection intents there are: the endpoint knows no dates."""
    started_at = world.calendar.at(day + DAY, _INTENTS_AT)
    listed = sorted(
        (
            intent
            for intent in world.intents
            if intent.inserted_at <= started_at and not (intent.export and intent.export.hidden)
        ),
        key=_age,
    )
    name = collections_export(day)
    return _listing(world, name, day, _INTENTS_AT, "collection_intents", "collection_intents", listed)


def _listing(
    world: World,
    name: str,
    day: date,
    local_time: time,
    endpoint: str,
    key: str,
    listed: Sequence[Transfer | Intent],
) -> Export:
    morning = day + DAY

    def row(index: int, fetched_at: datetime) -> Body:
        return payloads.export_row(listed[index], fetched_at)

    return Export(name, morning, world.calendar.at(morning, local_time), endpoint, key, len(listed), row)


def _links(world: World, day: date) -> Export:
    started_at = world.calendar.at(day + DAY, _LINKS_AT)
    listed = sorted((link for link in world.links if link.inserted_at <= started_at), key=_age)
    return Export(
        f"collection-links-{day}",
        day + DAY,
        started_at,
        "collection_links",
        "collection_links",
        len(listed),
        lambda index, _: payloads.link_row(listed[index]),
    )


def _age(entity: Transfer | Intent | Link) -> tuple[datetime, str]:
    return entity.inserted_at, entity.id
