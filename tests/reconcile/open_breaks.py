"""Breaks that a date takes over from the one before, as tests state them."""

import dataclasses
from datetime import timedelta
from typing import Any

import polars as pl

from mono_recon.reconcile.catalogue import CATALOGUE
from mono_recon.reconcile.inputs import OPENING
from mono_recon.reconcile.lifecycle import break_id
from tests.scenario import (
    ACCOUNT,
    DAY,
    at,
    context,
    trn,
)

ASKED = dataclasses.replace(context("03-05 06:00"), previous_as_of=at("03-04 06:00"))
STATED = OPENING | {
    "break_date": pl.Date(),
    "status": pl.String(),
    "age_days": pl.Int64(),
    "decided_at": pl.Datetime("us", "UTC"),
}

Row = dict[str, Any]


def item(break_type: str, name: str = "a", **changes: Any) -> Row:
    """A break as an issue states it, open since the day before."""
    kind = CATALOGUE[break_type]
    row: Row = {
        "break_type": break_type,
        "class": kind.class_,
        "subject_type": kind.subject_type,
        "subject_id": trn(name),
        "account_id": ACCOUNT,
        "currency": "COP",
        "amount_minor": 500,
        "break_date": DAY - timedelta(days=1),
        "status": "open",
        "decided_at": None,
    } | changes
    row["break_id"] = break_id(break_type, row["subject_type"], row["subject_id"])
    return {"age_days": (DAY - row["break_date"]).days} | row
