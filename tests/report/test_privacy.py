from pathlib import Path

import polars as pl

from mono_recon.report.content import content_sha256
from mono_recon.report.pack import write_pack
from mono_recon.report.privacy import without_emails
from tests.report.sample import report, with_rows


def masked(text: str) -> str:
    frame = with_rows("outgoing_transfers", {"description": text}).tables["outgoing_transfers"]
    return str(without_emails("outgoing_transfers", frame)["description"][0])


def test_an_address_is_left_out_and_the_words_around_it_stay() -> None:
    assert masked("pago a ana.ruiz+mono@correo.example.co, gracias") == "pago a [e-mail], gracias"
    assert masked("<a@b.co>;c_d@e-f.com.") == "<[e-mail]>;[e-mail]."


def test_an_at_sign_alone_is_no_address() -> None:
    for text in ("@SUM(A1)", "3 @ 500", "usuario@local", "ñandú"):
        assert masked(text) == text


def test_the_facts_and_the_paths_stay_as_they_are() -> None:
    given = with_rows("incoming_credits", {"label": "pagos@example.co"})
    tables = {name: without_emails(name, frame) for name, frame in given.tables.items()}
    assert content_sha256(tables) == content_sha256(given.tables)
    lineage = with_rows("lineage", {"path": "in/a@example.co/1.json"}).tables["lineage"]
    assert without_emails("lineage", lineage).equals(lineage)


def test_no_file_of_a_pack_holds_an_address(tmp_path: Path) -> None:
    write_pack(with_rows("breaks", {"left_value": "luz@example.co"}), tmp_path)
    parquet = [pl.read_parquet(path).write_json() for path in tmp_path.glob("*.parquet")]
    csv = [path.read_text() for path in tmp_path.glob("*.csv")]
    assert not [text for text in parquet + csv if "example.co" in text and "http" not in text]
    assert "[e-mail]" in (tmp_path / "mono_recon_2026-03-02_v1_breaks.csv").read_text()
    assert "[e-mail]" in (tmp_path / "mono_recon_2026-03-02_v1_data_quality.csv").read_text()
    assert report().tables["data_quality"]["detail"][0].endswith("mail.example.co")
