"""The published catalog: a copy that can be read without write permission to its folder.

Here belongs how the copy is made; it needs the standard library alone. A catalog in WAL mode asks of
its readers that they may write beside it; this copy is in rollback-journal mode and does not.
"""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path


def published(catalog: Path) -> Path:
    """Where the published copy of a catalog lies."""
    return catalog.with_name("published.sqlite")


def publish(catalog: Path) -> None:
    """Replace the published copy of a catalog by its present state, in one rename.

    The copy is made in a process of its own: DuckDB brings an SQLite of its own, and a second one
    that closes the same file in this process would drop the locks of the first.

    Raises:
        subprocess.CalledProcessError: The copy could not be made; the earlier one is still there.
    """
    subprocess.run(  # noqa: S603  this file, run by this interpreter
        [sys.executable, "-I", __file__, str(catalog)], check=True, capture_output=True
    )


def _copy(catalog: Path) -> None:
    aside = catalog.with_name(".published.sqlite.tmp")
    aside.unlink(missing_ok=True)
    with closing(sqlite3.connect(catalog)) as source, closing(sqlite3.connect(aside)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=delete")
    aside.replace(published(catalog))


if __name__ == "__main__":
    _copy(Path(sys.argv[1]))
