"""What was issued comes out of the archive again, byte for byte, whatever became of the warehouse."""

import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl

from mono_recon.reconcile.lifecycle import break_id
from tests import replayed

ROOT = Path(__file__).parents[1]


def test_the_same_command_without_warehouse_and_reports_leaves_the_same_bytes(tmp_path: Path) -> None:
    root = tmp_path / "data"
    replayed.write_archive(root, transfers_per_day=6)
    _decide_on_a_break(root)
    replayed.run(root)
    first = replayed.left(root)
    assert {f"{replayed.FIRST}/v2", f"{replayed.LAST}/v1"} <= set(first.packs)
    assert first.rows["core.resolutions"] == 1
    shutil.rmtree(root / "warehouse")
    shutil.rmtree(root / "reports")
    done = subprocess.run(
        [sys.executable, "-m", "mono_recon", "--data", root, "--quiet", *replayed.COMMAND],
        env={"DAGSTER_HOME": str(tmp_path / "home")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert replayed.left(root) == first


def _decide_on_a_break(root: Path) -> None:
    (fault,) = pl.read_ndjson(root / "truth.jsonl").iter_rows(named=True)
    named = break_id(fault["break_type"], fault["subject_type"], fault["subject_id"])
    folder = root / "resolutions"
    folder.mkdir()
    (folder / "resolutions.csv").write_text(
        "break_id,resolution_code,reason,actor,decided_at,approved_by\n"
        f"{named},false_alarm,a test,ana,2026-03-04T12:00:00Z,luis\n",
        encoding="utf-8",
    )
