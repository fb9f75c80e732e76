"""A date's reconciliation by hand in Polars: the last state of each transfer, the list joined, the batches added up.

python -m bench.peers.polars_ ROOT OUT
"""

import sys
from pathlib import Path

import polars as pl

_MONEY = pl.Struct({"amount": pl.Int64, "currency": pl.String})
_BATCH = pl.Struct({"account_id": pl.String, "id": pl.String, "state": pl.String, "total_amount": _MONEY})
_BANK_ACCOUNT = pl.Struct({"bank_code": pl.String, "number": pl.String, "type": pl.String})
_FIELDS = {
    "id": pl.String,
    "amount": _MONEY,
    "batch": _BATCH,
    "declination_reason": pl.String,
    "description": pl.String,
    "inserted_at": pl.String,
    "payee": pl.Struct(
        {
            "bank_account": _BANK_ACCOUNT,
            "document_number": pl.String,
            "document_type": pl.String,
            "name": pl.String,
        }
    ),
    "reference": pl.String,
    "routing": pl.String,
    "state": pl.String,
    "updated_at": pl.String,
}
_DATA = pl.Struct(_FIELDS | {"account_id": pl.String, "total_amount": _MONEY})
_DELIVERY = pl.Struct({"event": pl.Struct({"type": pl.String, "data": _DATA})})
_PAGE = pl.Struct({"body": pl.Struct({"transfers": pl.List(pl.Struct(_FIELDS))})})


def main() -> None:
    """Reconcile a data root and write transfers and batches as CSV and Parquet."""
    root, out = map(Path, sys.argv[1:])
    archive = root / "archive"
    told = _told(sorted((archive / "webhooks").rglob("*.jsonl")))
    listed = _listed(sorted((archive / "exports").rglob("transfers*.jsonl")))
    transfers = _transfers(told, listed)
    batches = _batches(told, transfers)
    for name, frame in (("transfers", transfers), ("batches", batches)):
        frame.write_csv(out / f"{name}.csv")
        frame.write_parquet(out / f"{name}.parquet")
        sys.stdout.write(f"{name}: {frame.height}, not matched {frame.filter(~pl.col('matched')).height}\n")


def _told(files: list[Path]) -> pl.DataFrame:
    body = pl.scan_ndjson(files, schema={"body": pl.String}).select(pl.col("body").str.json_decode(_DELIVERY))
    event = pl.col("body").struct.field("event")
    return (
        body.select(event.struct.field("type").alias("event_type"), event.struct.field("data").struct.unnest())
        .collect()
        .rename({"id": "subject_id"})
    )


def _listed(files: list[Path]) -> pl.DataFrame:
    rows = pl.scan_ndjson(files, schema={"response": _PAGE}).select(
        pl.col("response").struct.field("body").struct.field("transfers").explode().alias("row")
    )
    return rows.select(pl.col("row").struct.unnest()).collect()


def _flat(frame: pl.DataFrame, source: str) -> pl.DataFrame:
    payee, batch, amount = pl.col("payee").struct, pl.col("batch").struct, pl.col("amount").struct
    bank_account = payee.field("bank_account").struct
    return frame.select(
        "transfer_id",
        batch.field("account_id"),
        batch.field("id").alias("batch_id"),
        amount.field("amount").alias(f"{source}_minor"),
        amount.field("currency"),
        pl.col("state").alias(f"{source}_state"),
        pl.col("inserted_at").str.to_datetime(time_zone="UTC").alias("created_at"),
        pl.col("updated_at").str.to_datetime(time_zone="UTC"),
        "routing",
        "reference",
        "description",
        "declination_reason",
        payee.field("name").alias("payee_name"),
        payee.field("document_type"),
        payee.field("document_number"),
        bank_account.field("bank_code"),
        bank_account.field("number").alias("account_number"),
        bank_account.field("type").alias("account_type"),
    )


def _transfers(told: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    last = (
        _flat(
            told.filter(pl.col("event_type").str.starts_with("bank_transfer")).rename({"subject_id": "transfer_id"}),
            "told",
        )
        .sort("updated_at")
        .unique("transfer_id", keep="last")
    )
    both = last.join(
        _flat(listed.rename({"id": "transfer_id"}), "listed"),
        on="transfer_id",
        how="full",
        coalesce=True,
        suffix="_listed",
    )
    shared = [name for name in both.columns if f"{name}_listed" in both.columns]
    return both.with_columns(pl.coalesce(name, f"{name}_listed") for name in shared).select(
        pl.exclude("^.*_listed$"),
        (
            pl.col("told_state").eq_missing(pl.col("listed_state"))
            & pl.col("told_minor").eq_missing(pl.col("listed_minor"))
        ).alias("matched"),
    )


def _batches(told: pl.DataFrame, transfers: pl.DataFrame) -> pl.DataFrame:
    sent = (
        told.filter(pl.col("event_type").str.starts_with("batch"))
        .select(
            pl.col("subject_id").alias("batch_id"),
            "account_id",
            pl.col("total_amount").struct.field("amount").alias("declared_minor"),
        )
        .unique()
    )
    sums = transfers.group_by("batch_id").agg(
        pl.col("listed_minor").sum().alias("members_minor"),
        pl.len().alias("members"),
        pl.col("listed_minor").filter(pl.col("listed_state") == "approved").sum().alias("approved_minor"),
    )
    return sent.join(sums, on="batch_id", how="left").with_columns(
        (pl.col("declared_minor") == pl.col("members_minor")).alias("matched")
    )


if __name__ == "__main__":
    main()
