"""What was read of a chunk, put together.

Here belongs what a record's place gives its rows: where it begins, its position, and what brought them. Each table is
held against its contract.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import polars as pl

from mono_recon.archive.decoded import CORE_TABLES, Decoded, core_schema
from mono_recon.archive.leaves import MOMENT, series
from mono_recon.archive.observations import rows
from mono_recon.archive.said import PLACE, Said
from mono_recon.schemas import raw
from mono_recon.schemas.table import Table, polars_schema
from mono_recon.validation import SchemaShapeError, split_valid

Begin = tuple[str, int, int]
"""Where a record begins: file, line and byte."""

_BEGINS = pl.Schema({name: polars_schema(raw.Deliveries)[name] for name in ("file_sha256", "line", "byte_offset")})
_NO_TEXT, _NO_MOMENT = pl.lit(None, pl.String), pl.lit(None, MOMENT)


def gathered(
    deliveries: Sequence[Said], pages: Sequence[Said], begins: Sequence[Begin], quarantine: Sequence[Sequence[Any]]
) -> Decoded:
    """The frames of a chunk.

    Args:
        deliveries: Those that were read; each record in one part.
        pages: Those that were read; each record in one part.
        begins: Where each record begins, by its place.
        quarantine: Rows of ``raw.quarantine``, their values in the order of the columns.

    Raises:
        SchemaShapeError: A row breaks its table's contract, which the reading should have seen.
    """
    placed = pl.DataFrame(begins, schema=_BEGINS, orient="row")
    events, answers = records(deliveries, placed), records(pages, placed)
    core = core_rows(deliveries, events, pages, answers)
    return Decoded(
        _held(events, raw.Deliveries, polars_schema(raw.Deliveries)),
        _held(answers, raw.ExportPages, polars_schema(raw.ExportPages)),
        _held(_transposed(quarantine), raw.Quarantine, polars_schema(raw.Quarantine)),
        {name: _held(core[name], model, core_schema(model)) for name, model in CORE_TABLES.items()},
    )


def records(parts: Sequence[Said], placed: pl.DataFrame) -> pl.DataFrame:
    """Records in the order of their places, with where they begin and ``record`` (Int64), their position."""
    frame = pl.concat([part.frame for part in parts]).sort(PLACE)
    return pl.concat([frame, placed[frame[PLACE]]], how="horizontal").with_columns(
        record=pl.int_range(pl.len(), dtype=pl.Int64)
    )


def core_rows(
    deliveries: Sequence[Said], events: pl.DataFrame, pages: Sequence[Said], answers: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The rows of ``core`` by table, of deliveries and pages and the ``records`` made of these."""
    told: dict[type, list[pl.DataFrame]] = defaultdict(list)
    for part in deliveries:
        for wanted, frame in part.told.items():
            told[wanted].append(_by_webhook(frame, events))
    for part in pages:
        for wanted, frame in part.told.items():
            told[wanted].append(_by_export(frame, answers))
    return rows({wanted: pl.concat(frames, how="diagonal") for wanted, frames in told.items()})


def _by_webhook(told: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    carriers = events.select(
        PLACE,
        "event_type",
        "event_at",
        "known_at",
        "record",
        channel=pl.lit("webhook"),
        source_ref="w:" + pl.col("delivery_id"),
        asked_account_id=_NO_TEXT,
        asked_kind=_NO_TEXT,
    )
    return told.join(carriers, on=PLACE, maintain_order="left")


def _by_export(told: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    carriers = answers.select(
        PLACE,
        "record",
        "page_id",
        known_at="fetched_at",
        channel=pl.lit("export"),
        event_type=_NO_TEXT,
        event_at=_NO_MOMENT,
        asked_account_id="account_id",
        asked_kind="bank_kind",
    )
    joined = told.join(carriers, on=PLACE, maintain_order="left")
    return joined.with_columns(source_ref=pl.format("x:{}:{}", "page_id", "row"))


def _held(frame: pl.DataFrame, model: type[Table], schema: pl.Schema) -> pl.DataFrame:
    frame = frame.select(schema.names()).rechunk()
    failures = split_valid(frame.select(polars_schema(model).names()), model).failures
    if not failures.is_empty():
        raise SchemaShapeError(f"{model.__name__}: {failures.row(0)}")
    return frame


def _transposed(quarantine: Sequence[Sequence[Any]]) -> pl.DataFrame:
    schema = polars_schema(raw.Quarantine)
    columns = zip(*quarantine, strict=True) if quarantine else [[]] * len(schema)
    return pl.DataFrame(
        [series(name, list(values), dtype) for (name, dtype), values in zip(schema.items(), columns, strict=True)]
    )
