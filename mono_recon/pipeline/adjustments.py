"""What people recorded about money, brought into the warehouse.

Here belongs keeping ``core.adjustments`` equal to the files. They are few and small, so they are read
whole each time.
"""

from mono_recon.archive.adjustments import read_adjustments
from mono_recon.schemas.core import Adjustments
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
    recorded = read_adjustments(settings.paths.adjustments)
    order = ["path", "line"]
    held = warehouse.query("SELECT * FROM mono.core.adjustments").select(recorded.adjustments.columns).sort(order)
    if not held.equals(recorded.adjustments.sort(order)):
        warehouse.delete(Adjustments, held.select(order))
        warehouse.append(Adjustments, recorded.adjustments)
    return recorded.refused
