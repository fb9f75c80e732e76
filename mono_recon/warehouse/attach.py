"""How DuckDB is started and the lake attached, always under the name ``mono``.

Here belong extensions, settings of the engine and the place of catalog and data files. The engine
downloads nothing: both extensions are loaded by their path inside their installed packages.
"""

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from importlib import resources
from pathlib import Path

import duckdb

from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.errors import WarehouseError
from mono_recon.warehouse.publish import published

_WAL_FLAG = slice(18, 20)
_EXTENSIONS = ("duckdb_extension_sqlite_scanner", "duckdb_extension_ducklake")
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    # Else the name of a variable in the caller's code could stand in for a table's.
    "python_enable_replacements": False,
    # The lake puts many short questions to its catalog for one of ours. In each of them a second thread waits for
    # work, spinning, and they take twice as long.
    "threads": 1,
}


def start_engine(*, check_signatures: bool = False) -> duckdb.DuckDBPyConnection:
    """Start DuckDB in memory with DuckLake loaded and UTC as its time zone.

    Args:
        check_signatures: Whether extensions are held against DuckDB's signature, which takes a quarter of a second.
            They are installed by hash beside the engine itself, which nothing checks again either. Others are
            always loaded signed only.

    Raises:
        WarehouseError: An extension is not installed, or not for this version of DuckDB.
    """
    # Else Arrow, which hands frames over, remarks on stderr that the buffer of a list without texts is not aligned.
    os.environ.setdefault("ACERO_ALIGNMENT_HANDLING", "ignore")
    config = _CONFIG | {"allow_unsigned_extensions": not check_signatures}
    connection = duckdb.connect(":memory:", config=config)
    try:
        use_utc(connection)
        # Each user has one of his own: what another has made cannot be written to.
        aside = Path(tempfile.gettempdir()) / f"mono_recon-{os.getuid()}"
        connection.execute(f"SET temp_directory = {quoted(aside)}")
        for package in _EXTENSIONS:
            connection.execute(f"LOAD {quoted(_extension(package))}")
        connection.execute("SET allow_unsigned_extensions = false")
    except (duckdb.Error, ImportError, LookupError) as error:
        connection.close()
        raise WarehouseError(
            f"DuckDB {duckdb.__version__} cannot load its extensions ({_first_line(error)}); run make setup"
        ) from error
    return connection


def attach_to_write(connection: duckdb.DuckDBPyConnection, places: Places) -> None:
    """Attach the lake for writing; make it where there is none, and put its files' path right.

    Raises:
        WarehouseError: It cannot be opened.
    """
    if not places.catalog.exists():
        _create_catalog(places.catalog)
    elif not _is_in_wal_mode(places.catalog):
        _set_wal_mode(places.catalog)  # a published copy that was put in its place
    _attach(connection, places.catalog, places.files)
    # The option above holds for this session; readers without it go by what is stored.
    connection.execute(
        "UPDATE __ducklake_metadata_mono.ducklake_metadata SET value = $folder"
        " WHERE key = 'data_path' AND value <> $folder",
        {"folder": _folder(places.files)},
    )


def attach_to_read(connection: duckdb.DuckDBPyConnection, places: Places) -> None:
    """Attach the lake for reading: its catalog, or the published copy where its folder is read-only.

    Raises:
        WarehouseError: There is none, or it cannot be opened.
    """
    if not places.catalog.exists():
        raise WarehouseError(f"{places.catalog}: there is no warehouse yet; run mono-recon ingest")
    _attach(connection, catalog_to_read(places), places.files, ", READ_ONLY")


def catalog_to_read(places: Places) -> Path:
    """The catalog, or its published copy for a reader who may not write beside it."""
    return places.catalog if _is_writable(places.catalog) else published(places.catalog)


def connect_to_read(places: Places) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection for people: the lake for reading, with its schemas on the search path.

    Raises:
        WarehouseError: There is none, or it cannot be opened.
    """
    connection = start_engine()
    try:
        attach_to_read(connection, places)
        use_all_cores(connection)
        connection.execute("SET search_path = 'mono.report,mono.core,mono.raw'")
    except BaseException:
        connection.close()
        raise
    return connection


def use_utc(connection: duckdb.DuckDBPyConnection) -> None:
    """Let moments be told in UTC, whatever the zone of the machine."""
    connection.execute("SET TimeZone = 'UTC'")


def use_all_cores(connection: duckdb.DuckDBPyConnection) -> None:
    """Let the engine use every core, as it pays for many rows."""
    connection.execute("RESET threads")


def quoted(value: object) -> str:
    """A text as an SQL literal, where a statement takes no parameter."""
    return "'" + str(value).replace("'", "''") + "'"


def _create_catalog(catalog: Path) -> None:
    """Make an empty catalog in WAL mode, in one rename: only in that mode do readers not block."""
    aside = catalog.with_name(f".{catalog.name}.tmp")
    aside.unlink(missing_ok=True)
    _set_wal_mode(aside)
    aside.rename(catalog)


def _set_wal_mode(catalog: Path) -> None:
    with closing(sqlite3.connect(catalog)) as opened, suppress(sqlite3.DatabaseError):  # DuckDB says what is wrong
        opened.execute("PRAGMA journal_mode=wal")


def _is_in_wal_mode(catalog: Path) -> bool:
    """Whether the header of an SQLite file says so; looked at without opening it."""
    try:
        with catalog.open("rb") as file:
            return file.read(_WAL_FLAG.stop)[_WAL_FLAG] == b"\x02\x02"
    except OSError:
        return True  # DuckDB says what is wrong


def _is_writable(catalog: Path) -> bool:
    return os.access(catalog.parent, os.W_OK) and os.access(catalog, os.W_OK)


def _attach(connection: duckdb.DuckDBPyConnection, catalog: Path, files: Path, options: str = "") -> None:
    try:
        connection.execute(
            f"ATTACH {quoted(f'ducklake:sqlite:{catalog}')} AS mono"
            f" (DATA_PATH {quoted(_folder(files))}, OVERRIDE_DATA_PATH true{options})"
        )
    except duckdb.Error as error:
        raise WarehouseError(
            f"{catalog}: the warehouse cannot be opened ({_first_line(error)}); restore it from a backup, or"
            " move it away and let mono-recon ingest make it anew from the archive"
        ) from error


def _folder(files: Path) -> str:
    return f"{files}/"


def _extension(package: str) -> Path:
    folder = Path(str(resources.files(package))) / "extensions"
    (file,) = folder.glob("*/*.duckdb_extension")
    return file


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
