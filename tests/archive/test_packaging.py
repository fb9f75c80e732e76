import gzip
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import list_archive
from mono_recon.archive.parallel import decode_files, hash_files
from mono_recon.archive.rules import Rules
from tests.archive.written import SECRETS, delivery, payload, raw

NAMES = [
    "bank_transfer_approved",
    "batch_sent",
    "account_credited_incoming_wire",
    "collection_intent_failed",
    "outgoing_transfer_failed",
]
RECORDS: list[dict[str, Any]] = [delivery(raw(payload(name) | {"nota": "\u00f1"})) for name in NAMES]
RECORDS += [RECORDS[0] | {"body": "{"}, RECORDS[1] | {"headers": {"mono-signature": "t=1,v1=1"}}, {"odd": 1}]
PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}
PLACES = ["path", "file_sha256", "line", "byte_offset"]
# What is refused is kept as it was written.
WRITING = ["raw", "raw_sha256"]


def packed(records: list[bytes], form: str, packing: str, ending: bytes, mark: bytes) -> tuple[str, bytes]:
    if form == "jsonl":
        content = b"".join(record + ending for record in records)
    else:
        content = b"[" + (b"," + ending).join(records) + b"]" + ending
    return f".{form}{packing}", PACKINGS[packing](mark + content)


@st.composite
def archives(draw: st.DrawFn) -> list[tuple[str, bytes]]:
    """The same records, in any order, written in any way into any number of files."""
    texts = [
        json.dumps(
            record, ensure_ascii=draw(st.booleans()), separators=draw(st.sampled_from([(",", ":"), (", ", ": ")]))
        )
        for record in draw(st.permutations(RECORDS))
    ]
    cuts = sorted(draw(st.sets(st.integers(1, len(texts) - 1))))
    files = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(texts)], strict=True)):
        suffix, content = packed(
            [text.encode() for text in texts[start:end]],
            draw(st.sampled_from(["jsonl", "json"])),
            draw(st.sampled_from(sorted(PACKINGS))),
            draw(st.sampled_from([b"\n", b"\r\n", b"\n\n \n"])),
            draw(st.sampled_from([b"", b"\xef\xbb\xbf"])),
        )
        files.append((f"webhooks/{number}{suffix}", content))
    return files


def decoded(files: list[tuple[str, bytes]], rules: Rules) -> Decoded:
    with TemporaryDirectory() as folder:
        for name, content in files:
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        listed = list_archive(Path(folder)).files
        (outcome,) = decode_files(list(zip(listed, hash_files(listed), strict=True)), rules)
    return outcome


def facts(outcome: Decoded) -> dict[str, list[str]]:
    frames = {
        "deliveries": outcome.deliveries.drop(PLACES[1:]),
        "quarantine": outcome.quarantine.drop(PLACES + WRITING),
        **{name: frame.drop("record") for name, frame in outcome.core.items()},
    }
    return {name: sorted(map(repr, frame.rows())) for name, frame in frames.items()}


PLAIN = facts(decoded([("webhooks/a.jsonl", b"\n".join(map(raw, RECORDS)))], SECRETS))


@settings(max_examples=25, deadline=None)
@given(archives())
def test_no_packaging_changes_what_is_read(files: list[tuple[str, bytes]]) -> None:
    outcome = decoded(files, SECRETS)
    assert outcome.deliveries.height + outcome.quarantine.height == len(RECORDS)
    assert facts(outcome) == PLAIN
    for name, frame in outcome.core.items():
        refs = outcome.deliveries["delivery_id"].gather(frame["record"])
        assert frame["source_ref"].to_list() == ("w:" + refs).to_list(), name


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=6),
    st.sampled_from(["webhooks", "exports"]),
)
def test_any_bytes_are_accounted_for_line_by_line(texts: list[bytes], kind: str) -> None:
    content = b"\n".join([*texts, b"{}"])
    outcome = decoded([(f"{kind}/a.jsonl", content)], Rules())
    read = outcome.deliveries.height + outcome.pages.height + outcome.quarantine.height
    assert read == sum(bool(text.removeprefix(b"\xef\xbb\xbf").strip()) for text in texts) + 1
    assert outcome.quarantine.schema["raw"] == pl.String
