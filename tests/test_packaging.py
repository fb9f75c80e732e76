"""However an archive is packed, the report is the same."""

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mono_recon.demo.write import write_demo
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.making import make_report
from mono_recon.report.model import Report
from mono_recon.settings import Settings, load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.archive.written import payload, raw

DAY = date(2026, 3, 2)
AS_OF = datetime(2026, 3, 5, tzinfo=UTC)
FORMS: dict[str, Callable[[bytes], bytes]] = {
    ".json": bytes,
    ".json.gz": gzip.compress,
    ".jsonl": bytes,
    ".ndjson": bytes,
    ".jsonl.gz": gzip.compress,
    ".ndjson.zst": zstandard.compress,
}


@dataclass(frozen=True)
class Record:
    """A record as it lies in a file: its kind, its bytes, and whether a JSON array may hold it."""

    kind: str
    data: bytes
    is_delivery: bool


@dataclass(frozen=True)
class Packing:
    """How an archive is packed: at random, from a seed, each record so many times, read in so many runs."""

    seed: int
    files: int
    times: int
    runs: int
    arrays: bool


PACKINGS = st.builds(
    Packing,
    seed=st.integers(0, 2**32),
    files=st.integers(1, 12),
    times=st.integers(1, 2),
    runs=st.integers(1, 2),
    arrays=st.booleans(),
)


def delivered(body: bytes, received: str, **fields: object) -> bytes:
    return raw({"received_at": received, "headers": {}, "body": body.decode()} | fields)


def by_hand() -> Iterator[Record]:
    """What a demonstration does not have: one event in several shapes, and records that are refused."""
    event = payload()
    event["event"]["data"] |= {"inserted_at": "2026-03-02T15:00:00Z", "updated_at": "2026-03-02T15:30:00Z"}
    event["timestamp"] = "2026-03-02T15:31:00Z"
    pretty = json.dumps(event, indent=1).encode()
    later = raw(event | {"timestamp": "2026-03-02T15:32:00Z"})
    other = json.loads(raw(event))
    other["event"]["data"]["description"] = "the same moment in other words"
    for data in (
        raw(event),
        raw(other),
        delivered(raw(event), "2026-03-02T15:33:00Z"),
        delivered(pretty, "2026-03-02T15:30:30Z", attempt=2),
        delivered(later, "2026-03-02T15:29:00Z"),
        raw({"received_at": "2026-03-02T15:28:00Z", "headers": {}, "body": event}),
        delivered(
            b'{"event": {"type": "bank_transfer_approved", "data": {}}, "timestamp": "2026-03-02T15:31:00Z"}', "x"
        ),
        delivered(b"{}", "2026-03-02T16:00:00Z"),
        delivered(raw(event | {"event": {"type": "card_used", "data": {}}}), "2026-03-02T16:00:00Z"),
    ):
        yield Record("webhooks", data, is_delivery=b'"received_at"' in data)
    for status, page in ((500, {"code": "x", "errors": []}), (200, {"anything": 1})):
        url = "https://api.cuentamono.com/v1/transfers?page_size=2&page_number=1"
        request = {"method": "GET", "url": url, "fetched_at": "2026-03-02T20:00:00Z"}
        yield Record(
            "exports", raw({"request": request, "response": {"status": status, "body": page}}), is_delivery=False
        )


def is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def records_of(root: Path) -> list[Record]:
    """The records of a demonstration and those made by hand, in no file."""
    found = list(by_hand())
    for kind in ("webhooks", "exports"):
        for path in sorted((root / "archive" / kind).rglob("*.jsonl.gz")):
            lines = gzip.decompress(path.read_bytes()).splitlines()
            found += [Record(kind, line, is_delivery=kind == "webhooks" and is_json(line)) for line in lines if line]
    return found


def pack(records: list[Record], packing: Packing, folder: Path) -> Iterator[None]:
    """Write an archive, in as many steps as there are runs."""
    rng = Random(packing.seed)  # noqa: S311  a shuffle
    shuffled = records * packing.times
    rng.shuffle(shuffled)
    for run in range(packing.runs):
        for kind in ("webhooks", "exports"):
            mine = [record for record in shuffled[run :: packing.runs] if record.kind == kind]
            for number in range(packing.files):
                write(mine[number :: packing.files], folder / kind, f"{rng.random()}", rng, arrays=packing.arrays)
        yield


def write(records: list[Record], folder: Path, name: str, rng: Random, *, arrays: bool) -> None:
    """Write one file of lines, or an array of what may stand in one and a document for each of the others."""
    suffix, compressed = rng.choice(list(FORMS.items()))
    place = folder / rng.choice(["", "1999-01-01", "year=2031/more", "ñ"])
    place.mkdir(parents=True, exist_ok=True)
    if not suffix.startswith(".json.") and suffix != ".json":
        ended = rng.choice([b"\n", b"\r\n", b"\n\n"])
        (place / f"{name}{suffix}").write_bytes(compressed(ended.join(record.data for record in records)))
        return
    listed = [record.data for record in records if arrays and record.is_delivery]
    (place / f"{name}{suffix}").write_bytes(compressed(b"[" + b", ".join(listed) + b"]"))
    alone = [record.data for record in records if not (arrays and record.is_delivery)]
    for number, data in enumerate(alone):
        (place / f"{name} {number}{suffix}").write_bytes(compressed(data))


def compared(report: Report) -> dict[str, pl.DataFrame]:
    """The tables of a report but for what tells of the packing."""
    tables = {name: table for name, table in report.tables.items() if name != "lineage"}
    return tables | {"control": tables["control"].filter(~pl.col("metric").str.starts_with("input."))}


def report_on(held: Settings) -> Report:
    with open_warehouse(held.warehouse, read_only=True) as warehouse:
        return make_report(warehouse, held, DAY, AS_OF)


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with settings and an empty warehouse, and the archive that packings are made of."""
    root = tmp_path_factory.mktemp("demonstration")
    write_demo(root, days=2, transfers_per_day=3, first_day=DAY)
    open_warehouse(load_settings(root, None, {}).warehouse, read_only=False).close()
    return root


def repacked(demonstration: Path, records: list[Record], packing: Packing, root: Path) -> Report:
    shutil.copytree(demonstration, root, ignore=shutil.ignore_patterns("archive"))
    held = load_settings(root, None, {})
    held.paths.archive.mkdir()
    for _ in pack(records, packing, held.paths.archive):
        ingest(held, environ={})
    return report_on(held)


@pytest.fixture(scope="module")
def plain(demonstration: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report on the records, each once, in one file of lines for each kind."""
    packing = Packing(seed=0, files=1, times=1, runs=1, arrays=False)
    return repacked(demonstration, records_of(demonstration), packing, tmp_path_factory.mktemp("plain") / "data")


def test_there_is_something_to_compare(plain: Report) -> None:
    heights = {name: table.height for name, table in plain.tables.items()}
    for name in ("outgoing_transfers", "batches", "incoming_credits", "collections", "breaks", "data_quality"):
        assert heights[name] > 0, name
    refused = plain.tables["breaks"].filter(pl.col("class") == "data")["subject_id"]
    assert {f"{reason}:{DAY}" for reason in ("schema", "unknown_shape", "error_response", "card_used")} <= set(refused)


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(packing=PACKINGS)
def test_neither_names_nor_order_nor_packing_nor_repetition_change_a_report(
    demonstration: Path, plain: Report, tmp_path_factory: pytest.TempPathFactory, packing: Packing
) -> None:
    root = tmp_path_factory.mktemp("repacked") / "data"
    report = repacked(demonstration, records_of(demonstration), packing, root)
    expected = compared(plain)
    for name, table in compared(report).items():
        assert table.rows() == expected[name].rows(), name
    assert (report.verdict, report.content_sha256) == (plain.verdict, plain.content_sha256)
    shutil.rmtree(root)
