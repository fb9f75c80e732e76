"""Small archives that the pipeline's tests are made of, and what a warehouse holds of them."""

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from mono_recon.pipeline.ingest import IngestResult, ingest
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACCOUNT = "acc_16ktUqSO7G0qTHDz8I3qrG"
URL = "https://api.cuentamono.com/v1/transfers?inserted_at[from]=2026-03-01T05:00:00Z&page_size=2"

FILES = "SELECT path, copy_of, records_read, accepted, duplicates, unused, quarantined FROM mono.raw.files ORDER BY ALL"
OBSERVED = "SELECT transfer_id, channel, source_ref, known_at FROM mono.core.transfer_observations ORDER BY ALL"
EXPORTS = "SELECT export_id, pages, items, is_complete, incomplete_reason FROM mono.raw.exports ORDER BY started_at"


def clock(seconds: int) -> str:
    return (START + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def ident(prefix: str, number: int) -> str:
    return f"{prefix}_{number:022d}"


def transfer(number: int, **values: object) -> dict[str, Any]:
    known = {
        "id": ident("trn", number),
        "state": "approved",
        "amount": {"amount": 100 + number, "currency": "COP"},
        "inserted_at": clock(number),
        "updated_at": clock(number + 1),
        "batch": {
            "id": ident("bat", number),
            "state": "declined",
            "account_id": ACCOUNT,
            "inserted_at": clock(number),
            "updated_at": clock(number),
        },
    }
    return known | values


def payload(number: int, event: str = "bank_transfer_approved", sent: int = 5, **values: object) -> dict[str, Any]:
    """Mono's envelope."""
    return {"event": {"type": event, "data": transfer(number, **values)}, "timestamp": clock(number + sent)}


def delivery(body: dict[str, Any] | str, received: int = 60) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    return json.dumps({"received_at": clock(received), "headers": {}, "body": text})


def page(
    number: int, rows: Sequence[object], total: int, fetched: int, *, status: int = 200, export: str | None = None
) -> str:
    """A captured page; two rows fit on one."""
    pagination = {"page_number": number, "page_size": 2, "total_items": total, "total_pages": -(-total // 2)}
    body = {"pagination": pagination, "transfers": rows} if status == 200 else {"code": "x", "errors": []}
    record: dict[str, Any] = {
        "request": {"method": "GET", "url": f"{URL}&page_number={number}", "fetched_at": clock(fetched)},
        "response": {"status": status, "headers": {}, "body": body},
    }
    return json.dumps(record | ({"export": {"id": export, "started_at": clock(fetched - 1)}} if export else {}))


class Archive:
    """A data root whose archive a test writes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = load_settings(root, None, {})
        self.folder = self.settings.paths.archive
        self.folder.mkdir(parents=True, exist_ok=True)

    def write(self, path: str, *records: str) -> Path:
        """Write a file of lines."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{record}\n" for record in records), encoding="utf-8")
        return file

    def touch(self, path: str) -> None:
        """Give a file another modification time."""
        file = self.folder / path
        moment = file.stat().st_mtime_ns + 1_000_000_000
        os.utime(file, ns=(moment, moment))

    def ingest(self, *, rehash: bool = False) -> IngestResult:
        return ingest(self.settings, environ={}, rehash=rehash)

    def query(self, sql: str) -> pl.DataFrame:
        with open_warehouse(self.settings.warehouse, read_only=True) as warehouse:
            return warehouse.query(sql)

    def snapshot(self) -> int:
        with open_warehouse(self.settings.warehouse, read_only=True) as warehouse:
            return warehouse.snapshot()
