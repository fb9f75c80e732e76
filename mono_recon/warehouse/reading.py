"""What a report reads from the warehouse: everything known at one instant, and nothing later.

Here belong the questions put to ``raw`` and ``core``. What is concluded from the answers belongs to
``reconcile``.
"""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from mono_recon.core.knowledge import as_known
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import ACCOUNT, OPENING, DayInputs
from mono_recon.reconcile.parts import Name, Parts
from mono_recon.schemas import core
from mono_recon.schemas.table import Table, entity_column, polars_schema, schema_name, table_name
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.narrowing import Narrowed
from mono_recon.warehouse.pulled import read_exports
from mono_recon.warehouse.scope import Scope

_UNASKED = ("previous_state", "payee_account_type")
"""Columns of ``core`` that no report looks at."""


def read_day(
    warehouse: Warehouse,
    context: Context,
    scope: Scope,
    opening: pl.DataFrame | None = None,
    narrowed: Narrowed | None = None,
) -> DayInputs:
    """Everything that the report of a date rests on.

    Args:
        warehouse: The warehouse, open for reading at least.
        context: Date, as-of and settings.
        scope: What exists for the report, as of its as-of.
        opening: ``reconcile.inputs.OPENING`` of the breaks that the date before left open.
        narrowed: What the report needs of it; None: the whole history.
    """
    exports, appearances = read_exports(warehouse, scope, narrowed)
    return DayInputs(
        transfers=_in_parts(warehouse, core.TransferObservations, scope, _only(narrowed, "transfers")),
        batches=_in_parts(warehouse, core.BatchObservations, scope, _only(narrowed, "batches")),
        credits=_known(warehouse, core.AccountCredits, scope, _only(narrowed, "credits")),
        collections=_known(warehouse, core.CollectionObservations, scope, _only(narrowed, "collections")),
        accounts=_known(warehouse, core.Accounts, scope),
        balances=_known(warehouse, core.Balances, scope),
        adjustments=warehouse.query("SELECT * FROM mono.core.adjustments WHERE decided_at <= $k", {"k": scope.as_of}),
        exports=exports,
        appearances=appearances,
        arrivals=_arrivals(warehouse, context, scope),
        refusals=_refusals(warehouse, context, scope),
        intake=_intake(warehouse, context, scope),
        resolutions=warehouse.query("SELECT * FROM mono.core.resolutions WHERE decided_at <= $k", {"k": scope.as_of}),
        opening=OPENING.to_frame() if opening is None else opening,
        earlier_accounts=ACCOUNT.to_frame() if narrowed is None else narrowed.accounts,
        proof_dates=None if narrowed is None else narrowed.proof_dates,
    )


def _only(narrowed: Narrowed | None, kind: str) -> pl.DataFrame | None:
    return None if narrowed is None else narrowed.ids[kind]


def first_known(warehouse: Warehouse, scope: Scope) -> datetime | None:
    """When the earliest delivery was known; without any the earliest thing that Mono says it created."""
    since: datetime | None = warehouse.query(
        f"SELECT min(known_at) FILTER (known_at <= $k) FROM ({_events(scope)})",  # noqa: S608  a constant of this module
        {"k": scope.as_of},
        late=scope.late,
    ).item()
    if since is not None:
        return since
    created = [
        part["inserted_at"].min()
        for table in (core.TransferObservations, core.CollectionObservations)
        for part in _in_parts(warehouse, table, scope).each()
    ]
    return min((moment for moment in created if isinstance(moment, datetime)), default=None)


def statements_known(warehouse: Warehouse, since: datetime, until: datetime) -> int:
    """How many statements about money became known after one instant (UTC) and by another."""
    tables = (core.TransferObservations, core.CollectionObservations, core.AccountCredits)
    known = " UNION ALL ".join(f"SELECT known_at FROM mono.core.{table_name(table)}" for table in tables)  # noqa: S608  names of contracts
    found = warehouse.query(
        f"SELECT count(*) FROM ({known}) WHERE known_at <= $until AND known_at > $since",  # noqa: S608  names of contracts
        {"since": since, "until": until},
    )
    return int(found.item())


def last_known(warehouse: Warehouse) -> datetime | None:
    """The greatest instant at which anything became known or was decided."""
    # The filters keep DuckLake from answering with a table's statistics, which do not forget deleted rows.
    latest: datetime | None = warehouse.query(
        """
        SELECT max(moment) FROM (
            SELECT max(known_at) FILTER (known_at IS NOT NULL) AS moment FROM mono.raw.deliveries
            UNION ALL SELECT max(known_at) FILTER (known_at IS NOT NULL) FROM mono.raw.copies
            UNION ALL SELECT max(fetched_at) FILTER (fetched_at IS NOT NULL) FROM mono.raw.export_pages
            UNION ALL SELECT max(known_at) FILTER (known_at IS NOT NULL) FROM mono.raw.quarantine
            UNION ALL SELECT max(decided_at) FILTER (decided_at IS NOT NULL) FROM mono.core.resolutions
            UNION ALL SELECT max(decided_at) FILTER (decided_at IS NOT NULL) FROM mono.core.adjustments
        )
        """
    ).item()
    return latest


def _in_parts(warehouse: Warehouse, table: type[Table], scope: Scope, only: pl.DataFrame | None = None) -> Parts:
    """The rows that ``_known`` gives, read when they are asked for; parts are told by a hash of the first column."""
    entity = entity_column(table)

    # What lies before is skipped, file by file, after a look at two columns.
    height, since = _rows(warehouse, "count(*), min(known_at)", table, scope, only).row(0)

    def read(number: int, of: int) -> pl.DataFrame:
        return _known(warehouse, table, scope, only, f"hash({entity}) % {of} = {number}", since)

    def about(names: Sequence[Name], ids: pl.Series) -> pl.DataFrame:
        keys = [] if ids.is_empty() else [" || ':' || ".join(name) for name in names]
        wanted = " OR ".join(["false", *(f"{key} IN (SELECT id FROM ids)" for key in keys)])  # noqa: S608  names of columns that are written in this program
        return _known(warehouse, table, scope, only, f"({wanted})", since, ids=ids.unique().alias("id").to_frame())

    return Parts(height, read, about)


def _known(
    warehouse: Warehouse,
    table: type[Table],
    scope: Scope,
    only: pl.DataFrame | None = None,
    condition: str = "true",
    since: datetime | None = None,
    **frames: pl.DataFrame,
) -> pl.DataFrame:
    """The rows of a table of ``core`` that exist, as they were known; of some entities only, if told."""
    columns = [name for name in polars_schema(table) if name not in _UNASKED]
    held = _rows(warehouse, ", ".join(columns), table, scope, only, condition, since, **frames)
    there = held if scope.late.is_empty() else _of_page(held, scope).join(scope.lost_events, "source_ref", "anti")
    return as_known(there, scope.copies) if "event_at" in columns else there


def _rows(
    warehouse: Warehouse,
    what: str,
    table: type[Table],
    scope: Scope,
    only: pl.DataFrame | None,
    condition: str = "true",
    since: datetime | None = None,
    **frames: pl.DataFrame,
) -> pl.DataFrame:
    name = f"mono.{schema_name(table)}.{table_name(table)}"
    kept = "" if only is None else f"SEMI JOIN only_these USING ({only.columns[0]})"
    begin = "" if since is None else "AND known_at >= $since"
    return warehouse.query(
        f"SELECT {what} FROM {name} {kept} WHERE known_at <= $k {begin} AND {condition}",  # noqa: S608  names of contracts
        {"k": scope.as_of} | ({} if since is None else {"since": since}),
        **({} if only is None else {"only_these": only}),
        **frames,
    )


def _of_page(held: pl.DataFrame, scope: Scope) -> pl.DataFrame:
    """Without the rows of pages that do not exist; those of others with the ids by which they were held."""
    page = ["page", "known_at"]
    named = {"page_id": "page", "fetched_at": "known_at"}
    parts = pl.col("source_ref").str.split(":").list
    return (
        held.with_columns(parts.get(1).alias("page"))
        .join(scope.lost_pages.rename(named), on=page, how="anti")
        .join(scope.other_ids.rename(named), on=page, how="left", maintain_order="left")
        .with_columns(
            pl.coalesce(pl.format("x:{}:{}", "copy_id", parts.get(2, null_on_oob=True)), "source_ref").alias(
                "source_ref"
            )
        )
        .drop("page", "copy_id")
    )


def _events(scope: Scope) -> str:
    """Every event with the clock of the earliest of its copies that exist, by the as-of or later."""
    if scope.late.is_empty():
        return "SELECT event_type, status, known_at FROM mono.raw.deliveries"
    return """
        SELECT event_type, status, known_at FROM mono.raw.deliveries
        WHERE copies = 1 AND file_sha256 NOT IN (SELECT file_sha256 FROM late)
        UNION ALL
        SELECT any_value(event_type), any_value(status), min(copy.known_at)
        FROM mono.raw.copies AS copy JOIN mono.raw.deliveries ON record_id = delivery_id
        WHERE kind = 'webhooks' AND copy.file_sha256 NOT IN (SELECT file_sha256 FROM late) GROUP BY record_id
    """


def _arrivals(warehouse: Warehouse, context: Context, scope: Scope) -> pl.DataFrame:
    return warehouse.query(
        f"""
        SELECT event_type, status, count(*) AS count FROM ({_events(scope)})
        WHERE known_at >= $start AND known_at < $end AND known_at <= $k
        GROUP BY ALL
        """,  # noqa: S608  a constant of this module
        _span(context),
        late=scope.late,
    )


def _refusals(warehouse: Warehouse, context: Context, scope: Scope) -> pl.DataFrame:
    """Distinct records and rows refused on the date; each once, however often it lies in the archive.

    Of a damaged file nothing may be left that would tell it from another.
    """
    return warehouse.query(
        """
        SELECT reason, count(DISTINCT (raw_sha256, if(reason = 'unreadable_file', file_sha256, NULL))) AS count
        FROM mono.raw.quarantine
        WHERE ((known_at >= $start AND known_at < $end AND known_at <= $k)
            OR (known_at IS NULL AND archive_date = $day))
            AND file_sha256 NOT IN (SELECT file_sha256 FROM late)
        GROUP BY ALL
        """,
        _span(context) | {"day": context.business_date},
        late=scope.late,
    )


def _intake(warehouse: Warehouse, context: Context, scope: Scope) -> pl.DataFrame:
    """Records known on the date, by what became of them; of an event's copies the earliest is the one used."""
    counted = warehouse.query(
        f"""
        WITH seen AS (
            SELECT status AS outcome, known_at FROM ({_events(scope)})
            UNION ALL
            SELECT status, fetched_at FROM mono.raw.export_pages ANTI JOIN lost_pages USING (page_id, fetched_at)
            WHERE fetched_at IS NOT NULL
            UNION ALL
            SELECT status, $start FROM mono.raw.export_pages JOIN mono.raw.files USING (file_sha256)
            WHERE fetched_at IS NULL AND archive_date = $day AND copy_of IS NULL
                AND file_sha256 NOT IN (SELECT file_sha256 FROM late)
            UNION ALL
            SELECT 'duplicates', known_at FROM (
                SELECT known_at, row_number() OVER (
                    PARTITION BY kind, record_id ORDER BY known_at, file_sha256, line
                ) AS number
                FROM mono.raw.copies WHERE known_at <= $k AND file_sha256 NOT IN (SELECT file_sha256 FROM late)
            ) WHERE number > 1
            UNION ALL
            SELECT 'quarantined', coalesce(known_at, $start) FROM mono.raw.quarantine
            WHERE page_id IS NULL AND (known_at IS NOT NULL OR archive_date = $day)
                AND file_sha256 NOT IN (SELECT file_sha256 FROM late)
        )
        SELECT outcome AS metric, count(*) AS count FROM seen
        WHERE known_at >= $start AND known_at < $end AND known_at <= $k
        GROUP BY ALL
        """,  # noqa: S608  a constant of this module
        _span(context) | {"day": context.business_date},
        late=scope.late,
        lost_pages=scope.lost_pages,
    )
    named = dict(counted.iter_rows())
    told = {name: named.get(name, 0) for name in ("accepted", "duplicates", "unused", "quarantined")}
    return pl.DataFrame(
        [("records_read", sum(told.values())), *told.items()],
        schema={"metric": pl.String, "count": pl.Int64},
        orient="row",
    )


def _span(context: Context) -> dict[str, object]:
    return {"start": context.start, "end": context.end, "k": context.as_of}
