"""Statements read in parts: all about one entity together, each once, and no more kept than is wanted."""

import polars as pl
import pytest

from mono_recon.reconcile.day import reconcile_day
from mono_recon.reconcile.parts import Parts, compacted
from mono_recon.reconcile.restatement import Knowledge, between, differing
from tests.scenario import batch, context, exported, frames, inputs, transfer, trn

NAMES = [("transfer_id",), ("account_id", "external_id")]
TOLD = [
    row
    for number in range(20)
    for row in (
        transfer(f"t{number}", "approved", "03-04 10:00", external_id=f"e{number}"),
        exported(f"t{number}", "approved", "03-04 10:00", "03-05 05:00"),
    )
]
LOTS = [batch("a", "created", "03-04 09:00")]


@pytest.mark.parametrize("of", [1, 2, 7])
def test_every_statement_is_in_one_part_and_an_entity_in_no_two(of: int) -> None:
    given = inputs(TOLD)
    whole = frames(given)["transfers"]
    parts = list(given.transfers.each(of))
    assert len(parts) == of
    assert pl.concat(parts).sort(pl.all()).equals(whole.sort(pl.all()))
    assert sum(part["transfer_id"].n_unique() for part in parts) == 20


@pytest.mark.parametrize("of", [None, 1, 3])
def test_what_is_taken_piece_by_piece_is_every_statement_with_all_others_about_its_entity(of: int | None) -> None:
    given = inputs(TOLD)
    pieces = given.transfers.taken(lambda piece: piece, "transfer_id", of)
    assert len(pieces) == (of or 1) ** 2
    assert pl.concat(pieces).sort(pl.all()).equals(frames(given)["transfers"].sort(pl.all()))
    assert sum(piece["transfer_id"].n_unique() for piece in pieces) == 20


@pytest.mark.parametrize(("height", "number"), [(0, 1), (400_000, 1), (800_000, 2), (50_000_000, 8)])
def test_the_more_there_is_the_more_parts_but_passes_are_bounded(height: int, number: int) -> None:
    nothing = pl.DataFrame()
    assert Parts(height, lambda *_: nothing, lambda *_: nothing).number == number


@pytest.mark.parametrize("parts", [1, 3])
def test_the_lines_of_all_parts_are_in_the_order_of_their_ids(parts: int) -> None:
    lines = reconcile_day(inputs(TOLD), context(as_of="03-05 06:00"), parts=parts).tables["outgoing_transfers"]
    assert lines["transfer_id"].to_list() == sorted(trn(f"t{number}") for number in range(20))


def test_what_is_about_some_things_is_found_by_any_name_and_an_unnamed_thing_by_none() -> None:
    given = inputs(TOLD)
    account = frames(given)["transfers"]["account_id"][0]
    ids = pl.Series([trn("t3"), f"{account}:e7", "e8", f"{account}:"])
    assert set(given.transfers.about(NAMES, ids)["transfer_id"]) == {trn("t3"), trn("t7")}
    assert given.transfers.about(NAMES, ids.clear()).is_empty()


def test_between_two_versions_each_channel_is_taken_part_by_part_from_its_own() -> None:
    old = Knowledge(inputs(TOLD[:8], LOTS), context(as_of="03-05 06:00"))
    new = Knowledge(inputs(TOLD), context(as_of="03-05 06:00"))
    both = between(old, new, ["late_webhook"]).inputs.transfers
    expected = {(row["transfer_id"], row["channel"]) for row in [*TOLD[:8], *TOLD] if row["channel"] == "webhook"}
    expected |= {(row["transfer_id"], row["channel"]) for row in TOLD[:8] if row["channel"] == "export"}
    assert set(pl.concat(both.each(3)).select("transfer_id", "channel").iter_rows()) == expected
    found = both.about(NAMES, pl.Series([trn("t1"), trn("t9")]))
    assert sorted(found.select("transfer_id", "channel").iter_rows()) == [
        (trn("t1"), "export"),
        (trn("t1"), "webhook"),
        (trn("t9"), "webhook"),
    ]
    assert differing(old, new) == ("late_webhook", "late_export")


def test_a_few_rows_that_are_kept_keep_no_others_in_memory() -> None:
    texts = pl.DataFrame({"id": [f"a text that is long enough {number}" for number in range(10_000)]})
    few = texts.filter(pl.int_range(pl.len()) % 2 == 0)
    assert compacted(few).equals(few)
    assert _bytes(compacted(few)) < 0.75 * _bytes(few)


def _bytes(frame: pl.DataFrame) -> int:
    return int(frame.to_arrow(compat_level=pl.CompatLevel.newest()).get_total_buffer_size())
