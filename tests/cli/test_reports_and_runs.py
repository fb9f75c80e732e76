"""What ``report``, ``doctor``, ``demo`` and the runs tell."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mono_recon.cli import doctor, runs
from mono_recon.defs.launch import Launched
from tests.cli.conftest import BALANCED, BREAKS
from tests.commands import command

COUNTS = ("files_new", "files_skipped", "records_read", "accepted", "duplicates", "unused", "quarantined")
REFUSED = {"refused_adjustments": ["row 3: no amount"], "refused_resolutions": ["row 4: no actor"]}


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Runs that bring nothing in and issue nothing, and the dates that they were asked for."""
    asked: list[list[str]] = []

    def launch(_settings: object, _config: object, days: list[object], **_: object) -> Launched:
        asked.append([str(day) for day in days])
        return Launched("run", dict.fromkeys(COUNTS, 0) | REFUSED, [])

    monkeypatch.setattr("mono_recon.defs.launch.launch", launch)
    return asked


@pytest.mark.parametrize(("day", "code"), [(BREAKS, 3), (BALANCED, 0)])
def test_fail_on_breaks_ends_with_3_where_a_verdict_is_not_balanced(
    demo: Path, launches: list[list[str]], day: object, code: int
) -> None:
    assert command("--data", demo, "run", "--date", day, "--fail-on-breaks").code == code
    assert command("--data", demo, "run", "--date", day).code == 0
    assert launches == [[str(day)], [str(day)]]


class Clock(datetime):
    """The morning of 5 March 2026, in Bogotá; the demonstration was last issued for 3 March."""

    moment = datetime(2026, 3, 5, 9, tzinfo=UTC)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # it always knows its zone
        assert tz is UTC
        return cls.moment


@pytest.mark.parametrize(
    ("moment", "arguments", "days"),
    [
        (datetime(2026, 3, 6, 9, tzinfo=UTC), (), ["2026-03-04"]),
        (datetime(2026, 3, 6, 11, tzinfo=UTC), (), ["2026-03-04", "2026-03-05"]),
        (datetime(2026, 3, 6, 9, tzinfo=UTC), ("--as-of", "latest"), ["2026-03-04", "2026-03-05"]),
        (datetime(2026, 3, 4, 15, tzinfo=UTC), (), ["2026-03-03"]),
    ],
)
def test_a_run_before_the_hour_of_yesterday_issues_what_is_due_before_it(
    demo: Path,
    launches: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    moment: datetime,
    arguments: tuple[str, ...],
    days: list[str],
) -> None:
    monkeypatch.setattr(runs, "datetime", Clock)
    monkeypatch.setattr(Clock, "moment", moment)
    assert command("--data", demo, "run", *arguments).code == 0
    assert launches == [days]


def test_a_run_before_the_hour_of_yesterday_ends_with_2_if_nothing_else_is_due(
    demo: Path, launches: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "datetime", Clock)
    done = command("--data", demo, "run")
    assert (done.code, done.out, launches) == (2, "", [])
    assert "2026-03-04 is not over: its first issue is due at 2026-03-05T11:00:00Z" in done.err


def test_a_backfill_asks_for_every_date_of_its_range(demo: Path, launches: list[list[str]]) -> None:
    done = command("--data", demo, "--json", "backfill", "--from", BREAKS, "--to", BALANCED)
    assert (done.code, done.json["verdicts"]) == (0, {"2026-03-02": "breaks", "2026-03-03": "balanced"})
    assert launches == [["2026-03-02", "2026-03-03"]]


def test_a_run_that_issues_nothing_says_so_and_what_was_left_out(demo: Path, launches: list[list[str]]) -> None:
    done = command("--data", demo, "run", "--date", BREAKS)
    assert "\nNothing new to issue.\n" in done.out
    assert "Left out of the adjustments: row 3: no amount" in done.out
    assert "Left out of the resolutions: row 4: no actor" in done.out
    assert launches


def test_the_issued_versions_are_listed(demo: Path) -> None:
    listed = command("--data", demo, "--json", "report", "list").json
    assert [(each["business_date"], each["version"], each["verdict"]) for each in listed] == [
        ("2026-03-02", 1, "breaks"),
        ("2026-03-02", 2, "breaks"),
        ("2026-03-03", 1, "balanced"),
    ]
    assert listed[1]["as_of"] == "2026-03-03T14:45:00.000000Z"


def test_a_report_is_shown_with_its_verdict_money_and_breaks(demo: Path) -> None:
    shown = command("--data", demo, "report", "show", BREAKS)
    assert shown.out.startswith("2026-03-02 v2: breaks  as of 2026-03-03T14:45:00Z\n")
    data = command("--data", demo, "--json", "report", "show", BREAKS, "--version", "2").json
    assert set(data) == {"issue", "control", "summary", "breaks"}
    assert f"\n{len(data['breaks'])} breaks\n" in shown.out
    assert all(each["explanation_es"] in shown.out for each in data["breaks"])


def test_the_doctor_finds_a_sound_installation_sound(demo: Path) -> None:
    done = command("--data", demo, "--json", "doctor")
    assert (done.code, done.json["ok"]) == (0, True)
    checks = {each["check"]: each["detail"] for each in done.json["checks"]}
    looked_at = {"settings", "secrets", "archive", "warehouse", "reports", "extensions", "time zone", "disk"}
    assert set(checks) == looked_at | {"dagster", "runs", "alerts"}
    assert checks["warehouse"] == "opens; 2 dates issued"
    assert checks["time zone"] == "America/Bogota, a date ends at 00:00"


def test_the_doctor_counts_what_is_ignored_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "archive/webhooks").mkdir(parents=True)
    for name in ("a.jsonl", "b.csv", ".hidden", "c.part"):
        (tmp_path / "archive/webhooks" / name).touch()
    assert "1 files, 1 ignored by their names" in command("--data", tmp_path, "doctor").out


@pytest.mark.parametrize(
    ("spoiled", "check", "detail"),
    [
        ("archive", "archive", "archive root"),
        ("warehouse/catalog.sqlite", "warehouse", "restore it from a backup"),
        ("mono_recon.toml", "settings", "this cannot be read as TOML"),
    ],
)
def test_the_doctor_names_each_fault_and_ends_with_1(tmp_path: Path, spoiled: str, check: str, detail: str) -> None:
    if spoiled != "archive":
        (tmp_path / "archive").mkdir()
    place = tmp_path / spoiled
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("garbage " * 100)
    done = command("--data", tmp_path, "--json", "doctor")
    assert (done.code, done.err, done.json["ok"]) == (1, "", False)
    (fault,) = [each for each in done.json["checks"] if not each["ok"]]
    assert fault["check"] == check
    assert detail in fault["detail"]


def test_the_doctor_warns_of_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "archive").mkdir()
    monkeypatch.setattr(doctor, "LOW_DISK_BYTES", 1 << 80)
    done = command("--data", tmp_path, "doctor")
    assert done.code == 1
    assert "BAD  disk: only" in done.out


def test_a_demonstration_says_what_it_wrote_and_what_to_do_next(tmp_path: Path) -> None:
    root, size = tmp_path / "demo", ("--days", "1", "--transfers-per-day", "1", "--seed", "3")
    done = command("--json", "demo", "--dir", root, *size)
    assert (done.code, done.err) == (0, "")
    assert done.json["folder"] == str(root)
    assert (root / "truth.jsonl").is_file()
    assert (root / "mono_recon.toml").is_file()
    other = tmp_path / "other"
    words = command("demo", "--dir", other, *size)
    assert words.out.splitlines()[-1] == (
        f"Next: mono-recon --data {other} backfill --from {done.json['first_day']} --to {done.json['last_day']}"
    )
