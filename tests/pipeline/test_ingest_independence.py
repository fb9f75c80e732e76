import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mono_recon.archive.decoded import CORE_TABLES
from mono_recon.pipeline import intake
from mono_recon.warehouse.connect import open_warehouse
from tests.pipeline.archives import FILES, Archive, clock, delivery, ident, page, payload, transfer


def records() -> tuple[list[str], list[str]]:
    """Webhook and export records with everything that merging has to settle."""
    webhooks = [
        delivery(payload(number, state=state), received=40 + number)
        for number in range(6)
        for state in ("in_progress", "approved")
    ]
    webhooks += webhooks[:4]
    webhooks += [delivery(json.dumps(payload(number), indent=1), received=30 + number) for number in (1, 2)]
    webhooks += [json.dumps({"received_at": clock(20), "body": payload(3)}), json.dumps(payload(4, sent=2))]
    webhooks += [delivery(payload(5, event="card_used")), delivery(payload(5, amount={"amount": 1, "currency": "COP"}))]
    webhooks += ["broken", delivery(payload(9, amount={"amount": "5", "currency": "COP"}))]
    exports = [page(1, [transfer(1), transfer(2)], 3, 600), page(2, [transfer(3)], 3, 601)]
    exports += [exports[0], page(1, [], 0, 650, status=500), page(1, [transfer(4), {"id": ident("trn", 7)}], 2, 700)]
    return webhooks, exports


def contents(archive: Archive) -> dict[str, pl.DataFrame]:
    """Everything held that does not tell of the packing."""
    place = "file_sha256, line, byte_offset"
    tables = {name: f"SELECT * FROM mono.core.{name}" for name in CORE_TABLES}  # noqa: S608  names of contracts
    tables |= {
        "deliveries": f"SELECT * EXCLUDE ({place}) FROM mono.raw.deliveries",  # noqa: S608  as above
        "copies": f"SELECT * EXCLUDE ({place}) FROM mono.raw.copies",  # noqa: S608  as above
        "export_pages": f"SELECT * EXCLUDE ({place}) FROM mono.raw.export_pages",  # noqa: S608  as above
        "exports": "SELECT * FROM mono.raw.exports",
        "quarantine": "SELECT kind, reason, detail, raw, known_at, page_id, row_index FROM mono.raw.quarantine",
    }
    with open_warehouse(archive.settings.warehouse, read_only=True) as warehouse:
        return {name: warehouse.query(sql) for name, sql in tables.items()}


def pack(archive: Archive, kind: str, lines: Sequence[str], cuts: Sequence[int], runs: int) -> None:
    """Write records as several files, ingesting in between; blank lines keep files from being copies."""
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(lines)], strict=True)):
        archive.write(f"{kind}/{number}/part.jsonl", *[""] * number, *lines[start:end])
        if number < runs - 1:
            archive.ingest()


@pytest.mark.parametrize("seed", [0, 2])
def test_neither_order_nor_packing_nor_runs_change_what_is_held(
    archive: Archive, template: Path, tmp_path: Path, seed: int
) -> None:
    webhooks, exports = records()
    archive.write("webhooks/all.jsonl", *webhooks)
    archive.write("exports/all.jsonl", *exports)
    result = archive.ingest()
    other = Archive(Path(shutil.copytree(template, tmp_path / "other")))
    shuffled = random.Random(seed)  # noqa: S311  an order, no secret
    for kind, lines in (("webhooks", webhooks), ("exports", exports)):
        shuffled.shuffle(lines)
        pack(other, kind, lines, sorted(shuffled.sample(range(1, len(lines)), 3)), runs=1 + seed)
    other.ingest()
    theirs = contents(other)
    for name, frame in contents(archive).items():
        assert (name, theirs[name].height) == (name, frame.height)
        assert_frame_equal(theirs[name], frame, check_row_order=False)
    totals = other.query(
        "SELECT sum(records_read)::BIGINT, sum(accepted)::BIGINT, sum(duplicates)::BIGINT, sum(unused)::BIGINT,"
        " sum(quarantined)::BIGINT, sum(rows_accepted)::BIGINT FROM mono.raw.files"
    ).row(0)
    assert totals == tuple(
        result.to_dict()[name]
        for name in ("records_read", "accepted", "duplicates", "unused", "quarantined", "rows_accepted")
    )


def test_portions_make_no_difference(
    archive: Archive, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Archive(Path(shutil.copytree(template, tmp_path / "other")))
    webhooks, exports = records()
    for root in (archive, other):
        root.write("webhooks/all.jsonl", *webhooks)
        root.write("exports/all.jsonl", *exports)
    archive.ingest()
    monkeypatch.setattr("mono_recon.archive.chunks.CHUNK_BYTES", 1000)
    monkeypatch.setattr(intake, "_PORTION_BYTES", 2000)
    other.ingest()
    theirs = contents(other)
    for name, frame in contents(archive).items():
        assert_frame_equal(theirs[name], frame, check_row_order=False)
    assert_frame_equal(other.query(FILES), archive.query(FILES))
