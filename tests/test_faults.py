"""What a machine can do to a run: a full disk, a read-only or vanishing archive, a wrong clock, two at once.

A run ends with a clear error or goes on; what it leaves, the next one takes up, and nothing is lost or doubled.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mono_recon.archive import files as archive_files
from mono_recon.archive.files import ArchiveError
from mono_recon.pipeline import ingest as ingest_module
from mono_recon.pipeline.due import due
from mono_recon.pipeline.ingest import ingest
from mono_recon.pipeline.reports import issue_dates
from mono_recon.pipeline.verification import verify_issued
from mono_recon.settings import load_settings
from tests import replayed
from tests.commands import command
from tests.pipeline.archives import Archive, delivery, payload

ROOT = Path(__file__).parents[1]
MONDAY = date(2026, 3, 2)
RUN = ("run", "--date", str(MONDAY), "--as-of", "2026-03-03T11:00:00Z")

# A limit on the size of any file stands for a disk without room: writes fail half-way.
FULL = """
import resource, sys
from pathlib import Path
from mono_recon.warehouse import attach
from tests import replayed

attach._CONFIG["threads"] = 1
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    replayed.run(Path(sys.argv[1]))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def run_by_command(root: Path, home: Path, *, before: Sequence[str] = ()) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*before, sys.executable, "-m", "mono_recon", "--data", str(root), "--json", *RUN],
        env={"DAGSTER_HOME": str(home), "PATH": os.environ["PATH"]},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def issues(archive: Archive) -> list[tuple[Any, ...]]:
    return archive.query("SELECT business_date, version FROM mono.report.issues ORDER BY ALL").rows()


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path / "un año [2026] con espacios")
    made.write("webhooks/a.jsonl", delivery(payload(1)))
    return made


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, replayed.Left]:
    """An archive, and what a run leaves of it that nobody disturbs."""
    archive, root = tmp_path_factory.mktemp("archive"), tmp_path_factory.mktemp("undisturbed") / "data"
    replayed.write_archive(archive, transfers_per_day=3)
    shutil.copytree(archive, root)
    replayed.run(root)
    return archive, replayed.left(root)


@pytest.mark.parametrize("limit", [1_000, 60_000])
def test_a_full_disk_stops_a_run_and_the_next_one_ends_as_if_there_had_been_room(
    undisturbed: tuple[Path, replayed.Left], tmp_path: Path, limit: int
) -> None:
    archive, wanted = undisturbed
    root = Path(shutil.copytree(archive, tmp_path / "data"))
    full = subprocess.run(
        [sys.executable, "-c", FULL, root, str(limit)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert full.returncode == 1, full.stderr
    assert "Traceback" not in full.stderr
    replayed.run(root)
    assert replayed.left(root) == wanted


def test_a_full_disk_is_told_on_one_line(archive: Archive, tmp_path: Path) -> None:
    limited = ["/bin/sh", "-c", 'ulimit -f 100; exec "$@"', "sh"]
    with run_by_command(archive.root, tmp_path / "home", before=limited) as run:
        out, err = run.communicate()
    assert (run.returncode, out) == (1, "")
    assert "Traceback" not in err
    (line,) = [each for each in err.splitlines() if each.startswith("mono-recon: ")]
    assert line


def test_an_archive_that_cannot_be_written_to_is_read_and_left_as_it_was(archive: Archive, tmp_path: Path) -> None:
    without_rights = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    if without_rights and shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed, and root may write everywhere")
    places = [archive.folder, *archive.folder.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    refused = subprocess.run([*without_rights, "touch", archive.folder / "new"], capture_output=True, check=False)
    assert refused.returncode != 0, "the archive can be written to all the same"
    before = {place: (place.stat().st_mtime_ns, place.stat().st_mode) for place in places}
    with run_by_command(archive.root, tmp_path / "home", before=without_rights) as run:
        _, err = run.communicate()
    assert (run.returncode, err) == (0, "")
    assert {place: (place.stat().st_mtime_ns, place.stat().st_mode) for place in archive.folder.rglob("*")} == {
        place: seen for place, seen in before.items() if place != archive.folder
    }
    assert issues(archive) == [(MONDAY, 1)]
    archive.folder.chmod(0o755)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_an_archive_that_vanishes_while_it_is_read_loses_nothing(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    second = archive.write("webhooks/b.jsonl", delivery(payload(2)))
    kept = archive.root / "kept"
    list_archive = archive_files.list_archive

    def listed_and_gone(root: Path) -> Any:
        found = list_archive(root)
        (archive.folder if what == "folder" else second).rename(kept)
        return found

    with monkeypatch.context() as patched:
        patched.setattr(ingest_module, "list_archive", listed_and_gone)
        went_on = archive.ingest()
    assert (went_on.accepted, went_on.quarantined) == ((0, 2) if what == "folder" else (1, 1))
    if what == "folder":
        with pytest.raises(ArchiveError, match="name another place"):
            archive.ingest()
    kept.rename(archive.folder if what == "folder" else second)
    assert archive.ingest().accepted == (2 if what == "folder" else 1)
    assert archive.query("SELECT DISTINCT delivery_id FROM mono.raw.deliveries").height == 2
    refused = archive.query("SELECT DISTINCT reason FROM mono.raw.quarantine").to_series()
    assert refused.to_list() == ["unreadable_file"], "what was tried in vain stays on record"


def test_a_clock_that_was_set_back_issues_nothing_anew_and_one_set_right_goes_on(archive: Archive) -> None:
    settings, right = archive.settings, datetime(2026, 3, 5, 15, tzinfo=UTC)
    ingest(settings, environ={})

    def live(now: datetime) -> list[tuple[date, int]]:
        made = issue_dates(settings, due(settings, now), as_of=None, replay=False, now=now)
        return [(each.business_date, each.version) for each in made]

    assert live(right - timedelta(days=1)) == [(date(2026, 3, 3), 1)]
    assert live(right) == [(date(2026, 3, 4), 1)]
    archive.write("webhooks/b.jsonl", delivery(payload(2)))
    ingest(settings, environ={})
    assert live(right - timedelta(hours=1)) == [], "its last version knows more than this clock allows"
    assert live(right + timedelta(days=2)) == [(date(2026, 3, 5), 1), (date(2026, 3, 6), 1)]
    assert [each.differences for each in verify_issued(settings)] == [()] * 4


def test_of_two_runs_at_the_same_moment_one_waits_and_nothing_is_doubled(archive: Archive, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with run_by_command(archive.root, home) as first, run_by_command(archive.root, home) as second:
        ended = [(run.communicate()[1], run.returncode) for run in (first, second)]
    assert ended == [("", 0), ("", 0)]
    assert issues(archive) == [(MONDAY, 1)]
    counted = archive.query("SELECT count(*), count(DISTINCT delivery_id) FROM mono.raw.deliveries")
    assert counted.row(0) == (1, 1)


def test_after_three_days_without_a_run_the_next_issues_them_all(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mono_recon.cli import runs  # noqa: PLC0415  the command is loaded when it is called

    def clock(day: int) -> type[datetime]:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]  # any instant will do
                return datetime(2026, 3, day, 12, tzinfo=UTC).astimezone(tz)

        return Clock

    monkeypatch.setattr(runs, "datetime", clock(4))
    assert command("--data", archive.root, "run", home=tmp_path / "home").code == 0
    monkeypatch.setattr(runs, "datetime", clock(7))
    assert command("--data", archive.root, "run", home=tmp_path / "home").code == 0
    assert issues(archive) == [(date(2026, 3, day), 1) for day in (3, 4, 5, 6)]


def test_a_warehouse_of_another_place_with_spaces_is_found(tmp_path: Path) -> None:
    made = Archive(tmp_path / "data")
    made.write("webhooks/a.jsonl", delivery(payload(1)))
    place = tmp_path / "mi bodega de datos"
    environ = {"MONO_RECON_WAREHOUSE__CATALOG": f"{place}/catalog.sqlite", "MONO_RECON_WAREHOUSE__FILES": f"{place}/f"}
    settings = load_settings(made.root, None, environ)
    assert ingest(settings, environ={}).accepted == 1
    assert {path.name for path in place.iterdir()} >= {"catalog.sqlite", "published.sqlite", "f"}
