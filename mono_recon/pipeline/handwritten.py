"""What people wrote down, brought into the warehouse: adjustments and resolutions.

Here belongs keeping their tables equal to the files. They are few and small, so they are read whole each
time.
"""

from mono_recon.archive.adjustments import read_adjustments
from mono_recon.archive.handwritten import Written
from mono_recon.archive.resolutions import read_resolutions
from mono_recon.schemas.core import Adjustments, Resolutions
from mono_recon.schemas.table import Table, schema_name, table_name
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse


def take_adjustments(warehouse: Warehouse, settings: Settings) -> tuple[str, ...]:
    """Make the warehouse hold exactly the adjustments of the files; nothing is written if it does.

    Args:
        warehouse: The warehouse, inside a transaction.
        settings: Where the files are.

    Returns:
        What was left out, and why.
    """
    return _hold(warehouse, Adjustments, read_adjustments(settings.paths.adjustments))


def take_resolutions(warehouse: Warehouse, settings: Settings) -> tuple[str, ...]:
    """The same for the resolutions."""
    return _hold(warehouse, Resolutions, read_resolutions(settings.paths.resolutions))


def _hold(warehouse: Warehouse, table: type[Table], written: Written) -> tuple[str, ...]:
    order = ["path", "line"]
    name = f"mono.{schema_name(table)}.{table_name(table)}"
    held = warehouse.query(f"SELECT * FROM {name}").select(written.rows.columns).sort(order)  # noqa: S608  a contract's name
    if not held.equals(written.rows.sort(order)):
        warehouse.delete(table, held.select(order))
        warehouse.append(table, written.rows)
    return written.refused
