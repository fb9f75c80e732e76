import json
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from mono_recon.core.records import HeldEvents, MergedEvents, contested
from tests.core.deliveries import PLAIN, Record, frame, ingest, moment


def outcomes(merged: MergedEvents) -> list[str]:
    return merged.outcomes.sort("record")["outcome"].to_list()


def event(held: HeldEvents) -> dict[str, Any]:
    assert held.events.height == 1
    return held.events.row(0, named=True)


def test_a_replayed_webhook_counts_once() -> None:
    held, (merged,) = ingest([Record(arrived=10), Record(arrived=20, file="b")])
    assert outcomes(merged) == ["accepted", "duplicate"]
    assert (event(held)["copies"], event(held)["known_at"], event(held)["line"]) == (2, moment(10), 1)
    assert held.copies.sort("known_at").select("record_id", "copy_id", "known_at", "body").rows() == [
        (Record().id, Record().id, moment(10), None),
        (Record().id, Record().id, moment(20), None),
    ]


def test_an_event_found_once_has_no_copies() -> None:
    held, (merged,) = ingest([Record()])
    assert outcomes(merged) == ["accepted"]
    assert held.copies.is_empty()
    assert event(held) == Record().row()


def test_a_replay_in_a_later_run_is_a_duplicate_of_the_event_held() -> None:
    held, merges = ingest([Record(arrived=10)], [Record(arrived=8, file="b")], [Record(arrived=12, file="c")])
    assert [outcomes(merged) for merged in merges] == [["accepted"], ["duplicate"], ["duplicate"]]
    assert (event(held)["copies"], event(held)["known_at"]) == (3, moment(8))
    assert held.copies["known_at"].sort().to_list() == [moment(8), moment(10), moment(12)]
    assert merges[1].changed["held_known_at"].to_list() == [moment(10)]


@pytest.mark.parametrize(
    "spelling",
    [
        '{"amount": 5, "state": "approved", "id": "trn_1"}',
        '{"id":"\\u0074rn_1","state":"approved","amount":5}',
        '{"id":"trn_1","state":"approved","amount":5.0}',
        '{"id":"trn_1","state":"approved","amount":0.5e1}',
    ],
)
def test_other_bytes_of_equal_content_are_the_same_event(spelling: str) -> None:
    held, (merged,) = ingest([Record(), Record(data=spelling, arrived=12)])
    assert outcomes(merged) == ["accepted", "duplicate"]
    assert held.copies.sort("known_at")["body"].to_list() == [None, Record(data=spelling).row()["body"]]


@pytest.mark.parametrize(
    "content",
    [
        {"amount": 6},
        {"amount": "5"},
        {"amount": "\0005"},
        {"amount": True},
        {"extra": None},
        {"amount": 5.000000000000000000001},
    ],
)
def test_equal_keys_with_other_content_are_two_observations(content: dict[str, object]) -> None:
    other = json.dumps(PLAIN | content)
    if content == {"amount": 5.000000000000000000001}:
        other = other.replace("5.0", "5.000000000000000000001")
    for runs in ([[Record(), Record(data=other)]], [[Record()], [Record(data=other)]]):
        held, merges = ingest(*runs)
        assert [outcome for merged in merges for outcome in outcomes(merged)] == ["accepted", "accepted"]
        assert held.events["copies"].to_list() == [1, 1]
        assert held.copies.is_empty()


def test_numbers_that_a_float_cannot_tell_apart_are_different_content() -> None:
    near = [f'{{"id":"trn_1","n":{number}}}' for number in ("9007199254740993.01", "9007199254740994.0")]
    held, _ = ingest([Record(data=data) for data in near])
    assert held.events.height == 2


def test_integers_and_exponents_of_any_length_are_compared_exactly() -> None:
    long, huge = "1" + "0" * 5000, "1e99999999999999999999"
    held, _ = ingest([Record(data=f'{{"n":{number}}}') for number in (long, long + ".0", long[:-1] + "1")])
    assert sorted(held.events["copies"]) == [1, 2]
    held, _ = ingest([Record(data=f'{{"n":{huge}}}'), Record(data=f'{{ "n":{huge}}}')])
    assert event(held)["copies"] == 2


def test_the_envelopes_timestamp_is_no_content_and_the_earliest_counts() -> None:
    held, (merged,) = ingest([Record(event=9, arrived=10), Record(event=7, arrived=11)])
    assert outcomes(merged) == ["accepted", "duplicate"]
    assert (event(held)["event_at"], event(held)["known_at"]) == (moment(7), moment(10))
    assert event(held)["delivery_id"] == Record(event=9).id


def test_an_event_of_another_type_or_moment_is_another_event() -> None:
    held, _ = ingest([Record(), Record(type="bank_transfer_rejected"), Record(occurred=1), Record(state="declined")])
    assert held.events["copies"].to_list() == [1, 1, 1, 1]


def test_an_unused_event_is_one_in_whatever_form_it_came() -> None:
    spaced, other = json.dumps(PLAIN, indent=1), json.dumps(PLAIN | {"state": "held"})
    parsed = Record(used=False, data=spaced, signature="unverifiable", file="b", arrived=8)
    for runs in ([[Record(used=False), parsed]], [[Record(used=False)], [parsed]], [[parsed], [Record(used=False)]]):
        held, merges = ingest(*runs)
        assert [outcome for merged in merges for outcome in outcomes(merged)] == ["unused", "duplicate"]
        found = event(held)
        assert (found["delivery_id"], found["copies"], found["known_at"]) == (Record(used=False).id, 2, moment(8))
    held, (merged,) = ingest([Record(used=False), Record(used=False, data=other), Record(used=False, type="other")])
    assert outcomes(merged) == ["unused"] * 3


def test_unused_events_without_an_id_repeat_only_equal_bodies() -> None:
    nameless = Record(used=False, subject=None)
    for runs in (
        [[nameless, Record(used=False, subject=None, file="b"), Record(used=False, subject=None, event=6)]],
        [[nameless], [Record(used=False, subject=None, file="b"), Record(used=False, subject=None, event=6)]],
    ):
        held, merges = ingest(*runs)
        assert [outcome for merged in merges for outcome in outcomes(merged)] == ["unused", "duplicate", "unused"]
        assert sorted(held.events["copies"]) == [1, 2]


def test_a_copy_with_raw_bytes_stands_for_the_event_although_it_came_later() -> None:
    parsed = Record(signature="unverifiable", arrived=10)
    raw = Record(data=json.dumps(PLAIN, indent=1), arrived=20, file="b")
    for runs in ([[parsed, raw]], [[parsed], [raw]], [[raw], [parsed]]):
        held, _ = ingest(*runs)
        assert event(held) | {"delivery_id": raw.id, "body": raw.row()["body"]} == event(held)
        assert (event(held)["known_at"], event(held)["file_sha256"]) == (moment(10), parsed.row()["file_sha256"])
        assert held.copies["record_id"].unique().to_list() == [raw.id]
        assert dict(held.copies.select("copy_id", "body").rows()) == {raw.id: None, parsed.id: parsed.row()["body"]}


def test_copies_that_are_stored_follow_the_event_to_its_new_id() -> None:
    parsed = Record(signature="unverifiable", arrived=10)
    raw = Record(data=json.dumps(PLAIN, indent=1), arrived=20, file="b")
    held, _ = ingest([parsed, Record(signature="unverifiable", arrived=15, file="c")], [raw])
    assert held.copies["record_id"].to_list() == [raw.id] * 3
    bodies = held.copies.sort("known_at").select("copy_id", "body").rows()
    assert bodies == [(parsed.id, parsed.row()["body"])] * 2 + [(raw.id, None)]


def test_of_copies_known_at_the_same_moment_the_smallest_id_stands_for_the_event() -> None:
    copies = [Record(data=json.dumps(PLAIN, indent=indent), arrived=10) for indent in range(1, 5)]
    for run in (copies, copies[::-1]):
        held, _ = ingest(run)
        assert event(held)["delivery_id"] == min(record.id for record in copies)


def test_of_secrets_that_verify_the_one_of_the_earliest_copy_is_named() -> None:
    first = Record(signature="verified", secret="new", arrived=10)  # noqa: S106  a name
    second = Record(signature="verified", secret="best", arrived=11, file="b")  # noqa: S106  a name
    for run in ([first, second], [second, first]):
        held, _ = ingest(run)
        assert event(held)["secret_name"] == "new"  # noqa: S105  a name


def test_a_verified_copy_verifies_the_event_and_names_its_secret() -> None:
    ranked = ["verified", "no_secret", "no_header", "malformed_header", "unverifiable"]
    for best, worse in pairwise(ranked):
        held, _ = ingest([Record(signature=worse, arrived=1)], [Record(signature=best, secret="key", arrived=9)])  # noqa: S106  a name
        assert (event(held)["signature_status"], event(held)["secret_name"]) == (best, "key")


def test_the_clock_read_at_arrival_is_named_where_two_agree() -> None:
    bare, delivered = Record(arrived=None, event=5), Record(arrived=5, event=5, file="b")
    for run in ([bare, delivered], [delivered, bare]):
        held, _ = ingest(run)
        assert event(held)["known_at_source"] == "received_at"


def test_the_place_is_that_of_the_earliest_copy_then_of_the_first_path_and_line() -> None:
    copies = [
        Record(arrived=10, file="c", line=1),
        Record(arrived=10, file="b", line=7),
        Record(arrived=10, file="b", line=3),
        Record(arrived=11, file="a", line=1),
    ]
    held, _ = ingest(copies)
    wanted = copies[2].row()
    assert [event(held)[name] for name in ("file_sha256", "line", "byte_offset")] == [
        wanted[name] for name in ("file_sha256", "line", "byte_offset")
    ]


def test_rows_of_core_are_taken_from_the_record_that_stands_for_the_event() -> None:
    _, (merged,) = ingest(
        [Record(signature="unverifiable"), Record(data=json.dumps(PLAIN, indent=1)), Record(occurred=3)]
    )
    assert merged.new.sort("occurred_at")["record"].to_list() == [1, 2]


def test_bodies_are_asked_for_only_where_other_bytes_claim_to_be_the_event() -> None:
    held, _ = ingest([Record(), Record(occurred=1), Record(occurred=2)])
    incoming = frame([Record(), Record(occurred=1, data=json.dumps(PLAIN, indent=1)), Record(occurred=3)])
    assert contested(incoming, held).rows() == [(Record(occurred=1).id, moment(5))]


SPELLINGS = [json.dumps(PLAIN), json.dumps(PLAIN, indent=1), json.dumps(PLAIN | {"amount": 6})]
RECORDS = st.builds(
    Record,
    data=st.sampled_from(SPELLINGS),
    arrived=st.sampled_from([None, 3, 4]),
    event=st.sampled_from([3, 4]),
    occurred=st.sampled_from([0, 1]),
    signature=st.sampled_from(["verified", "no_secret", "no_header", "unverifiable"]),
    secret=st.sampled_from(["one", "two"]),
    file=st.sampled_from(["a", "b", "c"]),
    line=st.integers(1, 3),
    used=st.booleans(),
    subject=st.sampled_from(["trn_1", None]),
).filter(lambda record: not record.used or record.subject is not None)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), records=st.lists(RECORDS, min_size=1, max_size=8))
def test_neither_order_nor_packing_nor_the_number_of_runs_changes_what_is_held(
    data: st.DataObject, records: list[Record]
) -> None:
    whole, (merged,) = ingest(records)
    order = data.draw(st.permutations(records))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=3)))
    pieces = [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    parts, merges = ingest(*pieces)
    assert_frame_equal(parts.events, whole.events, check_row_order=False)
    assert_frame_equal(parts.copies, whole.copies, check_row_order=False)
    counted = sorted(outcome for piece in merges for outcome in outcomes(piece))
    assert counted == sorted(outcomes(merged))
    assert len(counted) == len(records) == whole.events["copies"].sum()
    several = whole.events.filter(pl.col("copies") > 1)
    assert sorted(whole.copies["record_id"].unique()) == sorted(several["delivery_id"])
    assert whole.copies.height == several["copies"].sum()
