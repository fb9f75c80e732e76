from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mono_recon.schemas.core import Balances
from mono_recon.schemas.table import polars_schema
from mono_recon.validation import SchemaShapeError, split_valid

ACCOUNT = "acc_16ktUqSO7G0qTHDz8I3qrG"
MOMENT = datetime(2026, 3, 1, tzinfo=UTC)


def balances(*rows: tuple[str | None, str, int]) -> pl.DataFrame:
    full = [(account, currency, amount, MOMENT, MOMENT, "x:0") for account, currency, amount in rows]
    return pl.DataFrame(full, schema=polars_schema(Balances), orient="row")


def test_every_failed_rule_of_a_row_is_told() -> None:
    outcome = split_valid(balances((ACCOUNT, "COP", 1), ("nobody", "cop", -1), (None, "COP", 0)), Balances)
    assert outcome.valid["amount_minor"].to_list() == [1]
    assert outcome.failures["row"].to_list() == [1, 1, 1, 2]
    columns = [rule.partition(":")[0] for rule in outcome.failures["rule"]]
    assert columns == ["account_id", "amount_minor", "currency", "account_id"]


def test_rows_that_keep_every_rule_pass_unchanged() -> None:
    frame = balances((ACCOUNT, "COP", 1), (ACCOUNT, "USD", 0))
    outcome = split_valid(frame, Balances)
    assert outcome.valid.equals(frame)
    assert outcome.failures.schema == {"row": pl.Int64, "rule": pl.String}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([ACCOUNT, "x"]), st.sampled_from(["COP", ""]), st.integers(-1, 1)), max_size=5)
)
def test_valid_and_failed_rows_are_all_rows(rows: list[tuple[str, str, int]]) -> None:
    outcome = split_valid(balances(*rows), Balances)
    good = [row for row in rows if row[0] == ACCOUNT and row[1] == "COP" and row[2] >= 0]
    assert outcome.valid.select("account_id", "currency", "amount_minor").rows() == good
    assert outcome.valid.height + outcome.failures["row"].n_unique() == len(rows)


@pytest.mark.parametrize(
    "change",
    [
        pl.all().exclude("currency"),
        [pl.all(), pl.lit(1).alias("surplus")],
        [pl.all().exclude("amount_minor"), pl.col("amount_minor").cast(pl.Float64)],
        [pl.col("currency"), pl.all().exclude("currency")],
        pl.all().replace_strict({}, default=None, return_dtype=pl.Null),
    ],
)
def test_a_frame_of_another_shape_is_a_defect_even_if_it_is_empty(change: pl.Expr | list[pl.Expr]) -> None:
    with pytest.raises(SchemaShapeError, match="Balances"):
        split_valid(balances().select(change), Balances)
