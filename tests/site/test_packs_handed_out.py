"""Files of packs: those that were issued, as they were issued, and nothing else."""

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mono_recon.site.packs import page_policy
from tests.demonstration import BREAKS
from tests.site.visits import settings_of, visiting

PACK = f"/packs/{BREAKS}/v2"
WORKBOOK = f"mono_recon_{BREAKS}_v2.xlsx"
SCRIPT = "document.title = 'x'"
HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()


@pytest.fixture
def own(demo: Path, tmp_path: Path) -> Any:
    """A visitor of a site with packs of its own, and the folder of one of them."""
    reports = Path(shutil.copytree(demo / "reports", tmp_path / "reports"))
    with visiting(settings_of(demo, MONO_RECON_PATHS__REPORTS=str(reports))) as client:
        yield client, reports / str(BREAKS) / "v2"


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return found


def with_file(folder: Path, name: str, content: bytes) -> None:
    """Let a pack hold a file that its manifest names."""
    (folder / name).write_bytes(content)
    changed = (folder / "manifest.json").read_text("utf-8")
    given = manifest(folder)["files"] | {name: hashlib.sha256(content).hexdigest()}
    at = changed.index('"files": {')
    files = ",\n".join(f'    "{each}": "{sha256}"' for each, sha256 in sorted(given.items()))
    end = changed.index("}", at)
    (folder / "manifest.json").write_text(f'{changed[:at]}"files": {{\n{files}\n  {changed[end:]}', encoding="utf-8")


def test_every_file_of_a_pack_is_handed_out_with_the_hash_of_its_manifest(demo: Path, visitor: Any) -> None:
    folder = demo / "reports" / str(BREAKS) / "v2"
    page = visitor.get(f"/dates/{BREAKS}").text
    files = manifest(folder)["files"]
    assert {path.name for path in folder.iterdir()} == {*files, "manifest.json"}
    for name, sha256 in files.items():
        assert f"<code>{sha256}</code>" in page
        answer = visitor.get(f"{PACK}/{name}?download")
        assert hashlib.sha256(answer.content).hexdigest() == sha256
        assert answer.headers["etag"] == f'"{sha256}"'
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert visitor.get(f"{PACK}/manifest.json").content == (folder / "manifest.json").read_bytes()


def test_files_are_what_they_are_to_a_browser(visitor: Any) -> None:
    expected = {
        WORKBOOK: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        f"mono_recon_{BREAKS}_v2_breaks.csv": "text/csv; charset=utf-8",
        "breaks.parquet": "application/vnd.apache.parquet",
        "manifest.json": "application/json",
    }
    assert {name: visitor.head(f"{PACK}/{name}").headers["content-type"] for name in expected} == expected


def test_what_a_browser_holds_is_not_sent_again_and_a_part_can_be_asked_for(visitor: Any) -> None:
    whole = visitor.get(f"{PACK}/{WORKBOOK}")
    tag = whole.headers["etag"]
    assert visitor.get(f"{PACK}/{WORKBOOK}", headers={"if-none-match": tag}).status_code == 304
    part = visitor.get(f"{PACK}/{WORKBOOK}", headers={"range": "bytes=10-19", "if-range": tag})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    other = visitor.get(f"{PACK}/{WORKBOOK}", headers={"range": "bytes=10-19", "if-range": '"x"'})
    assert (other.status_code, other.content) == (200, whole.content)


@pytest.mark.parametrize(
    "address",
    [
        f"{PACK}/nothing.csv",
        f"{PACK}/..%2f..%2f..%2fmono_recon.toml",
        f"{PACK}/%2e%2e%2fv1%2fmanifest.json",
        f"{PACK}/....//manifest.json",
        f"{PACK}//manifest.json",
        f"{PACK}/manifest.json%00",
        f"{PACK}/%5c..%5cmanifest.json",
        f"{PACK}/breaks.parquet/",
        f"/packs/{BREAKS}/v7/manifest.json",
        f"/packs/{BREAKS}/v-1/manifest.json",
        f"/packs/{BREAKS}/2/manifest.json",
        "/packs/2026-3-2/v2/manifest.json",
        "/packs/..%2f2026-03-02/v2/manifest.json",
        "/packs/%2e%2e/v2/users.json",
        "/packs//etc/passwd",
        "/static/x/site.css",
        "/static/..%2f..%2fapp.py",
    ],
)
def test_no_address_leads_to_any_other_file(visitor: Any, address: str) -> None:
    assert visitor.get(address).status_code == 404


@pytest.mark.parametrize("name", ["../../../secret.txt", "../v1/manifest.json", "sub/secret.txt", "/etc/passwd"])
def test_a_manifest_that_names_a_file_elsewhere_does_not_open_it(own: Any, name: str) -> None:
    client, folder = own
    (folder.parents[2] / "secret.txt").write_bytes(b"secret")
    changed = (folder / "manifest.json").read_text("utf-8").replace('"breaks.parquet"', json.dumps(name), 1)
    (folder / "manifest.json").write_text(changed, encoding="utf-8")
    for asked in (name.replace("/", "%2f"), Path(name).name):
        answer = client.get(f"{PACK}/{asked}")
        assert answer.status_code in (404, 409) or answer.content == (folder / "manifest.json").read_bytes()
    assert "secret.txt" not in client.get(f"/dates/{BREAKS}").text


@pytest.mark.parametrize("inside", [False, True])
def test_a_link_out_of_the_reports_is_not_followed(own: Any, *, inside: bool) -> None:
    client, folder = own
    outside = folder.parents[2] / "breaks.parquet"
    shutil.move(folder / "breaks.parquet", outside)
    if inside:
        shutil.move(folder, moved := folder.parents[2] / "v2")
        (moved / "breaks.parquet").write_bytes(outside.read_bytes())
        folder.symlink_to(moved)
    else:
        (folder / "breaks.parquet").symlink_to(outside)
    assert client.get(f"{PACK}/breaks.parquet").status_code == 404


def test_a_file_that_is_not_what_was_issued_is_not_handed_out(own: Any) -> None:
    client, folder = own
    assert client.get(f"{PACK}/{WORKBOOK}").status_code == 200
    with (folder / WORKBOOK).open("ab") as file:
        file.write(b"x")
    answer = client.get(f"{PACK}/{WORKBOOK}")
    assert answer.status_code == 409
    assert f"mono-recon report verify {BREAKS}" in answer.text
    assert str(folder) not in answer.text


def test_a_version_whose_files_are_gone_says_so(own: Any) -> None:
    client, folder = own
    shutil.rmtree(folder)
    answer = client.get(f"/dates/{BREAKS}/v2")
    assert answer.status_code == 200
    assert "no están en la carpeta de reportes" in answer.text


def test_the_page_of_a_pack_is_shown_in_a_sandbox_with_its_own_style_and_script_alone(own: Any) -> None:
    client, folder = own
    policy = f"default-src 'none'; script-src 'sha256-{HASH}' 'unsafe-inline' http://evil.example; connect-src *"
    meta = f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{policy}"><script>{SCRIPT}</script>'
    with_file(folder, "index.html", meta.encode())
    answer = client.get(f"{PACK}/index.html")
    assert answer.content == meta.encode()
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    given = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
    assert given["script-src"] == f"'sha256-{HASH}'"
    assert given["sandbox"] == "allow-scripts allow-downloads"
    assert given["default-src"] == given["frame-ancestors"] == given["base-uri"] == "'none'"
    assert {"style-src", "connect-src"}.isdisjoint(given)
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize("content", [b"", b"<p>", b"\xff" * 9000, b"x" * 5000 + b'<meta http-equiv="Content-Security'])
def test_a_page_that_states_no_hashes_may_run_nothing(content: bytes) -> None:
    assert "script-src" not in page_policy(content)
    assert "sandbox" in page_policy(content)
