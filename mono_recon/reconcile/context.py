"""The question that one report answers: which date, as of when, under which settings.

Here belong the two instants that everything is measured against. The clock is not among them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from mono_recon.calendar import BusinessCalendar
from mono_recon.settings import Settings


@dataclass(frozen=True)
class Context:
    """A business date, an as-of and the settings in force.

    Attributes:
        business_date: The date reported.
        as_of: What was known at this instant (UTC) exists for the report, nothing else does.
        settings: Limits, windows and the organisation's own documents and banks.
        since: From when on the two channels are compared (UTC).
        previous_as_of: As-of of the latest issue of the date before (UTC); None if it was never issued.
    """

    business_date: date
    as_of: datetime
    settings: Settings
    since: datetime
    previous_as_of: datetime | None = None

    @property
    def calendar(self) -> BusinessCalendar:
        """Business dates and business days of the organisation."""
        return self.settings.business.calendar

    @cached_property
    def start(self) -> datetime:
        """First instant of the date (UTC)."""
        return self.calendar.start_of(self.business_date)

    @cached_property
    def end(self) -> datetime:
        """First instant after the date (UTC): the cut-off."""
        return self.calendar.end_of(self.business_date)
