"""Dagster's home: what is wrong with one is said with what to change."""

from pathlib import Path

import pytest

from mono_recon.defs.home import faults_of, instance_in


def test_a_home_that_is_not_made_yet_or_as_it_was_made_is_well(tmp_path: Path) -> None:
    assert faults_of(tmp_path) == []
    with instance_in(tmp_path):
        pass
    assert faults_of(tmp_path) == []


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("default_limit: 1", "default_limit: 4", "concurrency.pools.default_limit is 4, not 1"),
        ("telemetry:\n  enabled: false\n", "", "telemetry.enabled is None, not False"),
        ("retry_on_asset_or_op_failure: false", "retry_on_asset_or_op_failure: true", "a step that failed is not"),
        ("freshness:\n  enabled: true", "freshness:\n  enabled: false", "freshness.enabled is False, not True"),
        ("telemetry:", "telemetri:", "cannot be used: "),
    ],
)
def test_a_setting_that_runs_need_is_missed(tmp_path: Path, was: str, now: str, said: str) -> None:
    with instance_in(tmp_path):
        pass
    file = tmp_path / "dagster.yaml"
    text = file.read_text(encoding="utf-8")
    assert was in text
    file.write_text(text.replace(was, now), encoding="utf-8")
    (fault,) = faults_of(tmp_path)
    assert said in fault
    assert str(file) in fault
