"""Tables of which people see a page at a time, filtered and sorted as they like.

Here belongs the way from the query of an address to rows: only filters and orders that a listing names reach the
warehouse, and what people typed reaches it as a value alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from mono_recon.site.desk import Desk, Row

PER_PAGE = 50
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Listing:
    """What can be asked of a table.

    Attributes:
        source: A SELECT.
        filters: By the name in the address, a condition with ``$name``.
        orders: By the name in the address, what the rows are sorted by, the largest or latest first where it matters.
        order: The order that is taken when none is asked for.
        key: What decides between equal rows.
        totals: Further figures of all rows: names and SQL.
    """

    source: str
    filters: Mapping[str, str]
    orders: Mapping[str, str]
    order: str
    key: str
    totals: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of a listing.

    Attributes:
        rows: Its rows.
        count: Rows on all pages.
        totals: Further figures of all rows.
        page: Number of the page, from 1.
        pages: How many there are, at least 1.
        chosen: Filters in force, by the name in the address.
        order: Order in force.
    """

    rows: list[Row]
    count: int
    totals: Row
    page: int
    pages: int
    chosen: dict[str, str]
    order: str

    @property
    def first(self) -> int:
        """Number of the first row shown."""
        return (self.page - 1) * PER_PAGE + 1


def show(desk: Desk, listing: Listing, query: QueryParams, **params: Any) -> Shown:  # noqa: ANN401  values of DuckDB
    """The page of a listing that an address asks for.

    Args:
        desk: Where it is asked.
        listing: The listing.
        query: The address's query.
        **params: Values that the source itself needs.
    """
    chosen = {name: query[name].strip()[:_LONGEST_TEXT] for name in listing.filters if query.get(name, "").strip()}
    asked_order = query.get("order", "")
    order = asked_order if asked_order in listing.orders else listing.order
    conditions = " AND ".join(f"({listing.filters[name]})" for name in chosen) or "true"
    totals = "".join(f", {sql} OVER () AS {name}" for name, sql in listing.totals.items())
    sql = (
        f"SELECT *, count(*) OVER () AS rows_in_all{totals} FROM ({listing.source}) WHERE {conditions}"  # noqa: S608  a listing's own words
        f" ORDER BY {listing.orders[order]}, {listing.key} LIMIT {PER_PAGE} OFFSET $offset"
    )
    page = _number(query.get("page", ""))
    rows = desk.rows(sql, **params, **chosen, offset=(page - 1) * PER_PAGE)
    if not rows and page > 1:
        page, rows = 1, desk.rows(sql, **params, **chosen, offset=0)
    count = rows[0]["rows_in_all"] if rows else 0
    figures = {name: rows[0][name] if rows else None for name in listing.totals}
    return Shown(rows, count, figures, page, max(1, -(-count // PER_PAGE)), chosen, order)


def _number(text: str) -> int:
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1  # noqa: PLR2004  a page
