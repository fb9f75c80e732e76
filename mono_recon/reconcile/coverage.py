"""What a complete export proves: which entities and which stretch of time it covers.

Here belongs the reach of exports. What their silence means belongs to the break families.
"""

from datetime import datetime

import polars as pl

INSTANT = pl.Datetime("us", "UTC")


def last_covered(entities: pl.DataFrame, key: str, exports: pl.DataFrame) -> pl.DataFrame:
    """When each entity was last covered by an export that proves absence.

    An export covers what was created in its window, up to its own start, on its account.

    Args:
        entities: ``key``, ``account_id`` and ``created_at`` (UTC).
        key: Name of the id column.
        exports: Rows of ``raw.exports``.

    Returns:
        ``key`` and ``covered_at`` (UTC, start of that export); entities that none covers are left out.
    """
    waiting = entities.select(key, "account_id", "created_at")
    found = [waiting.clear().select(key, pl.lit(None, INSTANT).alias("covered_at"))]
    proofs = exports.filter("proves_absence").sort("started_at", descending=True)
    for export in proofs.iter_rows(named=True):
        opens, closes = window(export)
        covers = pl.col("created_at").is_between(pl.lit(opens, INSTANT), pl.lit(closes, INSTANT), "left")
        if export["account_id"] is not None:
            covers &= pl.col("account_id").eq_missing(pl.lit(export["account_id"]))
        found.append(waiting.filter(covers).select(key, pl.lit(export["started_at"], INSTANT).alias("covered_at")))
        waiting = waiting.filter(~covers)
        if waiting.is_empty():
            break
    return pl.concat(found)


def absent(entities: pl.DataFrame, key: str, exports: pl.DataFrame, appearances: pl.DataFrame) -> pl.DataFrame:
    """Entities that an export covers, and that neither it nor one that began later holds.

    Args:
        entities: ``key``, ``account_id`` and ``created_at`` (UTC).
        key: Name of the id column.
        exports: Rows of ``raw.exports``.
        appearances: ``subject_id`` and ``started_at`` (UTC): the exports that they appear in.

    Returns:
        As ``last_covered``.
    """
    seen = appearances.group_by(pl.col("subject_id").alias(key)).agg(pl.max("started_at"))
    latest = exports.filter("proves_absence")["started_at"].max()
    held = seen.filter(pl.col("started_at") >= pl.lit(latest, INSTANT))
    covered = last_covered(entities.join(held, on=key, how="anti"), key, exports)
    since = covered.join(seen, on=key, how="left", maintain_order="left")
    return since.filter((pl.col("started_at") < pl.col("covered_at")).fill_null(value=True)).drop("started_at")


def uncovered(start: datetime, end: datetime, account_id: str | None, exports: pl.DataFrame) -> bool:
    """Whether complete exports leave part of ``[start, end)`` of an account uncovered.

    Args:
        start: First instant (UTC).
        end: First instant after the stretch (UTC).
        account_id: The account; None asks for exports of all accounts.
        exports: Rows of ``raw.exports`` for one resource.
    """
    proofs = exports.filter(
        "proves_absence", pl.col("account_id").is_null() | (pl.col("account_id") == pl.lit(account_id))
    )
    spans = sorted(window(export) for export in proofs.iter_rows(named=True))
    reached = start
    for opens, closes in spans:
        if opens > reached:
            break
        reached = max(reached, closes)
    return reached < end


def window(export: dict[str, datetime | None]) -> tuple[datetime, datetime]:
    """The stretch of creation times that an export can show: its filter's, cut at its own start."""
    started = export["started_at"]
    if started is None:
        raise ValueError("an export without a start")
    return export["window_from"] or _EVER, min(export["window_until"] or started, started)


_EVER = datetime.fromisoformat("0001-01-01T00:00:00+00:00")
