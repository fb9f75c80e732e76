"""What was read of a chunk, on its way to frames.

Here belongs the making of columns: from deliveries, pages and what they say, a stretch at a time while the processor
has them at hand, and each table held against its contract at the end.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl

from mono_recon.archive.decoded import CORE_TABLES, Decoded, core_schema
from mono_recon.archive.observations import LIST_END, Carrier, Columns, Objects, Told
from mono_recon.archive.pages import Page
from mono_recon.archive.webhooks import Delivery, state_of
from mono_recon.schemas import raw
from mono_recon.schemas.table import Table, polars_schema
from mono_recon.validation import SchemaShapeError, split_valid

_STRETCH = 2048


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a record begins: the columns of the ``raw`` tables that say so."""

    file_sha256: str
    line: int
    byte_offset: int


class Gathered:
    """Records and rows read so far; positions count within the chunk. Moments are microseconds since 1970 UTC."""

    def __init__(self) -> None:
        self._objects = Objects()
        self._pages: list[tuple[Page, Place]] = []
        self._quarantine: list[Sequence[Any]] = []
        self._parts: dict[str, list[pl.DataFrame]] = {}
        self._delivery_count = self._page_count = 0

    def add_deliveries(self, deliveries: Sequence[Delivery], places: Sequence[Place]) -> None:
        """Take deliveries and what they say."""
        self._objects.extend(said_by_deliveries(deliveries, self._delivery_count))
        columns = _delivery_columns(deliveries) | _place_columns(places)
        self._put("deliveries", polars_schema(raw.Deliveries), columns, deliveries)
        self._delivery_count += len(deliveries)
        self._settle(_STRETCH)

    def add_page(self, page: Page, place: Place) -> None:
        """Take a page and the rows of it that were read."""
        self._objects.extend(said_by_page(page, self._page_count))
        self._pages.append((page, place))
        self._page_count += 1
        self._settle(_STRETCH)

    def refuse(self, row: Sequence[Any]) -> None:
        """Take a row of ``raw.quarantine``, its values in the order of the columns."""
        self._quarantine.append(row)

    def decoded(self) -> Decoded:
        """The frames.

        Raises:
            SchemaShapeError: A row breaks its table's contract, which the reading should have seen.
        """
        self._settle()
        self._put("quarantine", polars_schema(raw.Quarantine), _transposed(self._quarantine, raw.Quarantine), [])
        return Decoded(
            self._whole("deliveries", raw.Deliveries, polars_schema(raw.Deliveries)),
            self._whole("pages", raw.ExportPages, polars_schema(raw.ExportPages)),
            self._whole("quarantine", raw.Quarantine, polars_schema(raw.Quarantine)),
            {name: self._whole(name, model, core_schema(model)) for name, model in CORE_TABLES.items()},
        )

    def _settle(self, least: int = 0) -> None:
        """Make rows of objects and pages, if there are at least so many objects."""
        if self._objects.count < least:
            return
        for name, rows in self._objects.rows().items():
            self._put(name, core_schema(CORE_TABLES[name]), rows.columns, rows.carriers)
        columns = _place_columns([place for _, place in self._pages])
        self._put("pages", polars_schema(raw.ExportPages), columns, [page for page, _ in self._pages])
        self._objects, self._pages = Objects(), []

    def _put(self, table: str, schema: pl.Schema, columns: Columns, owners: Sequence[object]) -> None:
        """Add rows to a table; a column that is not given is an attribute of the owners."""
        series = [
            _series(name, dtype, columns[name] if name in columns else list(map(attrgetter(name), owners)))
            for name, dtype in schema.items()
        ]
        self._parts.setdefault(table, []).append(pl.DataFrame(series))

    def _whole(self, table: str, model: type[Table], schema: pl.Schema) -> pl.DataFrame:
        frame = pl.concat([pl.DataFrame(schema=schema), *self._parts.get(table, [])], rechunk=True)
        failures = split_valid(frame.select(polars_schema(model).names()), model).failures
        if not failures.is_empty():
            raise SchemaShapeError(f"{model.__name__}: {failures.row(0)}")
        return frame


def said_by_deliveries(deliveries: Iterable[Delivery], record: int) -> Told[object]:
    """The objects that deliveries brought, those that are used; their positions count from ``record``."""
    return [
        (each.data, Carrier("webhook", each.event_type, each.event_at, each.known_at, f"w:{each.delivery_id}", number))
        for number, each in enumerate(deliveries, record)
        if each.data is not None
    ]


def said_by_page(page: Page, record: int) -> Told[object]:
    """The objects on a page."""
    known_at, asked = page.fetched_at, (record, page.account_id, page.bank_kind)
    return [
        (value, Carrier("export", None, None, known_at, f"x:{page.page_id}:{index}", *asked))
        for index, value in page.objects
    ]


def _delivery_columns(deliveries: Sequence[Delivery]) -> Columns:
    states = [(None, None) if each.data is None else state_of(each.data) for each in deliveries]
    return {
        "signature_status": [each.verdict.status for each in deliveries],
        "secret_name": [each.verdict.secret_name for each in deliveries],
        "copies": [1] * len(deliveries),
        "state": [state for state, _ in states],
        "occurred_at": [occurred_at for _, occurred_at in states],
    }


def _place_columns(places: Sequence[Place]) -> Columns:
    return {
        "file_sha256": [place.file_sha256 for place in places],
        "line": [place.line for place in places],
        "byte_offset": [place.byte_offset for place in places],
    }


def _transposed(rows: Sequence[Sequence[Any]], model: type[Table]) -> Columns:
    return {name: [row[index] for row in rows] for index, name in enumerate(polars_schema(model))}


def _series(name: str, dtype: pl.DataType, values: Sequence[Any] | pl.Series) -> pl.Series:
    if isinstance(dtype, pl.List):
        joined = pl.Series(name, values, dtype=pl.String)
        items = pl.col(name).str.split(LIST_END)
        return joined.to_frame().select(items.list.slice(0, items.list.len() - 1)).to_series()
    if isinstance(dtype, pl.Datetime):
        return pl.Series(name, values, dtype=pl.Int64).cast(dtype)
    return pl.Series(name, values, dtype=dtype)
