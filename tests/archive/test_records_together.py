"""Records that are read together since they have a layout in common, and what among them is not."""

import json
from typing import Any

import pytest

from tests.archive.written import SECRETS, Put, Read, delivery, lines, payload, raw

MANY = 40
URL = "https://api.cuentamono.com/v1/transfers?page_number=1"


def events(name: str = "bank_transfer_approved", **data: object) -> list[dict[str, Any]]:
    """Events that differ in a text."""
    made = [payload(name) for _ in range(MANY)]
    for number, event in enumerate(made):
        event["event"]["data"] |= {"reference": f"FV-{number}"} | data
    return made


def archived(put: Put, made: list[dict[str, Any]]) -> None:
    put("webhooks/2026-03-01/a.jsonl", lines(*(delivery(raw(event)) for event in made)))


def page(rows: list[object]) -> dict[str, Any]:
    return {
        "request": {"method": "GET", "url": URL, "fetched_at": "2026-03-03T05:00:02Z"},
        "response": {"status": 200, "body": {"transfers": rows, "pagination": {"page_number": 1}}},
    }


def test_many_deliveries_keep_their_order_and_their_places(put: Put, read: Read) -> None:
    archived(put, [*events(), *events("batch_sent"), *events(previous_state="approved")])
    decoded = read(SECRETS)
    assert decoded.deliveries["line"].to_list() == list(range(1, 3 * MANY + 1))
    assert decoded.deliveries["signature_status"].unique().to_list() == ["verified"]
    transfers = decoded.core["transfer_observations"].filter(event_type="bank_transfer_approved").sort("record")
    assert transfers["reference"].to_list() == [f"FV-{number}" for number in range(MANY)] * 2
    assert transfers["record"].to_list() == [*range(MANY), *range(2 * MANY, 3 * MANY)]


def test_an_event_of_an_unknown_type_with_the_layout_of_a_known_one_is_kept_unused(put: Put, read: Read) -> None:
    odd = payload()
    odd["event"]["type"] = "bank_transfer_unheard_of"
    odd["event"]["data"]["reference"] = "odd"
    archived(put, [*events(), odd])
    decoded = read(SECRETS)
    assert decoded.deliveries["status"].to_list() == ["accepted"] * MANY + ["unused"]
    assert decoded.core["transfer_observations"].height == MANY


def test_an_event_of_another_object_with_the_layout_of_a_known_one_is_held_against_its_own_type(
    put: Put, read: Read
) -> None:
    odd = payload()
    odd["event"]["type"] = "batch_sent"
    archived(put, [*events(), odd])
    decoded = read(SECRETS)
    assert decoded.deliveries.height == MANY
    assert decoded.quarantine["reason"].to_list() == ["schema"]


@pytest.mark.parametrize("decoy", ["transfers", "copied"])
def test_members_are_those_of_the_event_and_not_of_another_list_that_reads_like_theirs(
    put: Put, read: Read, decoy: str
) -> None:
    made = events("batch_sent")
    for event in made:
        members = event["event"]["data"].pop("transfers")
        event["event"]["data"] |= {"before": {decoy: members}, "transfers": members}
    archived(put, made)
    decoded = read(SECRETS)
    ids = sorted({member["id"] for member in made[0]["event"]["data"]["transfers"]})
    assert decoded.core["batch_observations"]["listed_transfer_ids"].to_list() == [ids] * MANY
    assert decoded.core["transfer_observations"].height == MANY * len(made[0]["event"]["data"]["transfers"])


def test_members_that_cannot_be_taken_apart_are_not_lost(put: Put, read: Read) -> None:
    made = events("batch_sent")
    bodies = [raw(event).replace(b'"transfers":', b'"transfers" :') for event in made]
    put("webhooks/2026-03-01/a.jsonl", lines(*map(delivery, bodies)))
    decoded = read(SECRETS)
    assert decoded.core["transfer_observations"].height == MANY * len(made[0]["event"]["data"]["transfers"])


def test_an_event_with_a_member_that_breaks_a_rule_is_refused_among_good_ones(put: Put, read: Read) -> None:
    made = events("batch_sent")
    made[5]["event"]["data"]["transfers"][0]["id"] = "trn_short"
    archived(put, made)
    decoded = read(SECRETS)
    assert decoded.deliveries.height == MANY - 1
    assert decoded.quarantine["line"].to_list() == [6]


def test_a_row_of_another_layout_is_read_and_a_bad_one_refused_by_itself(put: Put, read: Read) -> None:
    rows = [event["event"]["data"] for event in events()]
    rows[3] |= {"surplus": [1, 2]}
    rows[4] |= {"id": "trn_short"}
    put("exports/2026-03-02/a.jsonl", lines(page(rows), page(rows[:2])))
    decoded = read()
    assert decoded.pages["items"].to_list() == [MANY, 2]
    assert decoded.quarantine["row_index"].to_list() == [4]
    told = sorted(int(ref.rsplit(":")[-1]) for ref in decoded.core["transfer_observations"]["source_ref"])
    assert told == sorted([0, 1, *(index for index in range(MANY) if index != 4)])


def test_a_moment_in_a_row_of_another_layout_is_never_rounded_up(put: Put, read: Read) -> None:
    rows = [event["event"]["data"] for event in events()]
    rows[7] |= {"surplus": True, "updated_at": "2026-03-02T00:00:00.9999999Z"}
    put("exports/2026-03-02/a.jsonl", lines(page(rows)))
    assert str(read().core["transfer_observations"]["occurred_at"].max()) == "2026-03-02 00:00:00.999999+00:00"


def test_a_page_that_names_something_twice_is_refused(put: Put, read: Read) -> None:
    rows = [event["event"]["data"] for event in events()]
    put("exports/2026-03-02/a.jsonl", raw(page(rows)).replace(b'"method":"GET"', b'"method":"GET","method":"GET"'))
    assert read().quarantine["reason"].to_list() == ["duplicate_key"]


@pytest.mark.parametrize("odd", ["[" * 62 + "]" * 62, '{"a":1,"a":1}'])
def test_a_page_is_refused_for_what_is_wrong_inside_a_row(put: Put, read: Read, odd: str) -> None:
    rows = [event["event"]["data"] for event in events()]
    written = json.dumps(page([*rows, {"surplus": "here"}])).replace('"here"', odd)
    put("exports/2026-03-02/a.jsonl", written.encode())
    decoded = read()
    assert decoded.pages.is_empty()
    assert decoded.quarantine["row_index"].to_list() == [None]
    assert decoded.core["transfer_observations"].is_empty()


def test_rows_of_a_list_that_the_question_did_not_ask_for_are_not_taken(put: Put, read: Read) -> None:
    rows = [event["event"]["data"] for event in events()]
    asked = page([])
    asked["response"]["body"] = {"transactions": rows}
    put("exports/2026-03-02/a.jsonl", lines(asked))
    decoded = read()
    assert decoded.quarantine["detail"].to_list() == ["response.body.transfers: is missing"]
