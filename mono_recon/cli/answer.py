"""What a command answers: once as data, once for a person."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

_UNFOLDED = 100_000
_CONTROLS = {
    code: "\N{REPLACEMENT CHARACTER}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A command's result.

    Attributes:
        data: Plain values for JSON; instants and dates too, which it holds as text. Or a function that makes them.
        show: Prints it for a person.
        exit_code: What the process ends with.
    """

    data: object
    show: Callable[[Console], None]
    exit_code: int = 0


def dumped(data: object) -> str:
    """Data as JSON: instants and dates as ISO text, instants in UTC with microseconds."""
    return json.dumps(data() if callable(data) else data, ensure_ascii=False, indent=2, default=_text) + "\n"


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value)


def instant(moment: datetime | None) -> str:
    """An instant for a person, in UTC; microseconds only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else ""


class _Console(Console):
    """A console whose terminal no text of the data can steer."""

    def render_str(self, text: str, **options: Any) -> Text:  # noqa: ANN401  rich knows them
        return super().render_str(text.translate(_CONTROLS), **options)


def consoles() -> tuple[Console, Console]:
    """Standard output and standard error; what they print is data, never markup, and no line is folded in a pipe."""
    width = None if sys.stdout.isatty() else _UNFOLDED
    return (
        _Console(highlight=False, markup=False, emoji=False, width=width),
        _Console(stderr=True, highlight=False, markup=False, emoji=False),
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()) -> Table:
    """A plain table; the columns named in ``numbers`` are set right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        made.add_column(heading, justify="right" if heading in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*("" if cell is None else str(cell) for cell in row))
    return made
