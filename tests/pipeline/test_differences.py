"""Two versions of a date, fact by fact."""

from typing import Any

import polars as pl

from mono_recon.pipeline.differences import differences
from mono_recon.report.content import FACTS
from tests.report.sample import report, table

NO_CAUSE = table("restatements", [])


def tables(version: int = 1, **changed: pl.DataFrame) -> dict[str, pl.DataFrame]:
    of_version = report(version=version).tables
    return {name: changed.get(name, of_version[name]) for name in FACTS}


def told(old: dict[str, pl.DataFrame], new: dict[str, pl.DataFrame], restated: pl.DataFrame = NO_CAUSE) -> list[Any]:
    return differences(old, new, restated).rows()


def restated(version: int, name: str, key: str, column: str | None, cause: str) -> dict[str, Any]:
    row = {"previous_version": version - 1, "table_name": name, "row_key": key, "column_name": column}
    return row | {"version": version, "cause": cause}


TRANSFERS = tables()["outgoing_transfers"]
FIRST, SECOND = TRANSFERS["transfer_id"][:2]
AMOUNT = TRANSFERS["amount_minor"][0]


def changed(column: str, value: object) -> pl.DataFrame:
    is_first = pl.col("transfer_id") == FIRST
    dtype = TRANSFERS.schema[column]
    return TRANSFERS.with_columns(pl.when(is_first).then(pl.lit(value, dtype)).otherwise(column).alias(column))


def test_equal_facts_do_not_differ_whatever_else_does() -> None:
    assert told(tables(), tables(version=2)) == []
    assert told(tables(), tables(outgoing_transfers=changed("recon_status", "review"))) == []


def test_a_changed_fact_is_told_with_both_values() -> None:
    new = tables(2, outgoing_transfers=changed("amount_minor", 1))
    assert told(tables(), new) == [("outgoing_transfers", FIRST, "amount_minor", "changed", str(AMOUNT), "1", None)]
    assert told(new, tables()) == [("outgoing_transfers", FIRST, "amount_minor", "changed", "1", str(AMOUNT), None)]


def test_a_value_that_goes_missing_is_a_change() -> None:
    new = tables(outgoing_transfers=changed("account_id", None))
    (row,) = told(tables(), new)
    assert row[2:4] == ("account_id", "changed")
    assert row[4] is not None
    assert row[5] is None


def test_a_line_that_came_or_went_is_one_row_without_a_column() -> None:
    without = tables(outgoing_transfers=TRANSFERS.filter(pl.col("transfer_id") != SECOND))
    assert told(tables(), without) == [("outgoing_transfers", SECOND, None, "went", None, None, None)]
    assert told(without, tables()) == [("outgoing_transfers", SECOND, None, "came", None, None, None)]


def test_a_break_that_is_no_longer_found_is_told_too() -> None:
    breaks = tables()["breaks"]
    own = breaks.filter(pl.col("class") == "break", pl.col("break_date") == pl.col("business_date"))
    (key,) = own["break_id"]
    without = tables(breaks=breaks.filter(pl.col("break_id") != key))
    assert told(tables(), without) == [("breaks", key, None, "went", None, None, None)]


def test_each_change_bears_the_causes_that_restatements_gave_in_their_order() -> None:
    breaks = tables()["breaks"]
    own = breaks.filter(pl.col("class") == "break", pl.col("break_date") == pl.col("business_date"))
    (key,) = own["break_id"]
    old = tables(
        outgoing_transfers=changed("amount_minor", 1).filter(pl.col("transfer_id") != SECOND),
        breaks=breaks.filter(pl.col("break_id") != key),
    )
    rows = [
        restated(3, "outgoing_transfers", FIRST, "amount_minor", "late_export"),
        restated(2, "outgoing_transfers", FIRST, "amount_minor", "time"),
        restated(2, "outgoing_transfers", SECOND, None, "late_webhook"),
        restated(2, "outgoing_transfers", FIRST, "currency", "code"),
        restated(3, "breaks", key, "break_type", "late_credit"),
    ]
    causes = {row[:4]: row[-1] for row in told(old, tables(), table("restatements", rows))}
    assert causes == {
        ("breaks", key, None, "came"): "late_credit",
        ("outgoing_transfers", FIRST, "amount_minor", "changed"): "time > late_export",
        ("outgoing_transfers", SECOND, None, "came"): "late_webhook",
    }
