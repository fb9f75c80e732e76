"""One small business date, complete: every table of a pack, and figures that agree.

2 March 2026 in Bogotá, one account: a transfer that matched, one in transit, one whose amounts
differ, a credit nobody can name, a collection, and a break carried from February.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from mono_recon.report.content import content_sha256
from mono_recon.report.model import EarlierIssue, Report, SourceFile, pack_schemas
from mono_recon.settings import Paths, Settings
from mono_recon.settings.sections import Report as Form
from mono_recon.settings.sections import Warehouse

DAY = date(2026, 3, 2)
AS_OF = datetime(2026, 3, 3, 11, tzinfo=UTC)
NOON = datetime(2026, 3, 2, 17, 0, 0, 123456, tzinfo=UTC)
ACCOUNT: dict[str, Any] = {"account_id": "acc_16ktUqSO7G0qTHDz8I3qrG", "currency": "COP"}
WEBHOOKS, EXPORTS = "ab" * 32, "cd" * 32
DELIVERY, PAGE = "12" * 32, "34" * 32

Rows = list[dict[str, Any]]


def settings(**form: Any) -> Settings:
    root = Path("/nowhere")
    places = {name: root / name for name in ("archive", "resolutions", "adjustments", "reports")}
    return Settings(
        paths=Paths(data=root, **places),
        warehouse=Warehouse(catalog=root / "catalog.sqlite", files=root / "files"),
        report=Form(**form),
    )


def table(name: str, rows: Rows, version: int = 1) -> pl.DataFrame:
    """Rows of a pack's table, with what is not given null."""
    schema = pack_schemas()[name]
    dated = [dict.fromkeys(schema) | {"business_date": DAY, "version": version} | row for row in rows]
    return pl.DataFrame(dated, schema=schema)


def report(tables: Mapping[str, pl.DataFrame] | None = None, version: int = 1, **form: Any) -> Report:
    """The report of the day, or one with some of its tables exchanged."""
    frames = {name: table(name, rows, version) for name, rows in _rows().items()} | dict(tables or {})
    return Report(
        business_date=DAY,
        version=version,
        as_of=AS_OF,
        verdict="breaks",
        content_sha256=content_sha256(frames),
        supersedes=version - 1 or None,
        issues=(EarlierIssue(date(2026, 2, 27), 1, datetime(2026, 3, 2, 11, tzinfo=UTC)),),
        source_files=(
            SourceFile("webhooks/2026-03-02.jsonl", WEBHOOKS),
            SourceFile("exports/página 1.json", EXPORTS),
        ),
        tables=frames,
        code_version="0.1.0",
        settings=settings(**form),
    )


def with_rows(name: str, *changes: dict[str, Any], **form: Any) -> Report:
    """The report of the day with changes to the first rows of one table."""
    rows = _rows()[name]
    changed = [row | change for row, change in zip(rows, changes, strict=False)] + rows[len(changes) :]
    return report({name: table(name, changed)}, **form)


def _rows() -> dict[str, Rows]:
    return {
        "control": _control(),
        "balance_proof": _balance_proof(),
        "summary": _summary(),
        "outgoing_transfers": _transfers(),
        "batches": _batches(),
        "incoming_credits": _credits(),
        "collections": _collections(),
        "breaks": _breaks(),
        "break_ageing": _break_ageing(),
        "break_movement": _break_movement(),
        "restatements": [],
        "data_quality": [
            {"check_name": "currency", "subject": "USD", "count": 1, "detail": "seen in ana.r@mail.example.co"}
        ],
        "lineage": _lineage(),
    }


def _control() -> Rows:
    holds = [
        ACCOUNT | {"metric": f"identity.{name}", "count": 0, "amount_minor": 0, "status": "ok"}
        for name in ("roll_forward", "partition_out", "partition_in", "break_movement", "summary")
    ]
    figures = {
        "open.break": (1, 7_000_000),
        "open.review": (1, 50_000_000),
        "open.timing": (1, 25_000_000),
        "carried.break": (1, 90_000),
        "carried.review": (0, 0),
        "money.out": (2, 167_000_000),
        "money.in": (2, 58_000_000),
        "unexplained": (1, 0),
    }
    money = [
        ACCOUNT | {"metric": metric, "count": count, "amount_minor": minor, "status": "info"}
        for metric, (count, minor) in figures.items()
    ]
    return [*holds, {"metric": "input.records_read", "count": 9, "status": "info"}, *money]


def _balance_proof() -> Rows:
    terms = {
        "opening_minor": 1_000_000_000,
        "credits_minor": 50_000_000,
        "collections_minor": 8_000_000,
        "reversals_in_minor": 0,
        "transfers_minor": 167_000_000,
        "fees_minor": 0,
        "gmf_minor": 0,
        "adjustments_minor": 0,
        "expected_minor": 891_000_000,
        "closing_minor": 891_000_000,
        "unexplained_minor": 0,
        "in_transit_minor": 25_000_000,
    }
    about = {"status": "proved", "basis": "no fees, no GMF", "account_name": "Nómina", "account_last4": "0042"}
    times = {"opening_at": NOON.replace(hour=5), "closing_at": NOON.replace(day=3, hour=5)}
    unproved = {"account_id": "acc_0000000000000000000000", "currency": "COP", "status": "no_snapshot"}
    return [ACCOUNT | terms | about | times, unproved | {"basis": "no balance"}]


def _summary() -> Rows:
    out = [
        ("created", "matched", 160_000_000),
        ("created", "timing", 25_000_000),
        ("created", "break", 7_000_000),
        ("approved", "matched", 160_000_000),
        ("approved", "break", 7_000_000),
        ("closing_open", "timing", 25_000_000),
    ]
    money_in = [("credits", "review", 50_000_000), ("collections", "matched", 8_000_000)]
    return [
        ACCOUNT
        | {
            "direction": direction,
            "section": section,
            "recon_status": status,
            "count": 1,
            "amount_minor": minor,
        }
        for direction, terms in (("out", out), ("in", money_in))
        for section, status, minor in terms
    ]


def _transfers() -> Rows:
    common = ACCOUNT | {
        "batch_id": "bat_0000000000000000000001",
        "created_at": NOON,
        "state_webhook": "approved",
        "routing": "ach",
        "fallbacks": ["transfiya", "turbo"],
        "payee_bank_code": "007",
        "payee_document_number": "0012345678",
        "payee_account_last4": "0099",
        "inclusion": "created",
        "source_refs": [f"w:{DELIVERY}", f"x:{PAGE}:0"],
    }
    lines = [
        ("trn_0000000000000000000001", 160_000_000, "approved", "matched", []),
        ("trn_0000000000000000000002", 25_000_000, "in_progress", "timing", ["in_transit"]),
        ("trn_0000000000000000000003", 7_000_000, "approved", "break", ["amount_mismatch"]),
    ]
    return [
        common
        | {
            "transfer_id": transfer,
            "amount_minor": minor,
            "state_at_cutoff": state,
            "state_latest": state,
            "final_at": NOON if state == "approved" else None,
            "recon_status": status,
            "break_types": types,
        }
        for transfer, minor, state, status, types in lines
    ]


def _batches() -> Rows:
    sums = {
        "declared_minor": 192_000_000,
        "approved_minor": 167_000_000,
        "declined_minor": 0,
        "cancelled_minor": 0,
        "duplicated_minor": 0,
        "open_minor": 25_000_000,
        "difference_minor": 0,
    }
    return [
        ACCOUNT
        | sums
        | {
            "batch_id": "bat_0000000000000000000001",
            "state": "processing_transactions",
            "members": 3,
            "members_listed": 3,
            "recon_status": "matched",
            "break_types": [],
            "source_refs": [f"w:{DELIVERY}"],
        }
    ]


def _credits() -> Rows:
    return [
        ACCOUNT
        | {
            "credit_id": "crd_0000000000000000000001",
            "type": "incoming_wire",
            "amount_minor": 50_000_000,
            "transaction_at": NOON,
            "payer_name": '=HYPERLINK("http://example.com";"factura")',
            "payer_document_number": "900123456",
            "reference": "Factura 7; «pago», línea 1\nlínea 2",
            "recon_status": "review",
            "break_types": ["unidentified_credit"],
            "source_refs": [f"w:{DELIVERY}"],
        }
    ]


def _collections() -> Rows:
    return [
        ACCOUNT
        | {
            "intent_id": "cin_0000000000000000000001",
            "amount_minor": 8_000_000,
            "state_at_cutoff": "account_credited",
            "counted": True,
            "recon_status": "matched",
            "break_types": [],
            "source_refs": [f"x:{PAGE}:1"],
        }
    ]


_BREAKS = (
    ("1111111111111111", "amount_mismatch", "break", "transfer", DAY, 7_000_000),
    ("2222222222222222", "in_transit", "timing", "transfer", DAY, 25_000_000),
    ("3333333333333333", "unidentified_credit", "review", "credit", DAY, 50_000_000),
    ("4444444444444444", "missing_webhook", "break", "transfer", date(2026, 2, 27), 90_000),
)


def _breaks() -> Rows:
    return [
        ACCOUNT
        | {
            "break_id": break_id,
            "break_type": break_type,
            "class": kind,
            "severity": "medium",
            "subject_type": subject,
            "subject_id": f"{subject}-{break_id[0]}",
            "amount_minor": minor,
            "difference_minor": -100 if break_type == "amount_mismatch" else None,
            "break_date": arose,
            "age_days": (DAY - arose).days,
            "age_business_days": 0 if arose == DAY else 1,
            "ageing_bucket": "0-1" if arose == DAY else "2-3",
            "left_source": "webhook",
            "left_value": "-70.000,00",
            "status": "open",
            "explanation_es": f"La partida {break_id} vale {minor} centavos.",
            "explanation_en": f"Item {break_id} is {minor} centavos.",
            "source_refs": [f"w:{DELIVERY}"],
        }
        for break_id, break_type, kind, subject, arose, minor in _BREAKS
    ]


def _break_ageing() -> Rows:
    return [
        ACCOUNT
        | {
            "break_type": break_type,
            "class": kind,
            "ageing_bucket": "0-1" if arose == DAY else "2-3",
            "count": 1,
            "amount_minor": minor,
        }
        for _, break_type, kind, _, arose, minor in _BREAKS
    ]


def _break_movement() -> Rows:
    return [
        ACCOUNT
        | {
            "movement": movement,
            "break_id": break_id,
            "break_type": break_type,
            "class": kind,
            "amount_minor": minor,
        }
        for break_id, break_type, kind, _, arose, minor in _BREAKS
        if kind != "review"
        for movement in ("new" if arose == DAY else "opening", "closing")
    ]


def _lineage() -> Rows:
    places = {
        f"w:{DELIVERY}": (DELIVERY, "webhooks/2026-03-02.jsonl", WEBHOOKS, "verified"),
        f"x:{PAGE}:0": (PAGE, "exports/página 1.json", EXPORTS, None),
        f"x:{PAGE}:1": (PAGE, "exports/página 1.json", EXPORTS, None),
    }
    return [
        {
            "source_ref": reference,
            "record_id": record,
            "path": path,
            "file_sha256": sha256,
            "line": 1,
            "byte_offset": 0,
            "signature_status": signature,
            "known_at": NOON,
        }
        for reference, (record, path, sha256, signature) in places.items()
    ]
