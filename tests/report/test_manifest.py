import dataclasses
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mono_recon.report.manifest import Manifest, parse, render, seal, statement
from mono_recon.report.pack import write_pack
from tests.report.sample import report


def manifest(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return loaded


def test_a_manifest_says_what_the_pack_rests_on(tmp_path: Path) -> None:
    given = report(version=3)
    files = write_pack(given, tmp_path)
    stated = manifest(tmp_path)
    assert list(stated) == [
        *("as_of", "business_date", "code_version", "content_sha256", "control_totals", "files", "issues"),
        *("settings", "settings_sha256", "source_files", "supersedes", "tables", "verdict", "version"),
    ]
    assert (stated["business_date"], stated["version"], stated["supersedes"]) == ("2026-03-02", 3, 2)
    assert stated["as_of"] == "2026-03-03T11:00:00.000000Z"
    assert stated["issues"] == [{"business_date": "2026-02-27", "version": 1, "as_of": "2026-03-02T11:00:00.000000Z"}]
    assert stated["source_files"][1] == {"path": "exports/página 1.json", "sha256": "cd" * 32}
    assert stated["tables"]["breaks"] == 4
    assert stated["tables"]["restatements"] == 0
    assert stated["settings"] == given.settings.effective()
    assert stated["settings_sha256"] == given.settings.sha256()
    assert stated["files"] == {name: sha256 for name, sha256 in files.items() if name != "manifest.json"}


def test_control_totals_are_the_rows_about_money_and_breaks(tmp_path: Path) -> None:
    write_pack(report(), tmp_path)
    totals = manifest(tmp_path)["control_totals"]
    assert [row["metric"] for row in totals] == [
        *("open.break", "open.review", "open.timing", "carried.break", "carried.review"),
        *("money.out", "money.in", "unexplained"),
    ]
    account = {"account_id": "acc_16ktUqSO7G0qTHDz8I3qrG", "currency": "COP"}
    assert totals[5] == account | {"metric": "money.out", "count": 2, "amount_minor": 167_000_000}


def test_no_path_of_the_machine_is_in_it(tmp_path: Path) -> None:
    write_pack(report(), tmp_path)
    text = (tmp_path / "manifest.json").read_text()
    assert "nowhere" not in text
    assert str(tmp_path) not in text


def test_a_manifest_has_one_form_only() -> None:
    content = render(statement(report()))
    assert render(parse(content)) == content
    for other in (content[:-1], content.replace(b'"version": 1', b'"version":  1'), b"{}", b"\xff", b""):
        with pytest.raises(ValueError, match="manifest"):
            parse(other)


def test_the_seal_covers_all_but_the_hashes_of_the_files() -> None:
    stated = statement(report())

    def sealed(**change: Any) -> str:
        return seal(Manifest(**{name: getattr(stated, name) for name in stated.__struct_fields__} | change))

    assert sealed(files={"a": "b"}) == sealed()
    assert sealed(code_version="0.1.1") != sealed()
    assert sealed(as_of="2026-03-03T11:00:00.000001Z") != sealed()


def test_the_zone_in_which_an_as_of_is_given_changes_nothing() -> None:
    given = report()
    elsewhere = dataclasses.replace(given, as_of=given.as_of.astimezone(ZoneInfo("America/Bogota")))
    assert statement(elsewhere) == statement(given)
