"""Statements taken in parts, so that a large date needs less memory at a time.

Here belongs how statements are divided: all about one entity stand in one part, and in how many parts makes no
difference to any figure. Where the parts are read from is no business of the reconciliation.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TypeVar

import polars as pl

_ROWS_AT_ONCE = 450_000
"""Statements that are read as one part: beyond these what is read would fill memory."""

_ROWS_TAKEN_AT_ONCE = 125_000
"""Statements that are taken as one piece: beyond these the copies made on the way would fill memory."""

_PIECES_AT_ONCE = 2
"""One piece alone leaves a core without work now and then; more than two would hold more memory."""

_MOST_PARTS = 8
"""Each part is one more pass over all that is held: beyond these the passes would cost more than memory does."""

Taken = TypeVar("Taken")

Name = tuple[str, ...]
"""Columns that together name what a statement is about."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Statements about one kind of entity, read part by part and again whenever they are asked for.

    Attributes:
        height: How many statements there are.
        read: Gives one part, by its number from 0 and the number of all parts.
        about: Gives the statements of which a name is among some ids, as ``about`` does of statements held.
    """

    height: int
    read: Callable[[int, int], pl.DataFrame]
    about: Callable[[Sequence[Name], pl.Series], pl.DataFrame]

    @property
    def number(self) -> int:
        """In how many parts they are best taken."""
        return min(_MOST_PARTS, 1 + self.height // _ROWS_AT_ONCE)

    def each(self, parts: int | None = None) -> Iterator[pl.DataFrame]:
        """Read one part after the other.

        Args:
            parts: In how many; None: by the number of statements.
        """
        of = parts or self.number
        return (self.read(number, of) for number in range(of))

    def taken(self, take: Callable[[pl.DataFrame], Taken], entity: str, parts: int | None = None) -> list[Taken]:
        """What is made of each piece of each part, more than one piece at a time.

        Args:
            take: Makes something of all statements about some entities.
            entity: Name of the id column.
            parts: How many parts there are, and pieces of each; None: by the number of statements.
        """

        def taken(part: pl.DataFrame) -> list[Taken]:
            pieces = in_parts(part, entity)
            of = parts or 1 + part.height // _ROWS_TAKEN_AT_ONCE
            return list(pool.map(lambda number: take(pieces.read(number, of)), range(of)))

        with ThreadPoolExecutor(_PIECES_AT_ONCE) as pool, ThreadPoolExecutor(1) as reader:
            # By map, which lets go of a part before it has the one after the next read.
            return list(chain.from_iterable(map(taken, _ahead(self.each(parts), reader))))

    def beside(self, other: "Parts") -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Read them and others of the same kind: in each pair of parts is all that both say about the same entities."""
        of = max(self.number, other.number)
        return zip(self.each(of), other.each(of), strict=True)


def _ahead(parts: Iterator[pl.DataFrame], reader: Executor) -> Iterator[pl.DataFrame]:
    """Each part, while the next one is read already."""
    following = reader.submit(next, parts, None)
    while (part := following.result()) is not None:
        following = reader.submit(next, parts, None)
        yield part


def key(name: Name) -> pl.Expr:
    """The id that some columns make, null where one of them is."""
    return pl.concat_str(name, separator=":")


def about(statements: pl.DataFrame, names: Sequence[Name], ids: pl.Series) -> pl.DataFrame:
    """The statements of which one of the names is among some ids."""
    wanted = ids.unique().implode()
    return statements.filter(pl.any_horizontal(key(name).is_in(wanted) for name in names))


def compacted(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with texts of their own, since a few that are kept would keep all texts of their part in memory."""
    return pl.DataFrame(rows.to_arrow())


def in_parts(statements: pl.DataFrame, entity: str) -> Parts:
    """Statements held as a whole, divided by a hash of the id of their entity.

    Args:
        statements: The statements.
        entity: Name of the id column.
    """

    def read(number: int, of: int) -> pl.DataFrame:
        return statements if of == 1 else statements.filter(pl.col(entity).hash(seed=0) % of == number)

    return Parts(statements.height, read, partial(about, statements))
