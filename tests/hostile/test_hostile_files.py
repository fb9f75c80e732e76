"""Files that somebody may leave in an archive to do harm, or that go wrong by themselves: all through the ingest."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
import zstandard

from mono_recon.pipeline.reports import issue_dates
from tests.pipeline.archives import Archive, delivery, payload
from tests.soaking import SOAKING

MIB = 1024 * 1024
DEPTH = 100_000
REASONS = "SELECT path, line, reason, length(raw) AS kept FROM mono.raw.quarantine ORDER BY path, line, byte_offset"
PATHS = "SELECT path, accepted FROM mono.raw.files ORDER BY path"
NAMES = [
    "with space.json",
    'it\'s "quoted".json',
    "line\nbreak\r.json",
    "ñandú 😀.json",
    "'; DROP TABLE mono.raw.files; --.json",
    "=1+1.json",
    "-rf ~.json",
    "$(reboot) `reboot` %s {0} \\x41.json",
    "\x1b[2J.json",
    "*.json",
    "a" * 250 + ".json",
]
LIMIT = 2048 * MIB if SOAKING else 448 * MIB
DECOMPRESSED = 3072 * MIB if SOAKING else 512 * MIB
LARGEST_PEAK = 640 * MIB
"""An ingest of one record takes 250; a file that is held whole would add its limit."""
INGEST = """
import json, re, resource, sys
from pathlib import Path
from mono_recon.pipeline.ingest import ingest
from mono_recon.settings import load_settings
result = ingest(load_settings(Path(sys.argv[1]), None, {}), environ={})
own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps([result.to_dict(), max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)]))
"""


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_records_a_hundred_thousand_deep_are_refused_and_their_neighbours_are_read(archive: Archive) -> None:
    body = json.dumps(payload(1))
    inner = body[:-1] + f', "unused": {deep(DEPTH)}}}'
    objects = '{"a":' * DEPTH + "1" + "}" * DEPTH
    archive.write("webhooks/a.jsonl", deep(DEPTH), "[" * DEPTH, inner, delivery(inner), objects, delivery(payload(2)))
    archive.write("webhooks/b.json", f"[{deep(DEPTH)}, {delivery(payload(3))}]")
    archive.write("webhooks/c.json", objects)
    archive.write("exports/d.jsonl", deep(DEPTH), json.dumps({"request": 1})[:-1] + f', "response": {deep(DEPTH)}}}')
    result = archive.ingest()
    assert (result.records_read, result.accepted, result.quarantined) == (11, 2, 9)
    refused = archive.query(REASONS)
    assert set(refused["reason"]) == {"malformed_json"}
    assert refused["kept"].max() == 64 * 1024


def test_a_record_of_nine_mebibytes_is_refused_and_its_neighbours_are_read(archive: Archive) -> None:
    long = json.dumps(payload(1) | {"unused": "x" * 9 * MIB})
    archive.write("webhooks/a.jsonl", delivery(payload(2)), long, delivery(payload(3)))
    archive.write("webhooks/b.json", f"[{long}, {delivery(payload(4))}]")
    archive.write("webhooks/c.json", long)
    archive.write("exports/d.jsonl", long)
    result = archive.ingest()
    assert (result.accepted, result.quarantined) == (3, 4)
    rows = [(path, line, "oversized_record", 64 * 1024) for path, line in zip("dabc", [1, 2, 1, 1], strict=True)]
    assert [(path[-7 if "x" in path else 9 :][:1], *rest) for path, *rest in archive.query(REASONS).rows()] == rows


def zeros(packed: Callable[[bytes], bytes], start: bytes = b"") -> bytes:
    """A small file whose content is large: members that follow each other are one content."""
    member = packed(bytes(64 * MIB))
    return packed(start) * bool(start) + member * (DECOMPRESSED // (64 * MIB))


def test_what_a_small_file_decompresses_to_is_cut_at_the_limit_and_never_held(tmp_path: Path) -> None:
    root = tmp_path / "data"
    (root / "archive/webhooks").mkdir(parents=True)
    (root / "mono_recon.toml").write_text(f"[archive]\nmax_file_bytes = {LIMIT}\n", encoding="utf-8")
    event = json.dumps(payload(1)).encode()
    zipped, zstd = gzip.compress, zstandard.ZstdCompressor().compress
    contents = {
        "a.jsonl.gz": zeros(zipped, event + b"\n"),
        "b.jsonl.zst": zeros(zstd, event.replace(b"0001", b"0002") + b"\n"),
        "c.json.gz": zeros(zipped),
        "d.json.zst": zeros(zstd, b"[" + event.replace(b"0001", b"0003") + b',"'),
    }
    for name, content in contents.items():
        assert len(content) < DECOMPRESSED // 100
        (root / "archive/webhooks" / name).write_bytes(content)
    done = subprocess.run([sys.executable, "-c", INGEST, root], capture_output=True, text=True, check=True)
    result, peak = json.loads(done.stdout)
    assert (result["records_read"], result["accepted"], result["quarantined"]) == (7, 3, 4)
    refused = Archive(root).query(REASONS)
    assert refused["reason"].to_list() == ["oversized_record"] * 4
    assert peak * 1024 < LARGEST_PEAK


def test_links_in_circles_end(archive: Archive) -> None:
    archive.write("webhooks/day/a.json", delivery(payload(1)))
    day = archive.folder / "webhooks/day"
    (day / "up").symlink_to(archive.folder, target_is_directory=True)
    (day / "self").symlink_to("self")
    (day / "b.json").symlink_to("b.json")
    (day / "ping").symlink_to("pong")
    (day / "pong").symlink_to("ping")
    (day / "c.jsonl").symlink_to("a.json")
    result = archive.ingest()
    assert (result.accepted, result.quarantined, result.copies) == (1, 1, 1)
    assert archive.query(REASONS).rows() == [("webhooks/day/b.json", 1, "unreadable_file", 0)]


def test_no_file_name_does_harm_on_the_way_to_the_pack(archive: Archive) -> None:
    for number, name in enumerate(NAMES):
        archive.write(f"webhooks/{name}", delivery(payload(number)))
    odd = os.fsencode(archive.folder / "webhooks") + b"/\xff\xfe.json"
    Path(os.fsdecode(odd)).write_text(delivery(payload(99)), encoding="utf-8")
    assert archive.ingest().accepted == len(NAMES) + 1
    paths = sorted([*(f"webhooks/{name}" for name in NAMES), "webhooks/\\xff\\xfe.json"])
    assert archive.query(PATHS).sort("path").rows() == [(path, 1) for path in paths]
    now = datetime(2026, 6, 1, tzinfo=UTC)
    (issued,) = issue_dates(archive.settings, [date(2026, 3, 2)], as_of="latest", replay=False, now=now)
    assert sorted(pl.read_parquet(issued.folder / "lineage.parquet")["path"]) == paths
    manifest = json.loads((issued.folder / "manifest.json").read_text("utf-8"))
    assert sorted(file["path"] for file in manifest["source_files"]) == paths


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".jsonl.gz", ".json.zst"])
def test_a_file_of_bytes_that_are_no_record_has_one_nevertheless(archive: Archive, suffix: str) -> None:
    contents = [b"\0", b"\0" * 5000, b"\0\xff", b"\xff" * 100, b"\x1f\x8b\x08\x00" + b"\0" * 9]
    for number, content in enumerate(contents):
        file = archive.folder / f"webhooks/{number}{suffix}"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    archive.ingest()
    assert archive.query("SELECT records_read, quarantined FROM mono.raw.files").rows() == [(1, 1)] * len(contents)
