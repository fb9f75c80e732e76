"""Daily reconciliation of Mono's webhooks and API exports, exact to the centavo.

Here belongs the one function that analysts need; everything else is imported from where it lies.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection  # noqa: TID251  named, not used


def connect(data: str | os.PathLike[str] | None = None) -> "DuckDBPyConnection":
    """Open the warehouse for reading.

    ``report``, ``core`` and ``raw`` are on the search path and the session's time zone is UTC. The daily
    run neither waits for the connection nor disturbs it: every statement sees one committed state.

    Args:
        data: The data root; by default ``MONO_RECON_DATA``, else ``data``.

    Raises:
        SettingsError: The settings of that data root cannot be read.
        WarehouseError: There is no warehouse, or it cannot be opened.
    """
    # Loaded here so that importing a part of the project does not load the database.
    from mono_recon.settings import load_settings  # noqa: PLC0415
    from mono_recon.warehouse.attach import connect_to_read  # noqa: PLC0415

    root = Path(data or os.environ.get("MONO_RECON_DATA") or "data")
    return connect_to_read(load_settings(root, None, os.environ).warehouse)
