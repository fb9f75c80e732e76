"""Lakes and rows that the warehouse's tests are made of."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from mono_recon.schemas.raw import Copies, Deliveries
from mono_recon.schemas.table import polars_schema
from mono_recon.settings.sections import Warehouse as Places

START = datetime(2026, 3, 2, 5, tzinfo=UTC)


def places(root: Path) -> Places:
    folder = root / "warehouse"
    return Places(catalog=folder / "catalog.sqlite", files=folder / "files")


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def deliveries(count: int, start: int = 0) -> pl.DataFrame:
    """Distinct accepted deliveries, a second apart."""
    rows = [
        {
            "delivery_id": sha(f"delivery {number}"),
            "event_type": "bank_transfer_approved",
            "event_at": START + timedelta(seconds=number),
            "known_at": START + timedelta(seconds=number, microseconds=1),
            "known_at_source": "received_at",
            "subject_id": f"trn_{number:022d}",
            "signature_status": "no_header",
            "secret_name": None,
            "copies": 1,
            "body": "{}",
            "file_sha256": sha("file"),
            "line": number + 1,
            "byte_offset": number * 100,
            "status": "accepted",
            "state": "approved",
            "occurred_at": START + timedelta(seconds=number),
        }
        for number in range(start, start + count)
    ]
    return pl.DataFrame(rows, schema=polars_schema(Deliveries))


def copies(count: int) -> pl.DataFrame:
    """Rows of ``raw.copies``, as many as asked for."""
    columns = deliveries(count).select(
        pl.lit("webhooks").alias("kind"),
        pl.col("delivery_id").alias("record_id"),
        pl.col("delivery_id").alias("copy_id"),
        *set(polars_schema(Copies)) & set(polars_schema(Deliveries)),
    )
    return columns.select(polars_schema(Copies).names())
