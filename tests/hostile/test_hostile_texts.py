"""Harmful texts in every field, from the archive to the pack: kept as they are, and never obeyed."""

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mono_recon.pipeline.ingest import IngestResult, ingest
from mono_recon.pipeline.reports import issue_dates
from mono_recon.report.csv import csv_frame, read_csv
from mono_recon.settings import Settings, load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.commands import command
from tests.hostile.texts import (
    CONTROLS,
    FETCHED,
    FORMULAS,
    HOSTILE,
    MOMENT,
    UNSTORABLE,
    answers,
    events,
    renamed,
    state_leaves,
    text_leaves,
    with_text,
)

DAY = date(2026, 3, 2)
LABEL = "=1+1"
PAYERS = f'[[credits.known_payers]]\nlabel = "{LABEL}"\nname_pattern = ".*"\n'
LARGE = {"amount": 10**15, "currency": "COP"}
NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")


@dataclass(frozen=True)
class Issued:
    """What became of an archive of harmful texts: the root, the counts of its ingest, and the pack."""

    settings: Settings
    storable: IngestResult
    unstorable: IngestResult
    pack: Path


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    root = tmp_path_factory.mktemp("hostile")
    (root / "mono_recon.toml").write_text(PAYERS, encoding="utf-8")
    settings = load_settings(root, None, {})
    archive = settings.paths.archive
    numbers = count(1)
    write(archive / "webhooks/storable.jsonl", storable_events(numbers))
    write(archive / "exports/pages.jsonl", pages(numbers))
    storable = ingest(settings, environ={})
    write(archive / "webhooks/unstorable.jsonl", unstorable_events(numbers))
    unstorable = ingest(settings, environ={})
    now = datetime(2026, 6, 1, tzinfo=UTC)
    (report,) = issue_dates(settings, [DAY], as_of="latest", replay=False, now=now)
    return Issued(settings, storable, unstorable, report.folder)


def write(path: Path, records: Iterator[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")


def storable_events(numbers: Iterator[int]) -> Iterator[Any]:
    """Each object with each text in all its free fields, and once more in its state; each type once as a text."""
    for event in events():
        for text in HOSTILE:
            data = event["event"]["data"]
            for leaves in (list(text_leaves(data)), state_leaves(data)):
                if leaves:
                    shown = {"amount": LARGE} if text in CONTROLS and "amount" in data else {}
                    changed = {**event["event"], "data": with_text(data, leaves, text) | shown}
                    yield renamed({**event, "event": changed}, next(numbers))
    for text in HOSTILE:
        yield {"event": {"type": text, "data": {"id": text, "state": text}}, "timestamp": MOMENT, text: text}


def pages(numbers: Iterator[int]) -> Iterator[Any]:
    """A complete export of each resource with each text in all free fields of a row; addresses are harmful too."""
    for path, answer in answers():
        (row,) = answer[path]
        rows = [renamed(with_text(row, list(text_leaves(row)), text), next(numbers)) for text in HOSTILE]
        pagination = {"page_number": 1, "page_size": 500, "total_items": len(rows), "total_pages": 1}
        for text in ("", *HOSTILE[:12]):
            url = f"https://api.cuentamono.com/v1/{path}?page_number=1"
            request = {"method": "GET", "url": f"{url}&account_id={text}" if text else url, "fetched_at": FETCHED}
            body = {path: rows if text == "" else [], "pagination": pagination if text == "" else {"total_pages": 1}}
            yield {"export": {"id": f"{text}{path}"}, "request": request, "response": {"status": 200, "body": body}}


def unstorable_events(numbers: Iterator[int]) -> Iterator[Any]:
    """Each text that no column holds, in one field of an object at a time."""
    for event in events():
        data = event["event"]["data"]
        for leaf in [*text_leaves(data), *state_leaves(data)]:
            for text in UNSTORABLE:
                changed = {**event["event"], "data": with_text(data, [leaf], text)}
                yield renamed({**event, "event": changed}, next(numbers))


def table(issued: Issued, name: str) -> pl.DataFrame:
    with open_warehouse(issued.settings.warehouse, read_only=True) as warehouse:
        return warehouse.query(f"SELECT * FROM mono.{name}")  # noqa: S608  names written in this file


def test_every_storable_text_is_accepted_as_it_is(issued: Issued) -> None:
    result = issued.storable
    assert (result.quarantined, result.rows_quarantined, result.duplicates) == (0, 0, 0)
    assert result.unused == len(HOSTILE)
    told = {
        "core.transfer_observations": [
            "reference",
            "description",
            "payee_name",
            "payee_document_number",
            "routing",
            "state",
        ],
        "core.batch_observations": ["origin", "state"],
        "core.account_credits": ["type", "description", "payer_name", "payer_bank_code", "account_number"],
        "core.collection_observations": ["reference", "payer_name", "payment_transaction_id", "state"],
        "core.collection_links": ["link", "usage_type", "external_id"],
        "core.accounts": ["name", "number", "type"],
        "core.banks": ["code", "name"],
        "core.ledger_transactions": ["description", "origin", "operation_type"],
    }
    for name, columns in told.items():
        frame = table(issued, name)
        for column in columns:
            assert set(HOSTILE) <= {*frame[column]}, (name, column)
    assert {*HOSTILE} == {*table(issued, "raw.deliveries").filter(pl.col("status") == "unused")["event_type"]}


def test_a_text_that_no_column_holds_is_refused_where_it_would_reach_one(issued: Issued) -> None:
    result = issued.unstorable
    assert (result.duplicates, result.unused) == (0, 0)
    refused = table(issued, "raw.quarantine")
    assert refused.height == result.quarantined > result.accepted
    assert set(refused["reason"]) == {"malformed_json"}
    unused = {"email", "recipient_handle", "note", "provider", "ip", "redirect_url", "fallback_reason", "person_type"}
    assert not [detail for detail in refused["detail"] if detail.partition(":")[0].rpartition(".")[2] in unused]


def test_no_field_of_a_csv_file_begins_like_a_formula(issued: Issued) -> None:
    escaped = set()
    for path in issued.pack.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file, delimiter=";")
        assert {len(row) for row in rows} <= {len(header)}, path.name
        fields = {field for row in rows for field in row if not NUMBER.fullmatch(field)}
        assert not [field for field in fields if field.startswith(tuple("=+-@\t\r"))], path.name
        escaped |= {field.removeprefix("'") for field in fields if field.startswith("'")}
    assert {*FORMULAS, LABEL} <= escaped


def test_no_text_of_the_workbook_is_a_formula_and_no_link_leads_out(issued: Issued) -> None:
    (path,) = issued.pack.glob("*.xlsx")
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name).decode() for name in book.namelist() if name.endswith((".xml", ".rels"))}
    assert not [
        name for name, text in parts.items() if re.search(r"externalLink|oleObject|relationships/hyperlink", text)
    ]
    computed = [name for name, text in parts.items() if re.search(r"<f[ >]", text)]
    assert computed == ["xl/worksheets/sheet1.xml"]
    formulas = re.findall(r"<f>(.*?)</f>", parts[computed[0]])
    assert not [formula for formula in formulas if re.search(r"HYPERLINK|cmd|DDE|WEBSERVICE|https?:", formula)]
    shown = {cell.value for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row}
    assert {*FORMULAS, LABEL} - {"\r=1+1"} <= shown


def test_no_page_of_the_pack_holds_markup_that_was_sent(issued: Issued) -> None:
    for path in issued.pack.glob("*.html"):
        text = path.read_text("utf-8")
        assert "<script>alert" not in text
        assert "{{ 7 * 7 }}" in text or "7 * 7" not in text


def test_csv_and_parquet_say_the_same(issued: Issued) -> None:
    for path in issued.pack.glob("*.parquet"):
        (text,) = issued.pack.glob(f"*_{path.stem}.csv")
        assert_frame_equal(read_csv(text, ";"), csv_frame(pl.read_parquet(path), ","))


def test_no_statement_that_was_sent_was_run(issued: Issued) -> None:
    results = (issued.storable, issued.unstorable)
    assert table(issued, "raw.files")["records_read"].sum() == sum(result.records_read for result in results)
    held = table(issued, "raw.deliveries").height + table(issued, "raw.export_pages").height
    assert held == sum(result.accepted + result.unused for result in results)


@pytest.mark.parametrize("words", ["report list", f"report show {DAY}", f"--json report show {DAY}"])
def test_what_a_command_prints_cannot_steer_a_terminal(issued: Issued, words: str) -> None:
    done = command("--data", issued.settings.paths.data, *words.split())
    assert done.code == 0, done.err
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", done.out)
    assert words == "report list" or "owned" in done.out
