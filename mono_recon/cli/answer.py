"""What a command answers: once as data, once for a person."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

_UNFOLDED = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A command's result.

    Attributes:
        data: Plain values for JSON.
        show: Prints it for a person.
        exit_code: What the process ends with.
    """

    data: object
    show: Callable[[Console], None]
    exit_code: int = 0


def consoles() -> tuple[Console, Console]:
    """Standard output and standard error; what they print is data, never markup, and no line is folded in a pipe."""
    width = None if sys.stdout.isatty() else _UNFOLDED
    return (
        Console(highlight=False, markup=False, emoji=False, width=width),
        Console(stderr=True, highlight=False, markup=False, emoji=False),
    )


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()) -> Table:
    """A plain table; the columns named in ``numbers`` are set right."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        made.add_column(heading, justify="right" if heading in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*("" if cell is None else str(cell) for cell in row))
    return made
