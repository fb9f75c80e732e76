"""What lists of exports say again is left out early, and nothing that says anything new."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mono_recon.reconcile.touched import without_repetitions
from mono_recon.schemas import core
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.told import told_of
from tests.scenario import at, exported, frame, transfer
from tests.warehouse.lakes import places

LAG = timedelta(minutes=5)
BETWEEN = {"since": at("03-06 06:00"), "k": at("03-07 06:00")}
Row = dict[str, Any]

BEFORE: Sequence[tuple[str, Row]] = (
    ("approved", {}),
    ("declined", {"event_at": at("03-04 05:58"), "known_at": at("03-04 05:58"), "reference": "another"}),
    ("declined", {"event_at": at("03-06 04:58"), "known_at": at("03-06 04:59"), "reference": "another"}),
    ("approved", {"fetched": "03-03 06:00"}),
    ("approved", {"fetched": "03-04 06:01"}),
    ("approved", {"fetched": "03-06 05:00"}),
    ("approved", {"fetched": "03-06 05:00", "reference": "another"}),
    ("declined", {"fetched": "03-05 05:00"}),
)
"""What one may have heard, around the times that decide: when rows of exports are looked for, and what came since."""

SINCE: Sequence[tuple[str, Row]] = (
    ("approved", {"event_at": at("03-06 07:00"), "known_at": at("03-06 07:00")}),
    ("approved", {"fetched": "03-07 05:00"}),
    ("approved", {"fetched": "03-07 05:00", "reference": "another"}),
    ("declined", {"fetched": "03-07 05:00"}),
)


def stated(name: str, state: str, said: Row) -> Row:
    changes = {key: value for key, value in said.items() if key != "fetched"}
    if "fetched" in said:
        return exported(name, state, "03-03 04:00", said["fetched"], **changes)
    return transfer(name, state, "03-03 04:00", **changes)


def lives() -> Iterator[Row]:
    """Every life of a transfer of up to two statements before and two since."""
    stories = (
        [*before, *since]
        for heard, new in product(range(3), range(1, 3))
        for before, since in product(product(BEFORE, repeat=heard), product(SINCE, repeat=new))
    )
    for number, story in enumerate(stories):
        for line, (state, said) in enumerate(story):
            yield stated(f"{number}", state, said | {"source_ref": f"w:{number}-{line}"})


@pytest.mark.parametrize("is_late", [False, True])
def test_what_is_left_out_says_nothing_new(tmp_path: Path, *, is_late: bool) -> None:
    statements = frame(core.TransferObservations, [*lives()])
    late = statements.filter(is_late, pl.col("known_at") == at("03-03 06:00")).select(ref="source_ref")
    with open_warehouse(places(tmp_path), read_only=False) as warehouse:
        warehouse.append(core.TransferObservations, statements)
        everything, told = (
            told_of(warehouse, core.TransferObservations, "transfer_id", BETWEEN, late, lag).sort("source_ref")
            for lag in (None, LAG)
        )
    assert everything["transfer_id"].n_unique() > told["transfer_id"].n_unique()
    fresh = without_repetitions(everything, "transfer_id", LAG)
    assert fresh.height
    assert without_repetitions(told, "transfer_id", LAG).equals(fresh)
