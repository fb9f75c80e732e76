"""A date's reconciliation by hand in pandas: the last state of each transfer, the list joined, the batches added up.

python -m bench.peers.pandas_ ROOT OUT
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd


def main() -> None:
    """Reconcile a data root and write transfers and batches as CSV and Parquet."""
    root, out = map(Path, sys.argv[1:])
    archive = root / "archive"
    events = [json.loads(record["body"])["event"] for record in _records(archive / "webhooks", "*.jsonl")]
    pages = _records(archive / "exports", "transfers*.jsonl")
    told = pd.DataFrame([_flat(event["data"]) for event in events if event["type"].startswith("bank_transfer")])
    listed = pd.DataFrame([_flat(row) for page in pages for row in page["response"]["body"]["transfers"]])
    sent = pd.DataFrame([_sent(event["data"]) for event in events if event["type"].startswith("batch")])
    transfers = _transfers(told, listed)
    batches = _batches(sent, transfers)
    for name, frame in (("transfers", transfers), ("batches", batches)):
        frame.to_csv(out / f"{name}.csv", index=False)
        frame.to_parquet(out / f"{name}.parquet", index=False)
        sys.stdout.write(f"{name}: {len(frame)}, not matched {(~frame['matched']).sum()}\n")


def _records(folder: Path, pattern: str) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob(pattern)):
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    payee, batch = data["payee"], data["batch"]
    return {
        "transfer_id": data["id"],
        "account_id": batch["account_id"],
        "batch_id": batch["id"],
        "amount_minor": data["amount"]["amount"],
        "currency": data["amount"]["currency"],
        "state": data["state"],
        "created_at": data["inserted_at"],
        "updated_at": data["updated_at"],
        "routing": data["routing"],
        "reference": data["reference"],
        "description": data["description"],
        "declination_reason": data["declination_reason"],
        "payee_name": payee["name"],
        "document_type": payee["document_type"],
        "document_number": payee["document_number"],
        "bank_code": payee["bank_account"]["bank_code"],
        "account_number": payee["bank_account"]["number"],
        "account_type": payee["bank_account"]["type"],
    }


def _sent(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "batch_id": data["id"],
        "account_id": data["account_id"],
        "declared_minor": data["total_amount"]["amount"],
    }


def _transfers(told: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    for frame in (told, listed):
        for name in ("created_at", "updated_at"):
            frame[name] = pd.to_datetime(frame[name], format="ISO8601")
    last = told.sort_values("updated_at").drop_duplicates("transfer_id", keep="last").set_index("transfer_id")
    facts = listed.set_index("transfer_id")
    both = last.combine_first(facts)
    own = ["amount_minor", "state"]
    both = both.drop(columns=own).join(last[own].add_prefix("told_")).join(facts[own].add_prefix("listed_"))
    both["matched"] = (both["told_state"] == both["listed_state"]) & (
        both["told_amount_minor"] == both["listed_amount_minor"]
    )
    return both.reset_index()


def _batches(sent: pd.DataFrame, transfers: pd.DataFrame) -> pd.DataFrame:
    approved = transfers["listed_amount_minor"].where(transfers["listed_state"] == "approved", 0)
    sums = (
        transfers.assign(approved_minor=approved)
        .groupby("batch_id")
        .agg(
            members_minor=("listed_amount_minor", "sum"),
            members=("transfer_id", "size"),
            approved_minor=("approved_minor", "sum"),
        )
    )
    batches = sent.drop_duplicates().merge(sums, on="batch_id", how="left")
    batches["matched"] = batches["declared_minor"] == batches["members_minor"]
    return batches


if __name__ == "__main__":
    main()
