"""What may change about the inputs of a report without changing the report, or only as they changed."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.reconcile import day
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.day import DayReport, reconcile_day
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.totals import IdentityError
from tests.reference.worlds import DATES, worlds
from tests.scenario import DAY, at, batch, context, credit, frames, ident, inputs, transfer, trn, with_frames
from tests.soaking import examples

World = tuple[DayInputs, Context]
Tables = Mapping[str, pl.DataFrame]

STATEMENTS = ("transfers", "batches", "credits", "collections", "balances", "accounts")
RENAMED = ("trn_", "bat_", "tx_", "cint_")
WORDS = frozenset({"break_id", "explanation_es", "explanation_en", "source_refs", "left_value", "right_value"})
"""Columns that hold ids, instants or sources inside a text."""
STRANGER = ident("acc", "stranger")


def rows(tables: Tables, *, without: frozenset[str] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a report in the order of its tables."""
    return {
        name: table.select(column for column in table.columns if column not in without).rows()
        for name, table in tables.items()
    }


def changed(given_inputs: DayInputs, change: Callable[[pl.DataFrame], pl.DataFrame]) -> DayInputs:
    """The inputs with one change made to every frame."""
    return with_frames(given_inputs, **{name: change(frame) for name, frame in frames(given_inputs).items()})


@examples(quick=8, soak=500, shrink=False)
@given(worlds(), st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(world: World, seed: int) -> None:
    given_inputs, asked = world
    shuffled = changed(given_inputs, lambda frame: frame.sample(fraction=1, shuffle=True, seed=seed))
    assert rows(reconcile_day(shuffled, asked).tables) == rows(reconcile_day(given_inputs, asked).tables)


@examples(quick=5, soak=300, shrink=False)
@given(worlds())
def test_a_date_may_be_taken_in_parts(world: World) -> None:
    whole = rows(reconcile_day(*world).tables)
    for parts in (2, 3, 7):
        assert rows(reconcile_day(*world, parts=parts).tables) == whole


@examples(quick=8, soak=500, shrink=False)
@given(worlds())
def test_saying_the_same_again_changes_nothing_but_the_sources(world: World) -> None:
    given_inputs, asked = world
    again = (pl.col("source_ref") + "again").alias("source_ref")
    twice = {
        name: pl.concat([frame, frame.with_columns(again)])
        for name in STATEMENTS
        if not (frame := frames(given_inputs)[name]).is_empty()
    }
    repeated = reconcile_day(with_frames(given_inputs, **twice), asked)
    once = reconcile_day(given_inputs, asked)
    apart = frozenset({"source_refs", "explanation_es", "explanation_en"})
    told, expected = rows(repeated.tables, without=apart), rows(once.tables, without=apart)
    assert told | {"data_quality": []} == expected | {"data_quality": []}


@examples(quick=8, soak=500, shrink=False)
@given(worlds())
def test_ids_are_only_names(world: World) -> None:
    given_inputs, asked = world
    once, renamed = reconcile_day(given_inputs, asked), reconcile_day(changed(given_inputs, _rename), asked)
    apart = WORDS - {"left_value", "right_value"}
    expected = {name: _rename(table) for name, table in once.tables.items()}
    assert rows(renamed.tables, without=apart) == rows(expected, without=apart)


def _rename(frame: pl.DataFrame) -> pl.DataFrame:
    """Other ids in the same order, since an id decides what nothing else does."""

    def other(text: pl.Expr) -> pl.Expr:
        for prefix in RENAMED:
            text = text.str.replace(rf"^{prefix}000", f"{prefix}Ab-")
        return text

    texts = frame.select(pl.col(pl.String)).columns
    lists = frame.select(pl.col(pl.List(pl.String))).columns
    return frame.with_columns(
        *(other(pl.col(name)) for name in texts), *(pl.col(name).list.eval(other(pl.element())) for name in lists)
    )


@examples(quick=8, soak=500, shrink=False)
@given(worlds(dates=DATES[:1]), st.sampled_from([-7, 7]))
def test_a_week_without_holidays_earlier_or_later_is_the_same_week(world: World, days: int) -> None:
    given_inputs, asked = world
    away = timedelta(days=days)
    later = dataclasses.replace(
        asked, business_date=asked.business_date + away, as_of=asked.as_of + away, since=asked.since + away
    )
    moved = reconcile_day(changed(given_inputs, lambda frame: _shift(frame, away)), later)
    expected = {name: _shift(table, away) for name, table in reconcile_day(given_inputs, asked).tables.items()}
    assert rows(moved.tables, without=WORDS) == rows(expected, without=WORDS)


def _shift(frame: pl.DataFrame, away: timedelta) -> pl.DataFrame:
    """Every instant and date moved, those at the end of a subject's id too."""
    moved = frame.with_columns(pl.col(pl.Datetime("us", "UTC"), pl.Date) + away)
    if "subject_id" not in frame.columns:
        return moved
    return moved.with_columns(
        pl.col("subject_id").map_elements(lambda text: _later(text, away), return_dtype=pl.String)
    )


def _later(subject: str, away: timedelta) -> str:
    dated = re.search(r"\d{4}-\d{2}-\d{2}$", subject)
    return subject[: -len(dated[0])] + str(date.fromisoformat(dated[0]) + away) if dated else subject


@examples(quick=8, soak=500, shrink=False)
@given(worlds())
def test_what_happens_on_another_account_is_none_of_this_ones_business(world: World) -> None:
    given_inputs, asked = world
    ours, theirs = frames(given_inputs), frames(_stranger())
    joined = with_frames(given_inputs, **{name: pl.concat([ours[name], theirs[name]]) for name in STATEMENTS})
    alone, beside = reconcile_day(given_inputs, asked), reconcile_day(joined, asked)
    assert _ours(beside.tables) == _ours(alone.tables)
    assert STRANGER in beside.tables["balance_proof"]["account_id"]


def _stranger() -> DayInputs:
    ours: dict[str, Any] = {"account_id": STRANGER}
    sent = ours | {"batch_id": ident("bat", "stranger"), "external_id": "stranger", "payee_account_number": "1"}
    figure = {"currency": "COP", "amount_minor": 1, "source_ref": "x:stranger:0"}
    figure |= dict.fromkeys(("balance_at", "known_at"), at("03-04 00:00"))
    clocks = {"occurred_at": at("03-04 12:00"), "event_at": at("03-04 12:01"), "known_at": at("03-04 12:01")}
    paid: dict[str, Any] = {
        "intent_id": ident("cint", "stranger"),
        "channel": "webhook",
        "state": "account_credited",
        "currency": "COP",
    }
    paid |= clocks | {"amount_minor": 9, "inserted_at": at("03-04 11:59"), "source_ref": "w:stranger"}
    return inputs(
        transfers=[
            transfer("stranger", "approved", "03-04 10:00", **sent),
            transfer("other", "in_progress", "03-03 10:00", inserted_at=at("03-03 09:00"), **sent),
        ],
        batches=[batch("stranger", "cancelled", "03-04 10:00", **ours)],
        credits=[credit("stranger", "03-04 11:00", **ours, account_number="2", amount_minor=7)],
        collections=[paid | ours],
        accounts=[ours | {"number": "3", "currency": "COP", "known_at": at("03-01 00:00"), "source_ref": "x"}],
        balances=[ours | figure],
    )


def _ours(tables: Tables) -> dict[str, list[tuple[Any, ...]]]:
    """What concerns the accounts of the world; what is said of a feed concerns all."""
    apart = frozenset({"break_ageing", "control"})
    kept = {name: table for name, table in tables.items() if name not in apart and "account_id" in table.columns}
    kept["breaks"] = kept["breaks"].filter(pl.col("subject_type") != "feed")
    return rows({name: table.filter(pl.col("account_id").ne_missing(STRANGER)) for name, table in kept.items()})


def _without_first(made: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    return lambda *given_arguments: made(*given_arguments).slice(1)


def _without_status(made: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    return lambda *given_arguments: made(*given_arguments).with_columns(pl.lit("open").alias("recon_status"))


def _of_another(made: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    """As many transfers in each section, but the last one approved instead of the first."""
    other = pl.when(pl.col("section") == "approved").then(pl.lit(trn("b"))).otherwise("transfer_id")
    return lambda *given_arguments: made(*given_arguments).with_columns(other.alias("transfer_id"))


def _a_centavo_more(made: Callable[..., pl.DataFrame]) -> Callable[..., pl.DataFrame]:
    return lambda *given_arguments: made(*given_arguments).with_columns(pl.col("amount_minor") + 1)


@pytest.mark.parametrize(
    ("step", "broken", "identity", "difference"),
    [
        ("sections", _without_first, "identity.roll_forward", "[^;]*"),
        ("sections", _of_another, "identity.roll_forward", "is off by 0 lines and 1599993 centavos"),
        ("transfer_lines", _without_status, "identity.partition_out", "is off by 2 lines and 1600007 centavos"),
        ("credit_lines", _without_status, "identity.partition_in", "is off by 1 lines and 105000 centavos"),
        ("count_sections", _without_first, "identity.summary", "is off by 1 lines[^;]*"),
        ("count_sections", _a_centavo_more, "identity.summary", "is off by 0 lines and 1 centavos"),
    ],
)
def test_a_broken_step_is_named_by_its_identity(
    step: str, broken: Callable[..., Any], identity: str, difference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [transfer("a", "approved", "03-04 10:00"), transfer("b", "in_progress", "03-04 10:00", amount_minor=7)]
    world = inputs(sent, credits=[credit("a", "03-04 11:00")])
    reconcile_day(world, context())
    monkeypatch.setattr(day, step, broken(getattr(day, step)))
    told = rf"nothing is issued: (.*; )?{re.escape(identity)} of acc_\S+ COP {difference}(;|$)"
    with pytest.raises(IdentityError, match=told):
        reconcile_day(world, context())


def test_every_identity_of_a_report_is_stated_per_account_and_currency() -> None:
    control = _report().tables["control"].filter(pl.col("metric").str.starts_with("identity."))
    assert set(control["status"]) == {"ok"}
    assert {name.removeprefix("identity.") for name in control["metric"]} >= {
        "roll_forward",
        "partition_out",
        "partition_in",
        "summary",
    }


def _report() -> DayReport:
    return reconcile_day(inputs([transfer("a", "approved", "03-04 10:00")]), context(day=DAY))
