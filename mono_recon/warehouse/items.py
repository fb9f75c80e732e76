"""The ids on the pages of exports: which tables hold what was on a page, and which column names it.

Here belongs the one list of them, as a part of a question. Whoever asks says which pages.
"""

_TABLES = (
    ("transfer_observations", "transfer_id"),
    ("collection_observations", "intent_id"),
    ("collection_links", "link_id"),
    ("accounts", "account_id"),
    ("balances", "account_id"),
    ("banks", "code"),
    ("ledger_transactions", "ledger_transaction_id"),
)

PAGE_ITEMS = " UNION ALL ".join(
    [
        *(
            f"SELECT split_part(source_ref, ':', 2) AS page_id, known_at AS fetched_at, {item} AS item_id"  # noqa: S608  names above
            f" FROM mono.core.{table} WHERE source_ref LIKE 'x:%'"
            for table, item in _TABLES
        ),
        (
            "SELECT page_id, known_at, subject_id FROM mono.raw.quarantine"
            " WHERE page_id IS NOT NULL AND subject_id IS NOT NULL"
        ),
    ]
)
"""``page_id``, ``fetched_at`` and ``item_id`` of every row that has an id, refused ones included, in SQL."""
