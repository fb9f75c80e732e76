"""A date's reconciliation by hand in DuckDB: the last state of each transfer, the list joined, the batches added up.

python -m bench.peers.duck ROOT OUT
"""

import json
import sys
from pathlib import Path

import duckdb  # noqa: TID251  the peer is DuckDB itself

_MONEY = {"amount": "BIGINT", "currency": "VARCHAR"}
_BATCH = {"account_id": "VARCHAR", "id": "VARCHAR", "state": "VARCHAR", "total_amount": _MONEY}
_TRANSFER = {
    "id": "VARCHAR",
    "amount": _MONEY,
    "batch": _BATCH,
    "declination_reason": "VARCHAR",
    "description": "VARCHAR",
    "inserted_at": "TIMESTAMPTZ",
    "payee": {
        "bank_account": {"bank_code": "VARCHAR", "number": "VARCHAR", "type": "VARCHAR"},
        "document_number": "VARCHAR",
        "document_type": "VARCHAR",
        "name": "VARCHAR",
    },
    "reference": "VARCHAR",
    "routing": "VARCHAR",
    "state": "VARCHAR",
    "updated_at": "TIMESTAMPTZ",
}
_DELIVERY = {"event": {"type": "VARCHAR", "data": _TRANSFER | {"account_id": "VARCHAR", "total_amount": _MONEY}}}
_PAGE = {"response": {"body": {"transfers": [_TRANSFER]}}}

_TOLD = """
    CREATE TABLE told AS
    SELECT body.event.type AS event_type, body.event.data AS data FROM (
        SELECT from_json(body, $delivery) AS body
        FROM read_json($files, format = 'newline_delimited', columns = {body: 'VARCHAR'})
    )
"""
_LISTED = """
    CREATE TABLE listed AS
    SELECT unnest(from_json(json, $page).response.body.transfers) AS data
    FROM read_ndjson_objects($files, maximum_object_size = 100000000)
"""
_TRANSFERS = """
    CREATE TABLE transfers AS
    SELECT
        coalesce(told.data.id, listed.data.id) AS transfer_id,
        coalesce(told.data.batch.account_id, listed.data.batch.account_id) AS account_id,
        coalesce(told.data.batch.id, listed.data.batch.id) AS batch_id,
        told.data.amount.amount AS told_minor, listed.data.amount.amount AS listed_minor,
        coalesce(told.data.amount.currency, listed.data.amount.currency) AS currency,
        told.data.state AS told_state, listed.data.state AS listed_state,
        coalesce(told.data.inserted_at, listed.data.inserted_at) AS created_at,
        coalesce(told.data.updated_at, listed.data.updated_at) AS updated_at,
        coalesce(told.data.routing, listed.data.routing) AS routing,
        coalesce(told.data.reference, listed.data.reference) AS reference,
        coalesce(told.data.description, listed.data.description) AS description,
        coalesce(told.data.declination_reason, listed.data.declination_reason) AS declination_reason,
        coalesce(told.data.payee, listed.data.payee) AS payee,
        told.data.state IS NOT DISTINCT FROM listed.data.state
            AND told.data.amount.amount IS NOT DISTINCT FROM listed.data.amount.amount AS matched
    FROM (
        SELECT DISTINCT ON (data.id) data FROM told
        WHERE starts_with(event_type, 'bank_transfer') ORDER BY data.id, data.updated_at DESC
    ) AS told
    FULL JOIN listed ON told.data.id = listed.data.id
"""
_BATCHES = """
    CREATE TABLE batches AS
    SELECT
        sent.*, sum(listed_minor) AS members_minor, count(*) AS members,
        sum(listed_minor) FILTER (listed_state = 'approved') AS approved_minor,
        sum(listed_minor) = any_value(declared_minor) AS matched
    FROM (
        SELECT DISTINCT data.id AS batch_id, data.account_id, data.total_amount.amount AS declared_minor
        FROM told WHERE starts_with(event_type, 'batch')
    ) AS sent LEFT JOIN transfers USING (batch_id)
    GROUP BY ALL
"""


def main() -> None:
    """Reconcile a data root and write transfers and batches as CSV and Parquet."""
    root, out = map(Path, sys.argv[1:])
    archive = root / "archive"
    webhooks = sorted(map(str, (archive / "webhooks").rglob("*.jsonl")))
    pages = sorted(map(str, (archive / "exports").rglob("transfers*.jsonl")))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_TOLD, {"files": webhooks, "delivery": json.dumps(_DELIVERY)})
        connection.execute(_LISTED, {"files": pages, "page": json.dumps(_PAGE)})
        connection.execute(_TRANSFERS)
        connection.execute(_BATCHES)
        for table in ("transfers", "batches"):
            connection.sql(f"COPY {table} TO '{out / table}.csv' (HEADER)")
            connection.sql(f"COPY {table} TO '{out / table}.parquet' (COMPRESSION zstd)")
            connection.table(table).aggregate("count(*), count(*) FILTER (NOT matched)").show()


if __name__ == "__main__":
    main()
