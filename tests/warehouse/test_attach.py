"""The engine that reads and writes the lake."""

from pathlib import Path

import duckdb
import pytest

from mono_recon.warehouse import attach
from mono_recon.warehouse.errors import WarehouseError


@pytest.fixture(scope="module")
def altered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An extension that somebody has changed a byte of since DuckDB signed it."""
    signed = attach._extension(attach._EXTENSIONS[0])
    content = bytearray(signed.read_bytes())
    content[len(content) // 2] ^= 1
    path = tmp_path_factory.mktemp("altered") / "altered.duckdb_extension"
    path.write_bytes(content)
    return path


def test_a_started_engine_loads_nothing_more_that_is_unsigned(altered: Path) -> None:
    with attach.start_engine() as connection, pytest.raises(duckdb.IOException, match="signature"):
        connection.execute(f"LOAD '{altered}'")


def test_an_installed_extension_that_was_changed_is_found_where_signatures_are_checked(
    altered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attach, "_extension", lambda _: altered)
    with pytest.raises(WarehouseError, match="signature"):
        attach.start_engine(check_signatures=True)
