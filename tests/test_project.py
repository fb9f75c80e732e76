"""The repository as a whole: what README, Makefile, lock, glossary and documents promise is so."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from mono_recon.cli import app
from mono_recon.demo.write import write_demo
from mono_recon.reconcile.catalogue import CATALOGUE
from mono_recon.schemas import raw, report
from mono_recon.schemas.dictionary import PAGE, data_dictionary
from mono_recon.schemas.table import table_name

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")])
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
REGISTRY = re.compile(r"pypi\.org|pythonhosted|npmjs|--(extra-)?index-url|--find-links\b|/simple/")
MACHINE_PATH = re.compile(r"(?<![\w./])/(home|root|Users|work|mnt)/\w")
TERMS = """
    Archive, Record, Delivery, Copy, Semantic duplicate, Channel, Export, Coverage, Feed, Quarantine, Business date,
    Cut-off, Business day, As-of, Horizon, Observation, Timeline, Run, Reversal, Line, Population, Partition,
    Roll-forward, Centavos, Break, Class, Timing item, Review, Severity, Carry-forward, Resolution, Adjustment,
    Report pack, Verdict, Restatement, Identity, Lineage
"""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def project_files() -> Iterator[Path]:
    """Files that belong to the project, whatever else lies in the checkout."""
    yield from (path for path in ROOT.iterdir() if path.is_file())
    for folder in (".ci", "bench", "dagster_home", "data", "docs", "mono_recon", "notebooks", "tests"):
        named = ("*.py", "*.md", "*.toml", "*.yaml", "*.json", "*.ipynb", "run")
        ours = [path for pattern in named for path in (ROOT / folder).rglob(pattern)]
        yield from (path for path in ours if folder not in {"data", "dagster_home"} or path.parent.name == folder)


def first_cells(document: str, header: str) -> list[str]:
    """The code words in the first column of the tables that have a header."""
    cells: list[str] = []
    inside = False
    for line in document.splitlines():
        inside = line.startswith("|") and (inside or line.startswith(f"| {header} |"))
        if inside:
            cells += re.findall(r"`([a-z0-9_]+)`", line.split("|")[1])
    return cells


def test_the_readme_opens_with_the_two_commands() -> None:
    block = re.search(r"```\w*\n(.*?)```", read("README.md"), re.DOTALL)
    assert block is not None
    assert block[1].split("\n") == ["make demo", "make test", ""]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_make_target_that_a_document_names_exists(document: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", read("Makefile")))
    named = re.findall(r"(?m)^make ([a-z]+)|`make ([a-z]+)", document.read_text(encoding="utf-8"))
    assert {first or second for first, second in named} <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_the_makefile_has_every_command_of_a_contributor() -> None:
    assert set(re.findall(r"(?m)^([a-z]+):.*## ", read("Makefile"))) >= {
        "setup",
        "demo",
        "test",
        "check",
        "bench",
        "dev",
        "lock",
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_that_a_document_names_exists(document: Path) -> None:
    named = re.findall(
        r"mono-recon (?:--data \w+ )?([a-z]+(?: (?:list|show|diff|verify)\b)?)", document.read_text(encoding="utf-8")
    )
    for command in set(named):
        found, _, unused = app.parse_commands(command.split())
        assert (found, unused) == (tuple(command.split()), [])


def test_the_demo_is_reconciled_from_its_first_day_to_its_last(tmp_path: Path) -> None:
    written = write_demo(tmp_path / "demo", days=15, transfers_per_day=1, seed=7)
    assert f"FIRST_DAY := {written.first_day}\nLAST_DAY := {written.last_day}\n" in read("Makefile")


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in project_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if path != Path(__file__) and (REGISTRY.search(line) or MACHINE_PATH.search(line))
    ]
    assert found == []


def test_the_lock_pins_every_package_by_hash_and_names_no_address() -> None:
    blocks = re.split(r"(?m)^(?=\S)", LOCK)[1:]
    assert len(blocks) > 100
    for block in blocks:
        first, *hashes = block.replace("\\", "").splitlines()
        assert re.fullmatch(r"[a-z0-9-]+==\S+( ; .+)?", first.strip())
        assert hashes
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", line.rstrip()) for line in hashes)
    assert "://" not in LOCK


def test_the_lock_meets_every_requirement_of_the_project() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    locked = dict(re.findall(r"(?m)^([a-z0-9-]+)==([^\s;]+)", LOCK))
    wanted = [Requirement(line) for line in project["project"]["dependencies"] + project["dependency-groups"]["dev"]]
    assert [str(need) for need in wanted if not need.specifier.contains(locked.get(need.name, "0"))] == []


def test_the_glossary_has_the_terms_of_the_trade_each_with_words_to_avoid() -> None:
    entries = re.findall(r"(?ms)^\*\*(.+?)\*\* — (.+?)(?=\n\n|\Z)", read("CONTEXT.md"))
    names = [name for name, _ in entries]
    assert {term.strip() for term in TERMS.split(",")} <= set(names)
    assert len(names) == len(set(names))
    assert [name for name, meaning in entries if not re.search(r"_Avoid:\s[^_]+\._$", meaning)] == []


def test_the_data_dictionary_is_that_of_the_table_contracts() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == data_dictionary(), (
        "run: python -m mono_recon.schemas.dictionary"
    )


def test_the_break_types_are_documented_all_and_once() -> None:
    assert sorted(first_cells(read("docs/reconciliation.md"), "Type")) == sorted(CATALOGUE)


def test_the_reasons_of_the_quarantine_are_documented_in_their_order() -> None:
    assert tuple(first_cells(read("docs/inputs.md"), "Reason")) == raw.QUARANTINE_REASONS


def test_the_tables_of_a_pack_are_documented_all_and_once() -> None:
    documented = first_cells(read("docs/outputs.md"), "Table")
    assert sorted(documented) == sorted(table_name(model) for model in report.PACK_TABLES)


def test_dagster_is_silent_and_the_same_wherever_its_home_is() -> None:
    settings = read("dagster_home/dagster.yaml")
    assert "telemetry:\n  enabled: false\nnux:\n  enabled: false\n" in settings
    assert read("mono_recon/defs/dagster.yaml") == settings


def test_git_keeps_of_the_data_folders_only_what_explains_them() -> None:
    assert read("dagster_home/.gitignore").split() == ["*", "!.gitignore", "!dagster.yaml"]
    assert read("data/.gitignore").split() == ["*", "!.gitignore", "!README.md"]


def test_continuous_integration_proves_the_two_commands_and_all_checks() -> None:
    script = read(".ci/run")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in script
    assert re.findall(r"(?m)^make ([a-z]+)", script) == ["demo", "notebooks", "check"]
    assert re.search(r"(?m)^check: .*\btest\b", read("Makefile"))
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
