"""Rows and frames that tests are made of: one plain statement, changed where a test cares."""

import dataclasses
import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import OPENING, DayInputs
from mono_recon.reconcile.lifecycle import break_id
from mono_recon.reconcile.parts import Parts, in_parts
from mono_recon.schemas import core, raw
from mono_recon.schemas.table import Table, polars_schema
from mono_recon.settings import Settings, load_settings

ACCOUNT = "acc_16ktUqSO7G0qTHDz8I3qrG"
OTHER_ACCOUNT = "acc_223RxfTSugBz8KfLSWoEnT"
NOWHERE = Path("/nonexistent")
DAY = date(2026, 3, 4)
"""A Wednesday without a holiday near it."""

EXPORT_FEED = polars_schema(raw.Exports).copy()
EXPORT_FEED.update(dict.fromkeys(("first_fetched_at", "last_fetched_at"), pl.Datetime("us", "UTC")))
APPEARANCES = pl.Schema({"resource": pl.String(), "subject_id": pl.String(), "started_at": pl.Datetime("us", "UTC")})


def at(text: str) -> datetime:
    """An instant in Bogota's time, written ``03-04 10:00`` or with seconds and fraction."""
    month_day, clock = text.split(" ")
    return (datetime.fromisoformat(f"2026-{month_day}T{clock}") + timedelta(hours=5)).replace(tzinfo=UTC)


def ident(prefix: str, name: str) -> str:
    """A well-formed id that a test can read."""
    return f"{prefix}_{name.rjust(22, '0')}"


def trn(name: str) -> str:
    return ident("trn", name)


def bat(name: str) -> str:
    return ident("bat", name)


def tx(name: str) -> str:
    return ident("tx", name)


def _ref(row: dict[str, Any]) -> str:
    body = hashlib.sha256(repr(sorted(row.items(), key=str)).encode()).hexdigest()
    return f"w:{body}" if row["channel"] == "webhook" else f"x:{body}:0"


def frame(model: type[Table], rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a table, nulls where a row says nothing."""
    schema = polars_schema(model)
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def transfer(name: str, state: str, occurred: str, **changes: Any) -> dict[str, Any]:
    """A webhook's statement about a transfer, announced a minute after it happened."""
    occurred_at = at(occurred)
    row: dict[str, Any] = {
        "transfer_id": trn(name),
        "channel": "webhook",
        "event_type": "bank_transfer_approved",
        "state": state,
        "amount_minor": 1_600_000,
        "currency": "COP",
        "account_id": ACCOUNT,
        "batch_id": bat(name),
        "external_id": f"client-{name}",
        "reference": f"ref {name}",
        "routing": "ach",
        "fallback_routing": [],
        "payee_name": "Patricia Rojas",
        "payee_document_number": "1033711400",
        "payee_bank_code": "007",
        "payee_account_number": "000000009",
        "inserted_at": at("03-04 09:00"),
        "occurred_at": occurred_at,
        "event_at": occurred_at + timedelta(minutes=1),
        "known_at": occurred_at + timedelta(minutes=1),
    } | changes
    return row | {"source_ref": changes.get("source_ref") or _ref(row)}


def exported(name: str, state: str, occurred: str, fetched: str, **changes: Any) -> dict[str, Any]:
    """An export row's statement about a transfer."""
    return transfer(
        name,
        state,
        occurred,
        **{"channel": "export", "event_type": None, "event_at": None, "known_at": at(fetched)} | changes,
    )


def batch(name: str, state: str, occurred: str, **changes: Any) -> dict[str, Any]:
    """A statement about a batch."""
    occurred_at = at(occurred)
    row: dict[str, Any] = {
        "batch_id": bat(name),
        "channel": "webhook",
        "event_type": "bank_transfer_approved",
        "state": state,
        "origin": "api",
        "account_id": ACCOUNT,
        "total_amount_minor": 1_600_000,
        "currency": "COP",
        "inserted_at": at("03-04 09:00"),
        "occurred_at": occurred_at,
        "event_at": occurred_at + timedelta(minutes=1),
        "known_at": occurred_at + timedelta(minutes=1),
    } | changes
    return row | {"source_ref": changes.get("source_ref") or _ref(row)}


def credit(name: str, happened: str, **changes: Any) -> dict[str, Any]:
    """A statement about an incoming credit."""
    transaction_at = at(happened)
    row: dict[str, Any] = {
        "credit_id": tx(name),
        "type": "incoming_wire",
        "account_id": ACCOUNT,
        "account_number": "095000036",
        "amount_minor": 105_000,
        "currency": "COP",
        "payer_name": "EMPRESA EJEMPLO SA",
        "payer_document_number": "900123456",
        "payer_bank_code": "007",
        "transaction_at": transaction_at,
        "event_at": transaction_at + timedelta(seconds=6),
        "known_at": transaction_at + timedelta(seconds=6),
        "channel": "webhook",
    } | changes
    return row | {"source_ref": changes.get("source_ref") or _ref(row)}


def resolution(
    break_type: str, subject_type: str, subject_id: str, decided: str, code: str = "accepted", **changes: Any
) -> dict[str, Any]:
    """A decision about a break, which nobody else approved."""
    return {
        "break_id": break_id(break_type, subject_type, subject_id),
        "resolution_code": code,
        "reason": "agreed with the bank",
        "actor": "ana",
        "decided_at": at(decided),
        "path": "resolutions.csv",
        "line": 2,
    } | changes


def full_export(started: str, **changes: Any) -> dict[str, Any]:
    """A complete transfer export of all accounts without a window."""
    started_at = at(started)
    return {
        "export_id": f"transfers {started}",
        "resource": "transfers",
        "started_at": started_at,
        "pages": 1,
        "items": 1,
        "is_complete": True,
        "proves_absence": True,
        "first_fetched_at": started_at,
        "last_fetched_at": started_at,
    } | changes


def settings(**environ: str) -> Settings:
    """Default settings, changed by ``SECTION__KEY=value``."""
    return load_settings(
        data=NOWHERE, config=None, environ={f"MONO_RECON_{key}": value for key, value in environ.items()}
    )


def context(as_of: str = "03-06 06:00", day: date = DAY, **environ: str) -> Context:
    return Context(day, at(as_of), settings(**environ), since=at("01-01 00:00"))


def inputs(
    transfers: Sequence[dict[str, Any]] = (),
    batches: Sequence[dict[str, Any]] = (),
    credits: Sequence[dict[str, Any]] = (),  # noqa: A002 - the trade's word
    exports: Sequence[dict[str, Any]] = (),
    appearances: Sequence[tuple[str, str]] = (),
    accounts: Sequence[dict[str, Any]] = (),
    balances: Sequence[dict[str, Any]] = (),
    collections: Sequence[dict[str, Any]] = (),
    adjustments: Sequence[dict[str, Any]] = (),
    resolutions: Sequence[dict[str, Any]] = (),
    opening: Sequence[dict[str, Any]] = (),
    arrivals: int = 1,
) -> DayInputs:
    """What a report is made from; ``appearances`` are pairs of transfer id and start of an export."""
    return DayInputs(
        transfers=in_parts(frame(core.TransferObservations, transfers), "transfer_id"),
        batches=in_parts(frame(core.BatchObservations, batches), "batch_id"),
        credits=frame(core.AccountCredits, credits),
        collections=frame(core.CollectionObservations, collections),
        accounts=frame(core.Accounts, accounts),
        balances=frame(core.Balances, balances),
        adjustments=frame(core.Adjustments, adjustments),
        exports=pl.DataFrame([{name: row.get(name) for name in EXPORT_FEED} for row in exports], schema=EXPORT_FEED),
        appearances=pl.DataFrame(
            [("transfers", subject, at(started)) for subject, started in appearances], schema=APPEARANCES, orient="row"
        ),
        arrivals=pl.DataFrame(
            [("bank_transfer_approved", "accepted", arrivals)] if arrivals else [],
            schema={"event_type": pl.String, "status": pl.String, "count": pl.Int64},
            orient="row",
        ),
        refusals=pl.DataFrame(schema={"reason": pl.String, "count": pl.Int64}),
        intake=pl.DataFrame(schema={"metric": pl.String, "count": pl.Int64}),
        resolutions=frame(core.Resolutions, resolutions),
        opening=pl.DataFrame(opening, schema=OPENING),
    )


def frames(given: DayInputs) -> dict[str, pl.DataFrame]:
    """What a report is made from, by name, what is read in parts as a whole."""
    held = {each.name: getattr(given, each.name) for each in dataclasses.fields(DayInputs)}
    return {
        name: each.read(0, 1) if isinstance(each, Parts) else each
        for name, each in held.items()
        if isinstance(each, Parts | pl.DataFrame)
    }


def with_frames(given: DayInputs, **changed: pl.DataFrame) -> DayInputs:
    """The same with other frames."""
    entities = {"transfers": "transfer_id", "batches": "batch_id"}
    wanted: dict[str, Any] = {
        name: in_parts(each, entities[name]) if name in entities else each for name, each in changed.items()
    }
    return dataclasses.replace(given, **wanted)
