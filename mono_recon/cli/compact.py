"""``compact``: all of the warehouse's small files put together at once."""

from mono_recon.cli.answer import Answer
from mono_recon.cli.session import Shared
from mono_recon.warehouse.errors import WarehouseError


def compact(*, session: Shared) -> Answer:
    """Put all small data files together; each run does a little of it, so this is for after a long backfill.

    Nothing that was issued changes. What was replaced is kept for seven days, for readers.

    Args:
        session: Global options.
    """
    from mono_recon.warehouse.connect import open_warehouse  # noqa: PLC0415  help needs it not

    places = session.settings().warehouse
    if not places.catalog.exists():
        raise WarehouseError(f"{places.catalog}: there is no warehouse yet; run mono-recon ingest")
    with open_warehouse(places, read_only=False) as warehouse:
        files, size = warehouse.sizes()
        warehouse.compact(whole=True)
        warehouse.publish()
        files_now, size_now = warehouse.sizes()
    data = {"files_before": files, "bytes_before": size, "files": files_now, "bytes": size_now}
    return Answer(
        data,
        lambda console: console.print(
            f"Data files: {files} before, {files_now} now; {size >> 20} MiB before, {size_now >> 20} MiB now."
        ),
    )
