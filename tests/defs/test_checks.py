"""What asset checks say of a date: identities, quarantine and feeds, each with its date."""

import json
from datetime import date

import dagster as dg
import pytest

from mono_recon.defs import checks, report
from mono_recon.defs.partitions import INGEST_JOB
from mono_recon.pipeline import ingest as pipeline_ingest
from mono_recon.pipeline.intake import AccountingError
from mono_recon.reconcile.totals import IdentityError
from tests.defs.conftest import RunJob
from tests.pipeline.archives import Archive, delivery, payload

MONDAY = "2026-03-02"
IDENTITIES = ["break_movement", "partition_in", "partition_out", "roll_forward", "summary"]


def said(result: dg.ExecuteInProcessResult) -> dict[str, tuple[bool, str | None]]:
    return {each.check_name: (each.passed, each.partition) for each in result.get_asset_check_evaluations()}


def test_each_identity_the_quarantine_and_each_feed_is_checked_for_the_date(run_job: RunJob, archive: Archive) -> None:
    refused = json.dumps({"received_at": "2026-03-02T12:00:00Z", "headers": {}, "body": "no JSON"})
    archive.write("webhooks/2026-03-02/b.jsonl", refused)
    result = run_job(partition_key=MONDAY)
    assert result.success
    found = said(result)
    assert {name: found.pop(name) for name in IDENTITIES} == dict.fromkeys(IDENTITIES, (True, MONDAY))
    assert found == {
        "accounted_for": (True, None),
        "nothing_quarantined": (False, MONDAY),
        "webhooks_arrived": (True, MONDAY),
        "exports_arrived": (False, MONDAY),
        "balances_arrived": (False, MONDAY),
    }
    warned = {each.check_name: each for each in result.get_asset_check_evaluations() if not each.passed}
    assert {each.severity for each in warned.values()} == {dg.AssetCheckSeverity.WARN}
    assert warned["exports_arrived"].metadata["missing"].value == ["exports"]


def test_only_checks_whose_failure_stops_the_issue_are_blocking() -> None:
    assert sorted(name for name, spec in checks.SPECS.items() if spec.blocking) == IDENTITIES


def test_what_was_refused_is_told_of_the_files_that_a_run_read(run_job: RunJob, archive: Archive) -> None:
    archive.write("webhooks/2026-03-02/b.jsonl", "no JSON", delivery(payload(2)))
    by_asset = {
        (each.asset_key.path[-1], each.check_name): each for each in run_job(INGEST_JOB).get_asset_check_evaluations()
    }
    refused = by_asset["quarantine", "nothing_quarantined"]
    assert (refused.passed, refused.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert refused.metadata["quarantined"].value == 1
    counted = {name: value.value for name, value in by_asset["files", "accounted_for"].metadata.items()}
    parts = ("accepted", "duplicates", "unused", "quarantined")
    assert counted["records_read"] == sum(counted[name] for name in parts) == 3  # type: ignore[misc]  # whole numbers


def test_an_identity_that_does_not_hold_fails_its_check_and_the_run_and_nothing_is_issued(
    run_job: RunJob, archive: Archive, ephemeral: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise IdentityError("off by one", ["identity.summary"], date(2026, 3, 2))

    monkeypatch.setattr(report, "issue_dates", refuse)
    result = run_job(partition_key=MONDAY)
    assert not result.success
    found = said(result)
    assert {name: found[name] for name in IDENTITIES} == dict.fromkeys(IDENTITIES, (True, MONDAY)) | {
        "summary": (False, MONDAY)
    }
    summary = dg.AssetCheckKey(dg.AssetKey(["report", "control"]), "summary")
    (record,) = ephemeral.event_log_storage.get_asset_check_execution_history(summary, limit=5)
    assert record.status.value == "FAILED"
    assert archive.query("SELECT * FROM mono.report.issues").is_empty()


def test_records_that_do_not_add_up_fail_their_check_and_the_run(
    run_job: RunJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object) -> None:
        raise AccountingError("one record is missing")

    monkeypatch.setattr(pipeline_ingest, "_check", lose)
    result = run_job(INGEST_JOB)
    assert not result.success
    assert said(result) == {"accounted_for": (False, None)}


def test_a_date_that_was_restated_is_checked_again(run_job: RunJob, archive: Archive) -> None:
    begun = payload(1, "bank_transfer_fallback_routing", state="in_progress")
    archive.write("webhooks/2026-03-02/a.jsonl", delivery(begun))
    assert run_job(partition_key=MONDAY).success
    archive.write("webhooks/2026-03-02/b.jsonl", delivery(payload(1)))
    found = [each for each in run_job(partition_key="2026-03-03").get_asset_check_evaluations() if each.partition]
    versions = {each.partition: each.metadata["version"].value for each in found}
    assert versions == {"2026-03-02": 2, "2026-03-03": 1}
    assert [each.partition for each in found].count("2026-03-02") == len(checks.SPECS)
