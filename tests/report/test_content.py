import random
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mono_recon.report.content import FACTS, content_sha256, facts
from mono_recon.report.model import Report
from tests.report.sample import NOON, report, with_rows

TRANSFER = "outgoing_transfers"


def hashed(given: Report) -> str:
    return content_sha256(given.tables)


@settings(deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_is_no_fact(chance: random.Random) -> None:
    given = report()
    shuffled = {name: frame[chance.sample(range(frame.height), frame.height)] for name, frame in given.tables.items()}
    assert content_sha256(shuffled) == hashed(given)
    assert facts(shuffled).equals(facts(given.tables))


@pytest.mark.parametrize("height", [1, 2, 3])
def test_nor_is_how_many_rows_are_hashed_at_a_time(height: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = hashed(report())
    monkeypatch.setattr("mono_recon.report.content._ROWS_AT_ONCE", height)
    assert hashed(report()) == expected
    assert content_sha256({name: frame.reverse() for name, frame in report().tables.items()}) == expected


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (TRANSFER, {"transfer_id": "trn_9"}),
        (TRANSFER, {"amount_minor": 1}),
        (TRANSFER, {"currency": "USD"}),
        (TRANSFER, {"account_id": None}),
        (TRANSFER, {"batch_id": None}),
        (TRANSFER, {"state_at_cutoff": "declined"}),
        (TRANSFER, {"final_at": NOON + timedelta(seconds=1)}),
        (TRANSFER, {"routing": "turbo"}),
        (TRANSFER, {"matched_credit_id": "crd_1"}),
        ("batches", {"state": "declined"}),
        ("batches", {"declared_minor": None}),
        ("batches", {"open_minor": 1}),
        ("batches", {"members": 4}),
        ("incoming_credits", {"transaction_at": NOON + timedelta(microseconds=1)}),
        ("incoming_credits", {"matched_to": "trn_1"}),
        ("incoming_credits", {"match_rule": "return"}),
        ("incoming_credits", {"label": ""}),
        ("collections", {"state_at_cutoff": "failed"}),
        ("collections", {"counted": False}),
        ("balance_proof", {"in_transit_minor": 0}),
        ("breaks", {"break_id": "9999999999999999"}),
        ("breaks", {"break_type": "currency_mismatch"}),
    ],
)
def test_a_fact_that_changes_changes_the_hash(name: str, change: dict[str, Any]) -> None:
    given = with_rows(name, change)
    assert hashed(given) != hashed(report())
    assert not facts(given.tables).equals(facts(report().tables))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (TRANSFER, {"state_latest": "declined"}),
        (TRANSFER, {"state_export": "approved"}),
        (TRANSFER, {"recon_status": "timing"}),
        (TRANSFER, {"source_refs": []}),
        (TRANSFER, {"final_at": NOON.replace(microsecond=0)}),
        ("batches", {"difference_minor": 5}),
        ("batches", {"members_listed": None}),
        ("incoming_credits", {"recon_status": "matched"}),
        ("collections", {"state_export": "failed"}),
        ("balance_proof", {"status": "unexplained"}),
        ("breaks", {"amount_minor": 5}),
        ("breaks", {"status": "resolved"}),
        ("data_quality", {"count": 5}),
        ("control", {"count": 5}),
    ],
)
def test_what_is_no_fact_leaves_the_hash_alone(name: str, change: dict[str, Any]) -> None:
    assert hashed(with_rows(name, change)) == hashed(report())


def test_a_missing_value_is_not_an_empty_text() -> None:
    empty, missing = (with_rows("incoming_credits", {"label": label}) for label in ("", None))
    assert hashed(empty) != hashed(missing)


def test_values_do_not_run_into_each_other() -> None:
    left = with_rows("incoming_credits", {"matched_to": "a", "match_rule": "b1:c"})
    right = with_rows("incoming_credits", {"matched_to": "a1:b", "match_rule": "c"})
    assert hashed(left) != hashed(right)


def test_of_breaks_only_those_of_class_break_that_arose_on_the_date_are_facts() -> None:
    keys = facts(report().tables).filter(pl.col("table_name") == "breaks")["row_key"]
    assert keys.to_list() == ["1111111111111111"]


def test_a_balance_row_without_any_figure_is_no_fact() -> None:
    proof = report().tables["balance_proof"]
    without = report({"balance_proof": proof.head(1)})
    assert hashed(without) == hashed(report())
    rows = facts(report().tables).filter(pl.col("table_name") == "balance_proof")
    assert rows["row_key"].unique().to_list() == ["acc_16ktUqSO7G0qTHDz8I3qrG"]
    assert rows.height == len([name for name in proof.columns if name.endswith("_minor")])


def test_a_line_has_one_row_for_each_column_that_is_a_fact() -> None:
    key, columns = FACTS[TRANSFER]
    rows = facts(report().tables).filter(pl.col("row_key") == "trn_0000000000000000000001")
    assert rows.columns == ["table_name", "row_key", "column_name", "value"]
    assert rows["column_name"].to_list() == sorted(columns)
    values = dict(rows.select("column_name", "value").iter_rows())
    assert values["final_at"] == "2026-03-02T17:00:00.000000Z"
    assert values["amount_minor"] == "160000000"
    assert values["matched_credit_id"] is None
    assert key not in values


def test_a_day_without_anything_has_a_hash_too() -> None:
    nothing = {name: frame.clear() for name, frame in report().tables.items()}
    assert len(content_sha256(nothing)) == 64
    assert facts(nothing).is_empty()


def test_the_hash_of_issued_facts_stays_what_it_was() -> None:
    assert hashed(report()) == "ded8112c223441c197810de08b6ac72ed2dcdc7cbc07574d20850056f1286a99"
