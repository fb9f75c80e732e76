import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
import zstandard

from mono_recon.archive.decoded import Decoded
from mono_recon.archive.rules import Rules
from tests.archive.written import Put, Read, lines, payload, raw, sha256

EVENTS = [payload("bank_transfer_approved"), payload("batch_sent"), payload("account_credited_incoming_wire")]
LINES = lines(*EVENTS)
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def refused(outcome: Decoded) -> list[tuple[Any, ...]]:
    return outcome.quarantine.select("reason", "line", "byte_offset", "raw").rows()


@pytest.mark.parametrize("suffix", PACKINGS)
def test_places_are_those_of_the_decompressed_content(suffix: str, put: Put, read: Read) -> None:
    content = b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n\r\n \t\n")
    put(f"webhooks/a.jsonl{suffix}", PACKINGS[suffix](content))
    outcome = read()
    offsets = [content.index(raw(event)) for event in EVENTS]
    assert outcome.deliveries.select("line", "byte_offset").rows() == list(zip([1, 4, 7], offsets, strict=True))
    assert outcome.deliveries["delivery_id"].to_list() == [sha256(raw(event)) for event in EVENTS]


@pytest.mark.parametrize("suffix", PACKINGS)
@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n \r\n", b"[]", b" [ ]\n"])
def test_a_file_without_records_has_none(suffix: str, content: bytes, put: Put, read: Read) -> None:
    put(f"webhooks/a.json{suffix}", PACKINGS[suffix](content))
    outcome = read()
    assert outcome.deliveries.height == outcome.quarantine.height == 0


def test_an_empty_compressed_file_has_no_records(put: Put, read: Read) -> None:
    put("webhooks/a.json.gz", b"")
    put("webhooks/b.jsonl.zst", b"")
    assert read().quarantine.is_empty()


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_members_that_follow_each_other_are_one_content(suffix: str, put: Put, read: Read) -> None:
    pack = PACKINGS[suffix]
    put(
        f"webhooks/a.jsonl{suffix}",
        pack(LINES[:500]) + pack(b"") + pack(LINES[500:]) + (b"\0" * 512 if suffix == ".gz" else b""),
    )
    outcome = read()
    assert (outcome.deliveries.height, outcome.quarantine.height) == (3, 0)


@pytest.mark.parametrize("cut", [0, 10, 800])
def test_records_before_the_damage_are_kept_and_the_damage_is_one_more(cut: int, put: Put, read: Read) -> None:
    content = LINES + raw(EVENTS[0])[:cut]
    put("webhooks/a.jsonl.gz", gzip.compress(content)[:-8])
    outcome = read()
    assert outcome.deliveries["delivery_id"].to_list() == [sha256(raw(event)) for event in EVENTS]
    assert refused(outcome) == [("unreadable_file", 4, len(LINES), content[len(LINES) :].decode())]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_file_cut_anywhere_gives_its_whole_records_and_one_damage(suffix: str, put: Put, read: Read) -> None:
    packed = PACKINGS[suffix](b"".join(lines(event | {"n": n}) for n in range(400) for event in EVENTS))
    for size in (len(packed) // 2, len(packed) - 1):
        put(f"webhooks/a.jsonl{suffix}", packed[:size])
        outcome = read()
        assert outcome.quarantine["reason"].to_list() == ["unreadable_file"]
        assert outcome.deliveries["line"].to_list() == list(range(1, outcome.deliveries.height + 1))


def test_a_whole_last_line_without_ending_is_kept_beside_the_damage(put: Put, read: Read) -> None:
    put("webhooks/a.jsonl.gz", gzip.compress(LINES.rstrip(b"\n"))[:-8])
    outcome = read()
    assert outcome.deliveries.height == 3
    assert refused(outcome) == [("unreadable_file", 3, len(LINES) - 1, "")]


@pytest.mark.parametrize("content", [b"plain text", gzip.compress(LINES) + b"rest", b"\x1f\x8b"])
def test_what_cannot_be_decompressed_is_one_record(content: bytes, put: Put, read: Read) -> None:
    put("webhooks/a.jsonl.gz", content)
    put("webhooks/b.jsonl.zst", content.replace(gzip.compress(LINES), PACKINGS[".zst"](LINES)))
    assert read().quarantine["reason"].to_list() == ["unreadable_file"] * 2


@pytest.mark.parametrize(("size", "kept"), [(0, 3), (20, 3), (len(LINES) // 2, 3)])
def test_an_array_that_breaks_off_keeps_its_whole_elements(size: int, kept: int, put: Put, read: Read) -> None:
    head = b"[\n" + b",\n".join(map(raw, EVENTS))
    content = head + b",\n" * bool(size) + raw(EVENTS[0])[:size]
    put("webhooks/a.json.gz", gzip.compress(content)[:-8])
    outcome = read()
    cut = content[len(head) + 2 :]
    is_whole = cut == raw(EVENTS[0])
    assert outcome.deliveries.height == kept + is_whole
    assert outcome.quarantine["reason"].to_list() == ["unreadable_file"]
    assert outcome.quarantine["raw"].item() == ("" if is_whole else cut.decode())


def test_a_document_that_breaks_off_is_the_damage_itself(put: Put, read: Read) -> None:
    put("webhooks/a.json.gz", gzip.compress(raw(EVENTS[0])[:300])[:-8])
    put("webhooks/b.json.gz", gzip.compress(raw(EVENTS[0]))[:-8])
    outcome = read()
    assert outcome.deliveries.height == 1
    assert refused(outcome) == [
        ("unreadable_file", 1, 0, raw(EVENTS[0])[:300].decode()),
        ("unreadable_file", 1, len(raw(EVENTS[0])), ""),
    ]


@pytest.mark.parametrize("suffix", PACKINGS)
def test_a_content_above_the_limit_is_cut_there(suffix: str, put: Put, read: Read) -> None:
    put(f"webhooks/a.jsonl{suffix}", PACKINGS[suffix](LINES))
    limit = len(LINES) - 10
    outcome = read(Rules(max_file_bytes=limit))
    start = LINES.index(raw(EVENTS[2]))
    assert outcome.deliveries.height == 2
    assert refused(outcome) == [("oversized_record", 3, start, LINES[start:limit].decode())]
    assert read(Rules(max_file_bytes=len(LINES))).quarantine.is_empty()


@pytest.mark.parametrize("suffix", PACKINGS)
@pytest.mark.parametrize("length", [3_000, 100_000, 5_000_000])
def test_a_record_above_the_limit_is_refused_and_its_neighbours_are_read(
    length: int, suffix: str, put: Put, read: Read
) -> None:
    long = raw(EVENTS[0] | {"filler": "x" * length})
    put(f"webhooks/a.jsonl{suffix}", PACKINGS[suffix](LINES + long + b"\r\n" + LINES))
    outcome = read(Rules(max_record_bytes=2_000))
    row = outcome.quarantine.row(0, named=True)
    assert (row["reason"], row["line"], row["byte_offset"]) == ("oversized_record", 4, len(LINES))
    assert (row["raw"], row["raw_sha256"]) == (long[: 64 * 1024].decode(), sha256(long))
    assert outcome.deliveries["line"].to_list() == [1, 2, 3, 5, 6, 7]
    assert outcome.deliveries["byte_offset"][3] == len(LINES) + len(long) + 2


def test_a_record_of_exactly_the_limit_is_read(put: Put, read: Read) -> None:
    text = raw(EVENTS[0])
    put("webhooks/a.jsonl", b"\xef\xbb\xbf" + text + b"\r\n")
    put("webhooks/b.json", b"\xef\xbb\xbf" + text + b"\r\n")
    assert read(Rules(max_record_bytes=len(text))).deliveries.height == 2
    assert read(Rules(max_record_bytes=len(text) - 1)).quarantine["reason"].to_list() == ["oversized_record"] * 2


@pytest.mark.parametrize("length", [3_000, 100_000, 5_000_000])
def test_an_element_above_the_limit_is_refused_and_its_neighbours_are_read(length: int, put: Put, read: Read) -> None:
    long = raw(EVENTS[0] | {"filler": 'x"\\' * (length // 3)})
    content = b"[\n" + b" ,\n".join([raw(EVENTS[0]), long, raw(EVENTS[1])]) + b"\n]\n"
    put("webhooks/a.json", content)
    outcome = read(Rules(max_record_bytes=2_000))
    row = outcome.quarantine.row(0, named=True)
    assert (row["reason"], row["line"], row["byte_offset"]) == ("oversized_record", 3, content.index(long))
    assert (row["raw"], row["raw_sha256"]) == (long[: 64 * 1024].decode(), sha256(long))
    assert outcome.deliveries["line"].to_list() == [2, 4]
    assert outcome.deliveries["byte_offset"].to_list() == [2, content.index(raw(EVENTS[1]))]


@pytest.mark.parametrize("limit", [8 * 1024 * 1024, 1_600])
def test_an_array_is_split_alike_in_one_piece_and_in_several(limit: int, put: Put, read: Read) -> None:
    content = (
        b"\xef\xbb\xbf \n" + json.dumps([*EVENTS, 5, None, "[,]", [[]], {"a": '\\"'}], indent=1).encode() + b"\n\n"
    )
    put("webhooks/a.json", content)
    outcome = read(Rules(max_record_bytes=limit))
    starts = outcome.deliveries["byte_offset"].to_list()
    assert [content[start : start + 1] for start in starts] == [b"{"] * 3
    assert outcome.deliveries["line"].to_list() == [1 + content.count(b"\n", 0, start) for start in starts]
    assert outcome.quarantine["raw"].to_list() == ["5", "null", '"[,]"', "[\n  []\n ]", '{\n  "a": "\\\\\\""\n }']
    assert set(outcome.quarantine["reason"]) == {"unknown_shape"}


BROKEN = [
    b"[%b",
    b"[%b,]",
    b"[,%b]",
    b"[%b] x",
    b"[%b]]",
    b"[%b][]",
    b"[%b}",
    b"[%b {}]",
    b"[%b,NaN]",
    b"[%b,{'a':1}]",
    b"[%b,{]",
]


@pytest.mark.parametrize("form", BROKEN)
def test_a_document_that_is_no_json_is_one_record(form: bytes, put: Put, read: Read) -> None:
    content = form % raw(EVENTS[0])
    put("webhooks/a.json", content)
    outcome = read()
    assert refused(outcome) == [("malformed_json", 1, 0, content.decode())]
    assert outcome.deliveries.is_empty()
    assert [row[0] for row in refused(read(Rules(max_record_bytes=400)))] == ["oversized_record"]


def test_lines_in_a_document_are_no_document(put: Put, read: Read) -> None:
    put("webhooks/a.json", LINES)
    assert [row[:3] for row in refused(read())] == [("malformed_json", 1, 0)]


def test_a_bad_element_of_an_array_is_refused_by_itself(put: Put, read: Read) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    elements = [raw(EVENTS[0]), b'{"a":"\xff"}', b'{"a":1,"a":2}', deep, b'{"a":"\\ud800"}', raw(EVENTS[1])]
    put("webhooks/a.json", b"[" + b",".join(elements) + b"]")
    outcome = read()
    reasons = ["invalid_utf8", "duplicate_key", "malformed_json", "unknown_shape"]
    assert outcome.quarantine["reason"].to_list() == reasons
    assert outcome.deliveries.height == 2


def test_blank_lines_and_line_endings_around_a_document_are_no_part_of_it(put: Put, read: Read) -> None:
    text = json.dumps(EVENTS[0], indent=2).encode()
    put("webhooks/a.json", b"\r\n \n  " + text + b"  \r\n\r\n\n")
    row = read().deliveries.row(0, named=True)
    assert row["delivery_id"] == sha256(b"  " + text + b"  ")
    assert (row["line"], row["byte_offset"]) == (3, 4)
