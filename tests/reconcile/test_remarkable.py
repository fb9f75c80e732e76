"""Statements are looked at one by one where something can be found, and nowhere else is anything found."""

from typing import Any

import pytest
from hypothesis import given

from mono_recon.reconcile.batches import batch_statements
from mono_recon.reconcile.breaks import find_all
from mono_recon.reconcile.catalogue import TRANSFER_TYPES
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.entities import EntityFacts, ExportFeed
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.quality import oddities
from mono_recon.reconcile.remarkable import remarkable
from mono_recon.reconcile.transfers import transfer_facts
from tests.reference.worlds import worlds
from tests.scenario import context, exported, frames, full_export, inputs, transfer, trn
from tests.soaking import examples

DONE = [transfer("a", "approved", "03-04 10:00"), exported("a", "approved", "03-04 10:00", "03-05 05:00")]


def facts(given_inputs: DayInputs, asked: Context) -> EntityFacts:
    held = frames(given_inputs)
    feed = ExportFeed(
        *(getattr(given_inputs, name).filter(resource="transfers") for name in ("exports", "appearances"))
    )
    return transfer_facts(held["transfers"], batch_statements(held["batches"], asked).processing, feed, asked)


@examples(quick=80, soak=5_000, shrink=False)
@given(worlds())
def test_nothing_is_found_about_what_is_not_remarkable(world: tuple[DayInputs, Context]) -> None:
    whole, asked = facts(*world), world[1]
    some = whole.about(remarkable(whole, asked))
    found = [find_all(TRANSFER_TYPES, seen, asked) for seen in (whole, some)]
    odd = [oddities(seen, asked) for seen in (whole, some)]
    for everywhere, there in (found, odd):
        columns = [name for name, dtype in everywhere.schema.items() if not dtype.is_nested()]
        assert there.sort(columns).equals(everywhere.sort(columns))


def test_a_transfer_that_both_channels_end_alike_is_not_remarkable() -> None:
    given_inputs = inputs([*DONE, transfer("b", "approved", "03-04 10:00")])
    asked = context(as_of="03-05 06:00")
    assert remarkable(facts(given_inputs, asked), asked).to_list() == [trn("b")]


def test_a_transfer_that_a_later_export_no_longer_holds_is_remarkable() -> None:
    asked = context(as_of="03-05 06:00")
    pulled = [full_export(start) for start in ("03-04 12:00", "03-05 05:00")]
    for last, missing in (("03-04 12:00", ["missing_in_export"]), ("03-05 05:00", [])):
        whole = facts(inputs(DONE, exports=pulled, appearances=[(trn("a"), "03-04 12:00"), (trn("a"), last)]), asked)
        found = find_all(TRANSFER_TYPES, whole.about(remarkable(whole, asked)), asked)
        assert found["break_type"].to_list() == missing


@pytest.mark.parametrize(
    "told",
    [
        [row | {"currency": "USD"} for row in DONE],
        [*DONE, transfer("a", "approved", "03-04 10:00", description="another")],
        [transfer("a", "created", "03-04 10:00"), exported("a", "duplicated", "03-04 10:00", "03-05 05:00")],
    ],
    ids=["another currency", "two versions of an event", "channels that end apart"],
)
def test_what_else_has_to_be_looked_at(told: list[dict[str, Any]]) -> None:
    asked = context(as_of="03-05 06:00")
    whole = facts(inputs(told), asked)
    looked_at = whole.about(remarkable(whole, asked))
    findings = find_all(TRANSFER_TYPES, looked_at, asked)
    assert findings.height + oddities(looked_at, asked).height > 0
