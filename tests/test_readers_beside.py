"""Analysts beside the job: three that read throughout a backfill, and one who may not write where the warehouse lies.

Each reads in a process of its own. The root that the three have read from is then made read-only for the other.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import mono_recon
from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests import replayed

ROOT = Path(__file__).parents[1]
READERS = 3
NOBODY = 65534
PAID = "SELECT count(*), sum(amount_minor)::BIGINT FROM mono.report.latest_outgoing_transfers"

# Each round looks at several tables in one transaction. What would be different in two states must agree.
READER = """
import json, select, sys
import mono_recon
from mono_recon.warehouse import attach

attach._CONFIG["threads"] = 1
ISSUES = "SELECT count(*), coalesce(max(version), 0) FROM issues"
DISAGREE = '''
    WITH parts AS (
        SELECT business_date, version FROM control UNION SELECT business_date, version FROM balance_proof
        UNION SELECT business_date, version FROM lineage UNION SELECT business_date, version FROM breaks
    ), added AS (
        SELECT business_date, version, account_id, currency, sum(count) AS lines, sum(amount_minor) AS minor
        FROM summary WHERE direction = 'out' AND section = 'created' GROUP BY ALL
    ), listed AS (
        SELECT business_date, version, account_id, currency, count(*) AS lines, sum(amount_minor) AS minor
        FROM outgoing_transfers WHERE inclusion = 'created' GROUP BY ALL
    )
    SELECT 'a report without its issue' FROM parts ANTI JOIN issues USING (business_date, version)
    UNION ALL SELECT 'an issue without its report' FROM issues ANTI JOIN control USING (business_date, version)
    UNION ALL SELECT 'an identity that does not hold' FROM control WHERE status = 'failed'
    UNION ALL SELECT 'a sum without its lines' FROM (FROM added EXCEPT ALL FROM listed)
    UNION ALL SELECT 'lines without their sum' FROM (FROM listed EXCEPT ALL FROM added)
    UNION ALL SELECT 'records that no file accounts for' FROM files
        HAVING coalesce(sum(accepted + unused), 0)
            <> (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM export_pages)
'''
told = {"rounds": 0, "issues": [], "disagreements": []}
with mono_recon.connect(sys.argv[1]) as connection:
    is_over = False
    print("reading", flush=True)
    while not is_over:
        is_over = bool(select.select([sys.stdin], [], [], 0.3)[0])
        connection.execute("BEGIN")
        before = connection.execute(ISSUES).fetchone()
        told["disagreements"] += [row[0] for row in connection.execute(DISAGREE).fetchall()]
        if connection.execute(ISSUES).fetchone() != before:
            told["disagreements"].append("one transaction that saw two states")
        connection.execute("COMMIT")
        told["rounds"] += 1
        if before[0] not in told["issues"]:
            told["issues"].append(before[0])
print(json.dumps(told), flush=True)
"""


# What is needed is loaded before the change of user: the interpreter may lie where nobody else can go.
BECOME_NOBODY = f"""
import os, sys
from pathlib import Path
import mono_recon
from mono_recon.settings import load_settings
from mono_recon.warehouse import asking, attach

root = Path(sys.argv[1])
load_settings(root, None, {{}})
with attach.start_engine() as connection:
    asking._collected(connection, "SELECT now()", asking.Limits())
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
try:
    (root / "warehouse" / "written").touch()
except OSError:
    pass
else:
    sys.exit("the folder can be written to")
"""
AS_NOBODY = {
    "connect": f"""
with mono_recon.connect(root) as connection:
    print(connection.execute("{PAID}").fetchone())
""",
    "query": f"""
print(asking.ask(load_settings(root, None, {{}}).warehouse, "{PAID}").row(0))
""",
    "any DuckDB": f"""
with attach.start_engine() as connection:
    connection.execute(f"ATTACH 'ducklake:sqlite:{{root}}/warehouse/published.sqlite' AS mono (READ_ONLY)")
    print(connection.execute("{PAID}").fetchone())
""",
}


@dataclass(frozen=True)
class Backfill:
    """A data root after a backfill, and how each reader beside it ended and what it told."""

    root: Path
    ends: list[tuple[int | None, str]]
    told: list[dict[str, Any]]


@pytest.fixture(scope="module")
def backfill() -> Iterator[Backfill]:
    """A backfill with readers beside it, in a folder that other users can reach."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        Path(folder).chmod(0o755)
        root = Path(folder) / "data"
        replayed.write_archive(root, transfers_per_day=4)
        open_warehouse(load_settings(root, None, {}).warehouse, read_only=False).close()
        readers = [running.enter_context(reading(root)) for _ in range(READERS)]
        replayed.run(root)
        outputs = [reader.communicate(timeout=300) for reader in readers]
        ends = [(reader.returncode, err) for reader, (_, err) in zip(readers, outputs, strict=True)]
        yield Backfill(root, ends, [json.loads(out) if out else {} for out, _ in outputs])


@contextmanager
def reading(root: Path) -> Iterator[subprocess.Popen[str]]:
    """A reader that has begun."""
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "reading\n"
            yield process
        finally:
            process.kill()


def test_three_readers_read_throughout_a_backfill_without_an_error(backfill: Backfill) -> None:
    assert backfill.ends == [(0, "")] * READERS
    issues = replayed.left(backfill.root).rows["report.issues"]
    for told in backfill.told:
        assert told["issues"] == sorted(told["issues"])
        assert told["issues"][-1] == issues
    assert len({seen for told in backfill.told for seen in told["issues"]}) >= 3, "they read while reports were issued"


def test_readers_see_one_state_at_a_time(backfill: Backfill) -> None:
    assert [told["disagreements"] for told in backfill.told] == [[]] * READERS


@pytest.mark.parametrize("reader", AS_NOBODY)
def test_a_user_without_write_permission_reads_what_the_owner_reads(backfill: Backfill, reader: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    for path in (backfill.root, *backfill.root.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = subprocess.run(
        [sys.executable, "-c", BECOME_NOBODY + AS_NOBODY[reader], str(backfill.root)],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    with mono_recon.connect(backfill.root) as connection:
        held = connection.execute(PAID).fetchone()
    assert held is not None
    assert held[0] > 0
    assert done.stdout == f"{held}\n"
