"""How figures and texts are shown: money, instants, and texts that Mono or a payer wrote.

Here belong the forms of single values in the language of the settings. Which values a page shows is decided by the
page.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from markupsafe import Markup

from mono_recon.money import format_pesos
from mono_recon.report.privacy import LEFT_OUT

_SEPARATORS = {"es": (",", "."), "en": (".", ",")}
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_STEERING = {
    code: f"\u27e8U+{code:04X}\u27e9"
    for span in ((0x200E, 0x2010), (0x202A, 0x202F), (0x2066, 0x206A), (0x061C, 0x061D))
    for code in range(*span)
} | {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}
"""Marks that turn the direction of writing, shown by their numbers; controls, by a sign in their place."""

_CUT = 160
_DIGITS = 4
_NOTHING = "—"


def harmless(value: object) -> object:
    """What a template writes: a text without e-mail addresses, and without characters that steer the page."""
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    shown = value.translate(_STEERING)
    return _EMAIL.sub(LEFT_OUT, shown) if "@" in shown else shown


def cut(text: str | None, length: int = _CUT) -> str:
    """The beginning of a long text."""
    if text is None:
        return ""
    return text if len(text) <= length else f"{text[:length]}…"


def last_digits(number: str | None) -> str:
    """An account number as its last four digits."""
    return f"…{number[-_DIGITS:]}" if number else ""


def size(count: int) -> str:
    """A number of bytes as people say it."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if amount < 1000:  # noqa: PLR2004  the step between units
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


class Display:
    """The forms of one language and time zone."""

    def __init__(self, language: str, timezone: str) -> None:
        self.language = language
        self._zone = ZoneInfo(timezone)
        self._decimal, self._thousands = _SEPARATORS[language]

    def money(self, minor: int | Decimal | None, currency: str | None = None) -> str:
        """Centavos as pesos, with the currency before them."""
        if minor is None:
            return _NOTHING
        pesos = format_pesos(int(minor), decimal=self._decimal, thousands=self._thousands)
        return f"{currency} {pesos}" if currency else pesos

    def number(self, count: float | Decimal | None) -> str:
        """A count with its thousands apart."""
        return _NOTHING if count is None else f"{int(count):,}".replace(",", self._thousands)

    def share(self, part: float | Decimal, whole: float | Decimal) -> str:
        """A part of a whole in percent; one that is there is never told as nothing."""
        if not whole:
            return _NOTHING
        percent = 100 * float(part) / float(whole)
        told = f"{percent:.1f}".replace(".", self._decimal)
        return f"< 0{self._decimal}1 %" if part and percent < 0.05 else f"{told} %"  # noqa: PLR2004  what would be 0.0

    def instant(self, moment: datetime | None) -> str:
        """An instant as local time, to the second."""
        return moment.astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S") if moment else ""

    def utc(self, moment: datetime | None) -> str:
        """An instant in UTC, exactly."""
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else ""

    def span(self, seconds: float | None) -> str:
        """How long something took, in its largest two units."""
        if seconds is None:
            return _NOTHING
        minutes, rest = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        units = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
        return " ".join([f"{count} {unit}" for count, unit in units if count][:2]) or "0 s"

    def day(self, day: date | None) -> str:
        """A date in ISO form."""
        return day.isoformat() if day else ""
