"""What transfers hang together by, read out of all that was ever stated.

Here belongs what every date asks of the whole history and what is small beside it, since statements repeat it. Whoever
asks for many dates in a row holds it in memory.
"""

from collections.abc import Mapping

from mono_recon.warehouse.connect import Warehouse

_LINKS: Mapping[str, str] = {
    "sent": "SELECT transfer_id, batch_id, external_id FROM mono.core.transfer_observations",
    "listed": "SELECT batch_id, unnest(listed_transfer_ids) AS transfer_id FROM mono.core.batch_observations",
    "declined": "SELECT transfer_id, account_id, currency, amount_minor, occurred_at"
    " FROM mono.core.transfer_observations WHERE state = 'declined'",
}
_MOST = 5_000_000
"""Statements about transfers of which it may be held: out of 4.6 million, eight for each transfer, it is 81 MB."""


def hold_links(warehouse: Warehouse) -> None:
    """Hold it in memory for all that is asked over this connection, unless the history is too long for that.

    Args:
        warehouse: The warehouse, in whose ``core`` nobody may write from now on.
    """
    if warehouse.query("SELECT count(*) FROM mono.core.transfer_observations").item() > _MOST:
        return
    for name, sql in _LINKS.items():
        warehouse.hold(name, f"FROM ({sql}) SELECT DISTINCT *")


def links(warehouse: Warehouse) -> Mapping[str, str]:
    """By name, what to write behind FROM.

    Returns:
        ``sent`` (``transfer_id``, ``batch_id``, ``external_id``), ``listed`` (``batch_id``, ``transfer_id``) and
        ``declined`` (``transfer_id``, ``account_id``, ``currency``, ``amount_minor``, ``occurred_at``); rows may
        occur several times.
    """
    return {name: name if warehouse.holds(name) else f"({sql})" for name, sql in _LINKS.items()}
