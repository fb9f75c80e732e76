"""Records read together, which have a layout in common, held against each read by itself."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.archive import layouts
from mono_recon.archive.chunks import Chunk, Piece, Source
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile
from tests.fuzz.mutations import KINDS, VALID, changed, damaged, with_odd_values
from tests.fuzz.reading import RULES
from tests.soaking import examples

_NEVER = 1_000_000_000


@pytest.fixture(autouse=True)
def every_layout_is_worth_learning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "_FEWEST", 1)


def test_an_odd_value_among_plain_deliveries_is_read_as_by_itself() -> None:
    for event in (record for record in VALID["webhooks"] if "event" in record):
        raw = json.dumps(event).encode()
        _check("webhooks", [_delivered(body) for body in (raw, *with_odd_values(event), raw)])


def test_an_odd_value_among_plain_pages_is_read_as_by_itself() -> None:
    for record in VALID["exports"]:
        raw = json.dumps(record).encode()
        _check("exports", [raw, *with_odd_values(record), raw])


@examples(quick=60, soak=10_000)
@given(st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), st.lists(changed(kind) | damaged(kind)))))
def test_records_read_together_are_read_as_by_themselves(case: tuple[str, list[bytes]]) -> None:
    kind, records = case
    _check(kind, [*(json.dumps(record).encode() for record in VALID[kind]), *records])


def _delivered(body: bytes) -> bytes:
    return json.dumps({"received_at": "2026-03-02T01:12:09Z", "headers": {}, "body": body.decode()}).encode()


def _check(kind: str, records: Sequence[bytes]) -> None:
    lines = [raw for raw in records if b"\n" not in raw]
    together = list(_rows(_read(kind, lines)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layouts, "_FEWEST", _NEVER)
        alone = list(_rows(_read(kind, lines)))
    for said, (name, expected) in zip(together, alone, strict=True):
        assert said[0] == name
        assert said[1].equals(expected), name


def _read(kind: str, lines: Sequence[bytes]) -> Decoded:
    file = ArchiveFile(f"{kind}/a.jsonl", "a.jsonl", kind, 1, 0, date(2026, 3, 1), datetime(2026, 3, 3, 5, tzinfo=UTC))
    return decode_chunk(Chunk((Piece(Source(file, "0" * 64), "lines", b"\n".join(lines)),)), RULES)


def _rows(decoded: Decoded) -> Iterator[tuple[str, pl.DataFrame]]:
    """All frames; rows of ``core`` are in no order."""
    yield "deliveries", decoded.deliveries
    yield "pages", decoded.pages
    yield "quarantine", decoded.quarantine.sort("line", "row_index")
    for name, frame in decoded.core.items():
        yield name, frame.sort(pl.all().exclude(pl.List))
