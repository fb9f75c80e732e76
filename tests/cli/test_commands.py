"""How every command behaves: exit codes, what goes to which stream, and in which words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mono_recon.cli import app, report
from mono_recon.demo.write import write_demo
from tests.cli.conftest import BREAKS
from tests.commands import command

ROOT = Path(__file__).parents[2]
RUN = ("run", "--date", "2026-03-02")


def lines(text: str) -> list[str]:
    return text.splitlines()


def held(root: Path) -> list[Path]:
    """Everything under a data root, but for what SQLite keeps beside an open catalog."""
    return sorted(path for path in root.rglob("*") if not path.name.startswith("catalog.sqlite-"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nope"], 'Unknown command "nope"'),
        (["--nope"], "--nope"),
        (["run", "--nope"], "Unknown option: --nope"),
        (["run", "--date", "2026-02-30"], '"2026-02-30"'),
        (["ingest", "more"], "more"),
        (["backfill", "--from", "2026-03-02"], "--to"),
        (["demo", "--days", "0"], "--days"),
        (["--data"], "--data"),
        ([*RUN, "--as-of", "yesterday"], "2026-03-03T11:00:00Z"),
        ([*RUN, "--as-of", ""], "'' is no instant"),
        (["backfill", "--from", BREAKS, "--to", BREAKS, "--as-of", ""], "'' is no instant"),
        ([*RUN, "--as-of", "2026-03-03T11:00:00"], "with its zone"),
        ([*RUN, "--as-of", "2026-03-03T04:59:59Z"], "before the end of 2026-03-02"),
        ([*RUN, "--as-of", "2999-01-01T00:00:00Z"], "has not come yet"),
        (["run", "--date", "2999-01-01"], "2999-01-01 is not over"),
        (["run", "--date", "2999-01-01", "--as-of", "latest"], "2999-01-01 is not over"),
        (["run", "--date", "2019-12-31"], "before 2020-01-01"),
        (["backfill", "--from", "2026-03-03", "--to", "2026-03-02"], "the range ends on 2026-03-02"),
        (["backfill", "--from", "2026-03-02", "--to", "2999-01-01"], "is not over"),
        (["report", "show", "2026-03-09"], "2026-03-09 has not been issued"),
        (["report", "show", BREAKS, "--version", "9"], "2026-03-02 v9 has not been issued"),
        (["report", "show", BREAKS, "--version", "0"], "2026-03-02 v0 has not been issued"),
        (["query", "DROP TABLE issues"], "one SELECT"),
        (["query", "SELECT 1", "--format", "xml"], '"xml"'),
    ],
)
def test_wrong_usage_ends_with_2_and_one_line_on_stderr(demo: Path, arguments: list[str], told: str) -> None:
    before = held(demo)
    done = command(*(() if arguments == ["--data"] else ("--data", demo)), *arguments)
    assert (done.code, done.out) == (2, "")
    (line,) = lines(done.err)
    assert line.startswith("mono-recon: ")
    assert told in line
    assert held(demo) == before


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (b"[business]\ntimezone = 'America/Bogota'\nnope = 1\n", ", line 3: business.nope is not a setting"),
        (b"[business]\ncutoff = 6\n", ", line 2: business.cutoff must be"),
        (b"not toml [", ", line 1: this cannot be read as TOML"),
        (b"\xff\xfe", ", line 1: is not UTF-8"),
        (None, "which is not a file"),
    ],
)
@pytest.mark.parametrize("arguments", [["ingest"], ["query", "SELECT 1"]])
def test_unreadable_settings_end_with_2_and_name_the_place(
    tmp_path: Path, arguments: list[str], settings: bytes | None, told: str
) -> None:
    config = tmp_path / "settings.toml"
    if settings is not None:
        config.write_bytes(settings)
    root = tmp_path / "data"
    done = command("--data", root, "--config", config, *arguments)
    assert (done.code, done.out) == (2, "")
    (line,) = lines(done.err)
    assert str(config) in line
    assert told in line
    assert not root.exists()


@pytest.mark.parametrize("arguments", [["ingest"], list(RUN), ["backfill", "--from", BREAKS, "--to", BREAKS]])
@pytest.mark.parametrize("is_file", [False, True])
def test_an_archive_that_cannot_be_listed_ends_with_2_and_leaves_nothing(
    tmp_path: Path, arguments: list[str], is_file: bool
) -> None:
    if is_file:
        (tmp_path / "archive").write_text("garbage")
    before = list(tmp_path.iterdir())
    done = command("--data", tmp_path, *arguments, home=tmp_path / "home")
    assert (done.code, done.out) == (2, "")
    (line,) = lines(done.err)
    assert f"archive root {tmp_path / 'archive'}" in line
    assert "name another place" in line
    assert list(tmp_path.iterdir()) == before


@pytest.mark.parametrize("arguments", [["ingest"], ["query", "SELECT 1"]])
def test_a_corrupt_catalog_ends_with_1_and_one_line_that_says_what_to_do(tmp_path: Path, arguments: list[str]) -> None:
    catalog = tmp_path / "warehouse/catalog.sqlite"
    catalog.parent.mkdir()
    catalog.write_bytes(b"garbage" * 1000)
    (tmp_path / "archive").mkdir()
    done = command("--data", tmp_path, *arguments, home=tmp_path / "home")
    assert (done.code, done.out) == (1, "")
    (line,) = lines(done.err)
    assert str(catalog) in line
    assert "restore it from a backup" in line
    assert not (tmp_path / "reports").exists()


def test_without_a_warehouse_there_is_nothing_to_ask(tmp_path: Path) -> None:
    done = command("--data", tmp_path, "report", "list")
    assert (done.code, done.out) == (1, "")
    assert "there is no warehouse yet; run mono-recon ingest" in done.err


def test_debug_shows_where_an_error_arose(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="there is no warehouse yet"):
        command("--data", tmp_path, "--debug", "report", "list")


@pytest.mark.parametrize(
    "arguments", [["report", "list"], ["report", "show", BREAKS], ["query", "SELECT as_of FROM issues"], ["doctor"]]
)
def test_json_is_one_document_and_quiet_is_silence(demo: Path, arguments: list[object]) -> None:
    done = command("--data", demo, "--json", *arguments)
    assert (done.code, done.err) == (0, "")
    assert done.json
    quiet = command("--data", demo, "--quiet", *arguments)
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_the_data_root_is_the_option_else_the_environment(demo: Path, tmp_path: Path) -> None:
    issued = command("--json", "report", "list", environ={"MONO_RECON_DATA": str(demo)})
    assert len(issued.json) == 3
    option = command("--data", tmp_path, "report", "list", environ={"MONO_RECON_DATA": str(demo)})
    assert str(tmp_path) in option.err


def test_a_data_root_with_spaces_accents_and_brackets_is_like_any_other(tmp_path: Path) -> None:
    root = tmp_path / "año [2026] ñandú's"
    written = command("demo", "--dir", root, "--days", "1", "--transfers-per-day", "1")
    assert written.code == 0
    assert f"--data {root} backfill" in written.out
    done = command("--data", root, "--json", "ingest", "--rehash")
    assert done.code == 0
    assert done.json["accepted"] > 0
    counted = command("--data", root, "--json", "query", "SELECT count(*) AS n FROM deliveries").json
    assert counted[0]["n"] > 0
    assert f"data root {root}" in command("--data", root, "doctor").out


def test_a_demonstration_is_not_written_over_an_archive(demo: Path) -> None:
    before = held(demo)
    done = command("demo", "--dir", demo)
    assert (done.code, "is there already" in done.err, held(demo)) == (2, True, before)


def test_the_doctor_tells_how_many_files_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "archive/webhooks").mkdir(parents=True)
    (tmp_path / "archive/webhooks/notes.txt").touch()
    assert command("--data", tmp_path, "--json", "doctor").json["ignored_files"] == 1


def test_a_demonstration_tells_how_far_it_has_come(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    write_demo(tmp_path / "d", days=1, transfers_per_day=1, on_progress=lambda *come: told.append(come))
    assert told == [("demo", 1, 3), ("demo", 2, 3), ("demo", 3, 3)]


def test_no_bar_moves_in_a_pipe_whatever_the_environment_says(tmp_path: Path) -> None:
    arguments = ("--data", tmp_path, "demo", "--dir", tmp_path / "d", "--days", "1", "--transfers-per-day", "1")
    assert command(*arguments, environ={"FORCE_COLOR": "1"}).err == ""


def test_no_line_is_folded_in_a_pipe(demo: Path) -> None:
    listed = lines(command("--data", demo, "report", "list").out)
    assert len(listed) == 4
    assert [len(line.split()[-1]) for line in listed[1:]] == [64, 64, 64]


def test_what_is_shown_is_data_and_never_markup(demo: Path) -> None:
    asked = command("--data", demo, "query", "SELECT '[bold]:bell:[/bold]' AS \"[red]\"")
    assert [line.strip() for line in lines(asked.out)] == ["[red]", "[bold]:bell:[/bold]"]


def test_version_is_that_of_the_package_wherever_no_report_is_meant() -> None:
    assert command("--version").out.startswith("0.1.0+")


def loaded_by(*arguments: object) -> tuple[str, set[str]]:
    """What a command writes, and the modules that a process has loaded which called it."""
    script = "import sys; sys.argv = ['mono-recon', *sys.argv[1:]]\n"
    script += "import atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    script += "import runpy; runpy.run_module('mono_recon', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout, set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["report", "--help"]])
def test_the_module_is_the_command_and_help_loads_neither_dagster_nor_the_database(arguments: list[str]) -> None:
    out, loaded = loaded_by(*arguments)
    assert "Usage: mono-recon" in out
    assert "mono_recon.cli" in loaded
    assert {"dagster", "duckdb", "pandera"}.isdisjoint(loaded)


@pytest.mark.parametrize(
    "arguments",
    [
        ["query", "SELECT 1"],
        ["explain", "ac071c8f16527607"],
        ["breaks"],
        ["report", "list"],
        ["report", "diff", BREAKS, 1, 2],
        ["resolve", "ac071c8f16527607", "--code", "accepted", "--reason", "r", "--actor", "a", "--approved-by", "b"],
    ],
)
def test_what_only_reads_the_warehouse_loads_no_dagster_and_nothing_of_tests_and_notebooks(
    own_demo: Path, arguments: list[object]
) -> None:
    out, loaded = loaded_by("--data", own_demo, *arguments)
    assert out
    assert "duckdb" in loaded
    assert {"dagster", "pandas", "hypothesis"}.isdisjoint(loaded)
    # An answer about one thing must come at once: table contracts are not needed for it.
    assert ("pandera" in loaded) == (arguments[0] not in {"query", "explain"})
    assert ("pyarrow" in loaded) == (arguments[0] not in {"explain", "resolve"})


def test_the_readme_shows_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    of_report = [f"report {name}" for name in report if not name.startswith("-")]
    names = [name for name in app if not name.startswith("-") and name != "report"] + of_report
    assert len(names) > 10
    assert [name for name in names if f"| `mono-recon {name}" not in readme] == []


def test_a_broken_pipe_is_no_traceback(demo: Path) -> None:
    script = f"{sys.executable} -m mono_recon --data '{demo}' --json report show {BREAKS} | true"
    done = subprocess.run(["/bin/sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


def test_json_of_an_error_is_still_a_line_on_stderr(tmp_path: Path) -> None:
    done = command("--data", tmp_path, "--json", "ingest")
    assert (done.code, done.out) == (2, "")
    assert not done.err.startswith("{")


def test_a_report_is_json_that_others_can_read(demo: Path) -> None:
    shown = command("--data", demo, "--json", "report", "show", BREAKS).json
    assert json.loads(json.dumps(shown)) == shown
    assert shown["issue"]["as_of"] == "2026-03-03T14:45:00.000000Z"
    assert {each["break_type"] for each in shown["breaks"]} >= {"unknown_state"}
