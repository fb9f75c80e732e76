from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from mono_recon.defs.launch import launch
from tests.pipeline.archives import Archive, delivery, payload

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
HOUR = 3600


def test_a_date_that_is_restated_logs_an_event_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    archive = Archive(tmp_path / "data")
    begun = payload(1, "bank_transfer_fallback_routing", state="in_progress")
    archive.write("webhooks/a.jsonl", delivery(begun), delivery(payload(1), received=24 * HOUR))
    (first,) = launch(archive.settings, None, [MONDAY], as_of="2026-03-03T11:00:00Z").issued
    then = launch(archive.settings, None, [TUESDAY], as_of="2026-03-04T11:00:00Z").issued
    assert (first["business_date"], first["version"]) == (str(MONDAY), 1)
    assert [(each["business_date"], each["version"]) for each in then] == [(str(MONDAY), 2), (str(TUESDAY), 1)]
    with dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance:
        logged = instance.fetch_materializations(dg.AssetKey(["report", "control"]), limit=10).records
    assert sorted(str(each.partition_key) for each in logged) == [str(MONDAY), str(MONDAY), str(TUESDAY)]
