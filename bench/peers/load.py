"""The peer of an ingest: DuckDB's own typed load of webhook bodies into a table, and nothing else.

No hash, no signature, no validation, no duplicates, no provenance: the time that any intake needs at least.

    python -m bench.peers.load BODIES DATABASE
"""

import sys
from pathlib import Path

import duckdb  # noqa: TID251  the peer is DuckDB itself

_MONEY = "STRUCT(amount BIGINT, currency VARCHAR)"
_BATCH = (
    "STRUCT(account_id VARCHAR, id VARCHAR, inserted_at TIMESTAMPTZ, origin VARCHAR, state VARCHAR,"
    f" total_amount {_MONEY}, updated_at TIMESTAMPTZ)"
)
_PAYEE = (
    "STRUCT(bank_account STRUCT(bank_code VARCHAR, number VARCHAR, type VARCHAR),"
    " document_number VARCHAR, document_type VARCHAR, email VARCHAR, name VARCHAR)"
)
_DATA = (
    f"STRUCT(amount {_MONEY}, batch {_BATCH}, declination_reason VARCHAR, description VARCHAR, entity_id VARCHAR,"
    f" id VARCHAR, inserted_at TIMESTAMPTZ, payee {_PAYEE}, recipient_handle VARCHAR, reference VARCHAR,"
    " state VARCHAR, updated_at TIMESTAMPTZ, routing VARCHAR, fallback_routing VARCHAR[], fallback_reason VARCHAR)"
)
_LOAD = f"""
    CREATE TABLE transfers AS
    SELECT
        "timestamp" AS event_at, event.type AS event_type, data.id, data.state, data.amount.amount AS amount_minor,
        data.amount.currency, data.batch.account_id, data.batch.id AS batch_id, data.batch.state AS batch_state,
        data.batch.origin, data.batch.total_amount.amount AS batch_total_minor,
        data.batch.total_amount.currency AS batch_currency, data.batch.inserted_at AS batch_inserted_at,
        data.batch.updated_at AS batch_updated_at, data.entity_id, data.reference, data.description, data.routing,
        data.fallback_routing, data.fallback_reason, data.declination_reason, data.recipient_handle,
        data.payee.name AS payee_name, data.payee.document_type, data.payee.document_number, data.payee.email,
        data.payee.bank_account.bank_code, data.payee.bank_account.number AS account_number,
        data.payee.bank_account.type AS account_type, data.inserted_at, data.updated_at
    FROM (
        SELECT "timestamp", event, event.data AS data FROM read_json(
            $files, format = 'newline_delimited',
            columns = {{event: 'STRUCT(data {_DATA}, type VARCHAR)', timestamp: 'TIMESTAMPTZ'}}
        )
    )
"""  # noqa: S608  types written above


def main() -> None:
    """Load every body of a data root into a new database file."""
    root, database = map(Path, sys.argv[1:])
    files = sorted(map(str, (root / "archive").rglob("*.jsonl")))
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_LOAD, {"files": files})


if __name__ == "__main__":
    main()
