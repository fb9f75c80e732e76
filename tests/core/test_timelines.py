"""The order of statements where it takes a detour: ids that share a hash, statements equal in all but their source."""

import polars as pl
import pytest

from mono_recon.core import timelines
from mono_recon.core.states import TRANSFER
from mono_recon.core.timelines import arrange, runs
from tests.scenario import frames, inputs, transfer

TOLD = [
    transfer(name, state, f"03-04 10:0{minute}", event_at=None)
    for minute, state in enumerate(("created", "in_progress", "approved"))
    for name in ("a", "b", "c")
]


def timeline(rows: pl.DataFrame) -> list[tuple[object, ...]]:
    found = runs(arrange(rows, "transfer_id", TRANSFER), "transfer_id")
    return sorted(found.select("transfer_id", "started_at", "state", "previous_state", "is_last").rows())


def test_ids_that_share_a_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    told = frames(inputs(TOLD))["transfers"]
    expected = timeline(told)
    assert len(expected) == 9
    monkeypatch.setattr(timelines, "_number", lambda entity: pl.col(entity).str.len_bytes())
    assert timeline(told) == expected


@pytest.mark.parametrize("seed", range(5))
def test_statements_equal_in_all_else_are_in_the_order_of_their_sources(seed: int) -> None:
    told = frames(inputs([transfer("a", "approved", "03-04 10:00"), *TOLD]))["transfers"]
    equal = told.filter(state="approved").head(1)
    refs = ["w:0", "w:1", "x:0", "x:1"]
    twins = pl.concat(equal.with_columns(pl.lit(ref).alias("source_ref")) for ref in refs)
    several = pl.concat([told, twins]).sample(fraction=1, shuffle=True, seed=seed)
    ordered = arrange(several, "transfer_id", TRANSFER).filter(pl.col("source_ref").is_in(refs))
    assert ordered["source_ref"].to_list() == refs
