"""Records of every fate, mixed, and the ways in which an archive may hold them.

Each record is written here together with what has to become of it, so that no figure expected comes from the
code under test.
"""

import base64
import gzip
import hmac
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard
from hypothesis import strategies as st

PAYLOADS = Path(__file__).parents[1] / "fixtures/payloads"
KEY = "whsec_ofTheTests"
FETCHED = "fetched_at=2026-03-03T05-00-02Z"
SETTINGS = '[[webhooks.secrets]]\nname = "main"\nenv = "SECRET"\nvalid_from = "2026-01-01T00:00:00Z"\n'
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": lambda content: gzip.compress(content, 1, mtime=0),
    ".zst": zstandard.ZstdCompressor().compress,
}
MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Record:
    """A record and its fate.

    Attributes:
        kind: ``webhooks`` or ``exports``.
        raw: Its bytes.
        fate: ``accepted``, ``unused`` or ``quarantined``, were it the only one of its identity.
        identity: What it shares with its duplicates.
        folder: Folder that gives it its clock.
        rows: Rows of a page that are accepted and quarantined.
        fits_array: Whether it may be the element of an array and still be the same record.
    """

    kind: str
    raw: bytes
    fate: str
    identity: str
    folder: str = ""
    rows: tuple[int, int] = (0, 0)
    fits_array: bool = True


@dataclass(frozen=True)
class File:
    """A file of an archive: how many records were written into it, and the ingest that finds it first."""

    path: str
    content: bytes
    records: int
    damages: int
    round: int


def canonical(value: object) -> bytes:
    """The one spelling in which a text and its parsed form have the same hash."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _payload(name: str, number: int) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(next(PAYLOADS.glob(f"webhook_*_{name}.json")).read_text("utf-8"))
    data = loaded["event"]["data"]
    data["id"] = f"{data['id'].partition('_')[0]}_{number:022d}"
    return loaded


def _delivery(body: bytes, minute: int, /, **fields: object) -> bytes:
    digest = hmac.digest(KEY.encode(), b"1772413929." + body, "sha256").hex()
    headers = {"Mono-Signature": f"t=1772413929,v1={digest}"}
    received = {"received_at": f"2026-03-02T01:{minute:02d}:09.114Z", "headers": headers}
    return canonical({**received, "body": body.decode(), **fields})


def _of_event(payload: dict[str, Any], identity: str, fate: str) -> list[Record]:
    """The same event as it may be delivered: again, otherwise wrapped, unsigned, parsed, bare and forged."""
    body = canonical(payload)
    encoded = json.loads(_delivery(body, 3)) | {"body_base64": base64.b64encode(body).decode()}
    del encoded["body"]
    pairs = [["content-type", "application/json"], ["MONO-SIGNATURE", "garbled"]]
    good = [
        _delivery(body, 5),
        _delivery(body, 4, attempt=2),
        canonical(encoded),
        _delivery(body, 2, headers={}),
        _delivery(body, 1, headers=pairs),
        _delivery(body, 6, body=payload),
    ]
    records = [Record("webhooks", raw, fate, identity) for raw in good]
    forged = _delivery(body, 7, headers={"Mono-Signature": "t=1772413929,v1=" + "0" * 64})
    return [*records, Record("webhooks", forged, "quarantined", "")]


def _spelled_anew(payload: dict[str, Any], identity: str, fate: str) -> list[Record]:
    """Other bytes that state the same event."""
    later = payload | {"timestamp": "2026-03-02T09:00:00Z"}
    turned = dict(reversed(payload["event"]["data"].items()))
    shuffled = {"timestamp": payload["timestamp"], "event": {"type": payload["event"]["type"], "data": turned}}
    bodies = [json.dumps(shuffled, indent=1).encode(), canonical(later)]
    return [Record("webhooks", _delivery(body, minute), fate, identity) for minute, body in enumerate(bodies, 8)]


def _events() -> list[Record]:
    records = []
    for number, name in enumerate(
        ("bank_transfer_approved", "batch_sent", "account_credited_incoming_wire", "collection_intent_failed")
    ):
        payload = _payload(name, number)
        records += [*_of_event(payload, name, "accepted"), *_spelled_anew(payload, name, "accepted")]
        other = deepcopy(payload)
        other["event"]["data"]["reference"] = "another text"
        records.append(Record("webhooks", _delivery(canonical(other), 20), "accepted", f"{name}, other content"))
    bare = canonical(_payload("bank_transfer_rejected", 9))
    records += [Record("webhooks", bare, "accepted", "bare")]
    unknown = _payload("outgoing_transfer_failed", 5)
    records += _of_event(unknown, "unknown type", "unused")
    return [*records, *_spelled_anew(unknown, "unknown type", "unused")]


def _broken_events() -> list[Record]:
    payload = _payload("bank_transfer_approved", 7)
    text = canonical(payload)
    amounts = [b'"1600.50"', b"1600.505", b"1e6", b"true", b"-1", b"9223372036854775808", b"null"]
    bodies = [text.replace(b"1600000", amount, 1) for amount in amounts]
    bodies += [text[:-1] + b',"timestamp":"2026-03-02T09:00:00Z"}', text.replace(b"approved", b"appr\\ud800", 1)]
    bodies += [text.replace(b"trn_", b"trn-", 1), text.replace(b"2022-12-28T16:19:52.530158Z", b"2022-02-30T16:19:52Z")]
    odd = [b"{}", b'{"a":1,"a":2}', b'{"body":5}', b'{"body":"{}","body_base64":"e30="}', b'{"body_base64":"*"}', b"17"]
    fitting = [_delivery(body, 9) for body in bodies] + [b'{"note":"\xff"}', b'{"a":' + b"[" * 99 + b"]" * 99 + b"}"]
    broken = [b'{"event":', b"{'a':1}", b"not json", b"\x00", b'{"a":NaN}', b"{}{}", text + b",", b"\xff\xfe"]
    return [Record("webhooks", raw, "quarantined", "") for raw in fitting + odd] + [
        Record("webhooks", raw, "quarantined", "", fits_array=False) for raw in broken
    ]


def _row(number: int, **fields: object) -> dict[str, Any]:
    row: dict[str, Any] = _payload("bank_transfer_approved", number)["event"]["data"]
    return row | fields


def _captured(number: int, rows: Sequence[object], path: str = "transfers", **fields: object) -> bytes:
    pagination = {"page_number": number, "page_size": 10, "total_items": 3, "total_pages": 2}
    request = {"method": "GET", "url": f"https://api.cuentamono.com/v1/{path}?page_number={number}"}
    return canonical(
        {
            "request": {**request, "fetched_at": f"2026-03-03T05:00:{number:02d}Z"},
            "response": {"status": 200, "headers": {}, "body": {"pagination": pagination, path: rows}},
            **fields,
        }
    )


def _pages() -> list[Record]:
    bad_rows = [_row(32, amount={"amount": "1", "currency": "COP"}), {"id": None}, 7]
    first, second = _captured(1, [_row(30), _row(31), *bad_rows]), _captured(2, [_row(33)])
    spelled = json.dumps(json.loads(second)).encode()
    declared = _captured(1, [_row(34)], export={"id": "nightly", "started_at": "2026-03-03T04:59:00Z"})
    bare = canonical({"transfers": [_row(35)], "pagination": {"page_number": 1}})
    error = canonical({"code": "401 Unauthorized", "errors": []})
    failed = json.loads(second) | {"response": {"status": 503, "body": "down"}}
    return [
        Record("exports", first, "accepted", "first page", rows=(2, 3)),
        Record("exports", second, "accepted", "second page", rows=(1, 0)),
        Record("exports", spelled, "accepted", "second page", rows=(1, 0), fits_array=False),
        Record("exports", declared, "accepted", "declared page", rows=(1, 0)),
        Record("exports", bare, "accepted", "bare page", folder=FETCHED, rows=(1, 0)),
        Record("exports", bare, "quarantined", ""),
        Record("exports", _captured(1, [], "cards"), "unused", "unknown resource"),
        Record("exports", canonical({"hello": 1}), "unused", "no page"),
        Record("exports", canonical(failed), "quarantined", ""),
        Record("exports", error, "quarantined", "", folder=FETCHED),
        Record("exports", b'{"request":', "quarantined", "", fits_array=False),
    ]


POOL = [*_events(), *_broken_events(), *_pages()]


def expected(records: Sequence[Record]) -> dict[str, int]:
    """The fate of a mixture: of equal records one is used, the others repeat it."""
    used = {(record.kind, record.identity, record.folder): record for record in records if record.identity}
    fates = [record.fate for record in used.values()]
    refused = sum(record.fate == "quarantined" for record in records)
    counts = {
        "records_read": len(records),
        "accepted": fates.count("accepted"),
        "duplicates": len(records) - refused - len(used),
        "unused": fates.count("unused"),
        "quarantined": refused,
        "rows_accepted": sum(record.rows[0] for record in used.values()),
        "rows_quarantined": sum(record.rows[1] for record in used.values()),
    }
    return counts | {"rows_read": counts["rows_accepted"] + counts["rows_quarantined"]}


mixtures = st.lists(st.sampled_from(POOL), min_size=12, max_size=60)
"""Records of all fates, each once or often."""


def plainly(records: Sequence[Record]) -> list[File]:
    """A packaging without any art: lines, in one file for each folder."""
    return [
        File(f"{kind}/{folder}/plain.jsonl", b"\n".join(record.raw for record in group), len(group), 0, 0)
        for (kind, folder, _), group in _grouped(records, [0] * len(records))
    ]


@st.composite
def packagings(draw: st.DrawFn, records: Sequence[Record]) -> list[File]:
    """The same records in any order, in any number of files of any form, found by one ingest or two."""
    shuffled = draw(st.permutations(records))
    places = draw(st.lists(st.integers(0, 4), min_size=len(records), max_size=len(records)))
    files: list[File] = []
    for (kind, folder, place), group in _grouped(shuffled, places):
        form = draw(st.sampled_from(["jsonl", "ndjson", "array", "documents"]))
        fitting = [record for record in group if record.fits_array or form != "array"]
        parts = [[record] for record in group] if form == "documents" else [fitting]
        rest = [record for record in group if record not in fitting]
        for part, of_form in [(part, form) for part in parts if part] + [(rest, "jsonl")] * bool(rest):
            path = f"{kind}/{folder}/{place}/{len(files)}"
            files.append(draw(_files(part, of_form, path, len(files))))
    return files


@st.composite
def _files(draw: st.DrawFn, records: Sequence[Record], form: str, path: str, number: int) -> File:
    ending = draw(st.sampled_from([b"\n", b"\r\n", b"\n\n \t\n"]))
    content = draw(st.sampled_from([b"", MARK]))
    if form == "array":
        content += b"[" + (ending + b" , ").join(record.raw for record in records) + b" ]"
    else:
        content += ending.join(record.raw for record in records)
    # Blank lines at the end are nothing, but no two files are copies of each other.
    content += ending * (number + 1)
    packing = draw(st.sampled_from(sorted(PACKINGS)))
    suffix = form if form in {"jsonl", "ndjson"} else "json"
    packed = PACKINGS[packing](content)
    # Without its checksum a file is damaged behind its last record; a document that is no JSON is the damage itself.
    is_whole = form != "documents" or all(record.fits_array for record in records)
    is_damaged = packing == ".gz" and is_whole and draw(st.booleans())
    name = f"{path}.{suffix}{packing}"
    found = draw(st.sampled_from([0, 1]))
    return File(name, packed[:-8] if is_damaged else packed, len(records) + is_damaged, int(is_damaged), found)


def _grouped(records: Sequence[Record], places: Iterable[int]) -> Iterable[tuple[tuple[str, str, int], list[Record]]]:
    groups: dict[tuple[str, str, int], list[Record]] = defaultdict(list)
    for record, place in zip(records, places, strict=True):
        groups[record.kind, record.folder or "any", place].append(record)
    return groups.items()
