"""An issued pack made again from the inputs that it names."""

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from mono_recon.pipeline.remake import remake
from mono_recon.report.manifest import MANIFEST, parse, render
from mono_recon.report.pack import pack_folder
from mono_recon.warehouse.connect import open_warehouse
from tests.pipeline.archives import Archive
from tests.pipeline.lives import MONDAY, TUESDAY, Story, data_root, issue_each, local, stated

LATE = stated(1, "approved", local(2, "20:00:00"), local(2, "21:00:00.25"))


@pytest.fixture(scope="module")
def issued(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Monday and Tuesday, issued; what has arrived since has clocks of Monday, and what there was lies elsewhere.

    An export that there was as an array has come as lines too.
    """
    archive = data_root(template, tmp_path_factory.mktemp("issued") / "data")
    begun = local(2, "20:00:00")
    story = Story().figures([2, 3, 4]).tell(stated(1, "in_progress", begun, begun), "bank_transfer_fallback_routing")
    pulled = Story().pull([stated(2, "approved", begun, begun)], local(3, "01:00:00"))
    archive.write("exports/array.json", f"[{pulled.pages[0][1]}]")
    story.tell(stated(2, "approved", begun, begun)).write(archive, "known")
    issue_each(archive, [MONDAY, TUESDAY])
    (archive.folder / "webhooks/known.jsonl").rename(archive.folder / "webhooks/moved.jsonl")
    pulled.tell(LATE).tell(stated(2, "approved", begun, begun), received=local(2, "20:00:01")).write(archive, "late")
    assert archive.query("SELECT path FROM mono.raw.files WHERE path = 'webhooks/moved.jsonl'").height == 1
    return archive


@pytest.fixture
def archive(issued: Archive, tmp_path: Path) -> Archive:
    return Archive(Path(shutil.copytree(issued.root, tmp_path / "data")))


def made_again(archive: Archive, day: object = MONDAY) -> list[str]:
    with open_warehouse(archive.settings.warehouse, read_only=True) as warehouse:
        return remake(warehouse, archive.settings, archive.settings.paths.reports / f"{day}/v1")


def test_a_pack_comes_out_the_same_although_older_records_have_come_and_its_files_were_moved(issued: Archive) -> None:
    assert {day: made_again(issued, day) for day in (MONDAY, TUESDAY)} == {MONDAY: [], TUESDAY: []}


def test_a_pack_comes_out_the_same_under_other_settings(archive: Archive) -> None:
    with (archive.root / "mono_recon.toml").open("a") as settings:
        settings.write('\n[webhooks]\nhorizon = "1h"\n\n[report]\nlanguage = "en"\n')
    assert made_again(Archive(archive.root)) == []


def drop_a_row(pack: Path) -> str:
    file = next(pack.glob("*_outgoing_transfers.csv"))
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    return file.name


def change_a_setting(pack: Path) -> str:
    manifest = parse((pack / MANIFEST).read_bytes())
    manifest.settings["credits"]["return_window"] = "9bd"
    (pack / MANIFEST).write_bytes(render(manifest))
    return MANIFEST


def leave_out_a_file(pack: Path) -> str:
    manifest = parse((pack / MANIFEST).read_bytes())
    kept = [file for file in manifest.source_files if not file.path.startswith("webhooks/")]
    (pack / MANIFEST).write_bytes(render(msgspec.structs.replace(manifest, source_files=kept)))
    return "breaks.parquet"


@pytest.mark.parametrize("change", [drop_a_row, change_a_setting, leave_out_a_file])
def test_what_was_changed_comes_out_otherwise(archive: Archive, change: Callable[[Path], str]) -> None:
    changed = change(pack_folder(archive.settings.paths.reports, MONDAY, 1))
    assert [line for line in made_again(archive) if line.startswith(changed)] == [
        f"{changed} comes out otherwise when it is made again"
    ]


def test_a_row_of_the_issue_before_that_was_changed_in_the_warehouse_is_noticed(archive: Archive) -> None:
    with open_warehouse(archive.settings.warehouse, read_only=False) as warehouse, warehouse.transaction():
        warehouse._connection.execute("DELETE FROM mono.report.breaks WHERE business_date = '2026-03-02'")
    assert "break_movement.parquet comes out otherwise when it is made again" in made_again(archive, TUESDAY)


def test_of_a_pack_by_other_code_the_facts_are_compared(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = pack_folder(archive.settings.paths.reports, MONDAY, 1)
    drop_a_row(pack)
    monkeypatch.setattr("mono_recon.pipeline.remake.code_version", lambda: "another")
    assert made_again(archive) == []
    manifest = parse((pack / MANIFEST).read_bytes())
    (pack / MANIFEST).write_bytes(render(msgspec.structs.replace(manifest, content_sha256="0" * 64)))
    assert made_again(archive) == [f"made again by other code, its content_sha256 is {manifest.content_sha256}"]
