"""What the pages of one request may ask: the warehouse in one state, the settings, and what was worked out before.

Here belongs the way from a page to the warehouse. What a page asks is written in the page.
"""

import re
from collections.abc import Callable, Hashable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from mono_recon.pipeline.story import Story, tell_from
from mono_recon.settings import Settings
from mono_recon.site.memory import Memory
from mono_recon.warehouse.shared import Reading

Row = dict[str, Any]
T = TypeVar("T")

_NAMED = re.compile(r"\$([a-z_]+)")


class NothingIssuedError(LookupError):
    """There is no report yet."""


class Desk:
    """One state of the warehouse, asked through a memory: equal questions to equal states are asked once."""

    def __init__(self, reading: Reading, memory: Memory, settings: Settings) -> None:
        self._reading = reading
        self._memory = memory
        self.settings = settings

    @property
    def language(self) -> str:
        """Language of the site."""
        return self.settings.report.language

    @property
    def currency(self) -> str:
        """The currency of totals over dates; other currencies are told apart on the page of their date."""
        return self.settings.business.currencies[0]

    @property
    def reports(self) -> Path:
        """Where the packs lie."""
        return self.settings.paths.reports

    def rows(self, sql: str, **params: Hashable) -> list[Row]:
        """The rows of one statement; they are shared and must not be changed. Values it does not name are left out."""
        named = {name: params[name] for name in sorted(set(_NAMED.findall(sql)))}
        key = (self._reading.state, sql, tuple(named.items()))
        return self._memory.recall(key, lambda: self._reading.query(sql, named or None).to_dicts())

    def row(self, sql: str, **params: Hashable) -> Row | None:
        """The first row, if there is one."""
        return next(iter(self.rows(sql, **params)), None)

    def worked_out(self, name: str, work_out: Callable[[], T]) -> T:
        """Something that is made from answers of this state alone."""
        return self._memory.recall((self._reading.state, name), work_out)

    def story(self, asked: str) -> Story:
        """The story of what bears an id.

        Raises:
            UnknownIdError: Nothing bears it, or more than one thing does.
        """
        return self._memory.recall(
            (self._reading.state, "story", asked), lambda: tell_from(self._reading.subjects, asked)
        )

    def candidates(self, asked: str) -> list[tuple[str, str]]:
        """Kind and id of the things that bear a name together."""
        return self._memory.recall((self._reading.state, "named", asked), lambda: self._reading.subjects.named(asked))

    def issues(self) -> list[Row]:
        """Every issued version, by date and version.

        Raises:
            NothingIssuedError: There is none.
        """
        found = self.rows("SELECT * FROM mono.report.issues ORDER BY business_date, version")
        if not found:
            raise NothingIssuedError("no date has been issued yet")
        return found

    def latest_date(self) -> date:
        """The latest date that was issued.

        Raises:
            NothingIssuedError: None was.
        """
        day: date = self.issues()[-1]["business_date"]
        return day

    def versions(self, day: date) -> list[Row]:
        """The issued versions of a date, the latest first."""
        return [row for row in reversed(self.issues()) if row["business_date"] == day]

    def neighbours(self, day: date) -> tuple[date | None, date | None]:
        """The issued dates before and after a date."""
        days: list[date] = [row["business_date"] for row in self.issues()]
        return max((each for each in days if each < day), default=None), min(
            (each for each in days if each > day), default=None
        )
