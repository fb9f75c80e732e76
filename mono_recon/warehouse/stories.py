"""What the warehouse holds about one transfer, batch, credit, collection or break.

Here belong the questions that go by an id. There are few of them and each is bounded by a clock where one
is known, so that an answer comes at once however long the history is. What the rows tell together is
decided in ``mono_recon.pipeline.story``.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.attach import connect_to_read

_SHOWN_CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Kind:
    """Where the statements about one kind of subject lie, and its lines.

    Attributes:
        id_column: Column of its id, in both tables.
        statements: Table of ``core``.
        lines: Table of ``report``.
        line_state: What a line says of its state, in SQL.
        names: Columns of ``core`` with the client's own names for it.
    """

    id_column: str
    statements: str
    lines: str
    line_state: str
    names: tuple[str, ...]


KINDS = {
    "transfer": Kind(
        "transfer_id", "transfer_observations", "outgoing_transfers", "state_at_cutoff", ("external_id", "reference")
    ),
    "batch": Kind("batch_id", "batch_observations", "batches", "state", ("reference",)),
    "credit": Kind("credit_id", "account_credits", "incoming_credits", "NULL", ("external_id", "reference")),
    "collection": Kind(
        "intent_id", "collection_observations", "collections", "state_at_cutoff", ("external_id", "reference")
    ),
}


class SubjectReader:
    """Answers questions about single subjects, all of them from one state of the warehouse."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def named(self, name: str) -> list[tuple[str, str]]:
        """Kind and id of the subjects that bear a name: an id, an external id, a reference, a break's subject."""
        found = [
            f"SELECT DISTINCT '{kind}' AS kind, {table.id_column} AS id FROM mono.core.{table.statements}"  # noqa: S608  names written above
            f" WHERE $name IN ({', '.join((table.id_column, *table.names))})"
            for kind, table in KINDS.items()
        ]
        breaks = "SELECT DISTINCT 'break', break_id FROM mono.report.breaks WHERE subject_id = $name AND subject_type"
        found.append(f"{breaks} IN ('account', 'feed', 'payment_group')")
        return self._ask(f"{' UNION ALL '.join(found)} ORDER BY ALL LIMIT {_SHOWN_CANDIDATES}", name=name).rows()

    def subject_of(self, break_id: str) -> tuple[str, str] | None:
        """Subject type and id of a break; None if no report ever listed it."""
        found = self._ask(
            "SELECT subject_type, subject_id FROM mono.report.breaks WHERE break_id = $id LIMIT 1", id=break_id
        )
        return found.row(0) if found.height else None

    def at_stake(self, break_ids: Sequence[str]) -> dict[str, int]:
        """Centavos at stake in breaks, by the latest report that lists each; those that none lists are left out."""
        found = self._ask(
            "SELECT break_id, max(amount_minor) FROM ("
            "SELECT break_id, amount_minor FROM mono.report.breaks WHERE break_id IN (SELECT unnest($ids::VARCHAR[]))"
            " QUALIFY rank() OVER (PARTITION BY break_id ORDER BY business_date DESC, version DESC) = 1"
            ") GROUP BY break_id",
            ids=break_ids,
        )
        return dict(found.iter_rows())

    def statements(self, kind: str, subject_id: str) -> pl.DataFrame:
        """Everything that Mono stated about a subject: rows of its table in ``core``."""
        table = KINDS[kind]
        return self._ask(f"SELECT * FROM mono.core.{table.statements} WHERE {table.id_column} = $id", id=subject_id)  # noqa: S608  names written above

    def transfers(self, batch_id: str, listed: Sequence[str]) -> pl.DataFrame:
        """Statements about the members of a batch: transfers that name it, and those that it lists.

        Equality and a missing value let most of the table be skipped, a list of ids does not: it is read whole
        only for transfers that are listed and name another batch.
        """
        table = "SELECT * FROM mono.core.transfer_observations WHERE list_contains($ids::VARCHAR[], transfer_id)"
        naming = self._ask("SELECT * FROM mono.core.transfer_observations WHERE batch_id = $batch", batch=batch_id)
        strangers = sorted({*listed} - {*naming["transfer_id"]})
        members = [*strangers, *naming["transfer_id"].unique()]
        parts = [naming, self._ask(f"{table} AND batch_id IS NULL", ids=members)]
        if strangers:
            parts.append(self._ask(f"{table} AND batch_id <> $batch", ids=strangers, batch=batch_id))
        return pl.concat(parts)

    def payments(self, account_id: str, external_id: str) -> pl.DataFrame:
        """Statements about the transfers of an account that bear one external id."""
        return self._ask(
            "SELECT * FROM mono.core.transfer_observations WHERE account_id = $account AND external_id = $external",
            account=account_id,
            external=external_id,
        )

    def proof(self, account_id: str, day: date) -> pl.DataFrame:
        """The balance proof of an account and date: rows of the latest version."""
        return self._ask(
            "SELECT * FROM mono.report.latest_balance_proof WHERE account_id = $account AND business_date = $day"
            " ORDER BY currency",
            account=account_id,
            day=day,
        )

    def issues(self) -> pl.DataFrame:
        """``business_date``, ``version``, ``as_of`` and ``verdict`` of every issue, and whether it is the latest."""
        return self._ask(
            "SELECT business_date, version, as_of, verdict,"
            " version = max(version) OVER (PARTITION BY business_date) AS is_latest FROM mono.report.issues"
        )

    def lines(self, kind: str, subject_id: str, since: date) -> pl.DataFrame:
        """A subject's lines in issued reports: their key, ``recon_status``, ``break_types`` and ``state``."""
        table = KINDS[kind]
        return self._ask(
            f"SELECT business_date, version, recon_status, break_types, {table.line_state}::VARCHAR AS state"  # noqa: S608  names written above
            f" FROM mono.report.{table.lines} WHERE {table.id_column} = $id AND business_date >= $since",
            id=subject_id,
            since=since,
        )

    def matches(self, subject_id: str, since: date) -> pl.DataFrame:
        """Credits that are the subject or that were matched to it: rows of issued reports."""
        return self._ask(
            "SELECT business_date, version, credit_id, matched_to, match_rule, label, currency, amount_minor,"
            " transaction_at FROM mono.report.incoming_credits"
            " WHERE (credit_id = $id OR matched_to = $id) AND matched_to IS NOT NULL AND business_date >= $since",
            id=subject_id,
            since=since,
        )

    def breaks(self, subject_ids: Sequence[str], returned: Sequence[str]) -> pl.DataFrame:
        """Listings of breaks: rows of ``report.breaks`` of every version.

        Args:
            subject_ids: Subjects all of whose breaks are wanted.
            returned: Credits of which only the suspicion is wanted that they are a transfer's money.
        """
        return self._ask(
            "SELECT * FROM mono.report.breaks WHERE list_contains($ids::VARCHAR[], subject_id)"
            " OR (break_type = 'suspected_return' AND list_contains($returned::VARCHAR[], subject_id))",
            ids=subject_ids,
            returned=returned,
        )

    def movements(self, break_ids: Sequence[str], since: date) -> pl.DataFrame:
        """Rows of ``report.break_movement`` of every version."""
        return self._ask(
            "SELECT business_date, version, movement, break_id, amount_minor, cleared_by"
            " FROM mono.report.break_movement WHERE business_date >= $since"
            " AND list_contains($ids::VARCHAR[], break_id)",
            ids=break_ids,
            since=since,
        )

    def resolutions(self, break_ids: Sequence[str]) -> pl.DataFrame:
        """Rows of ``core.resolutions``, oldest first."""
        return self._ask(
            "SELECT * FROM mono.core.resolutions WHERE break_id IN (SELECT unnest($ids::VARCHAR[]))"
            " ORDER BY decided_at, path, line",
            ids=break_ids,
        )

    def places(self, sources: pl.DataFrame) -> pl.DataFrame:
        """Where statements lie in the archive.

        Args:
            sources: ``source_ref`` and ``known_at`` of each.

        Returns:
            Per source reference ``record_sha256``, ``path``, ``file_sha256``, ``line``, ``byte_offset`` and
            ``signature_status`` of the copy with the earliest ``known_at``, then the first path and line; and
            ``copies``, how many there are of these very bytes.
        """
        return self._ask(_PLACES, refs=sources["source_ref"].to_list(), known=sources["known_at"].to_list())

    def evidence(self, day: date, version: int, source_refs: Sequence[str]) -> pl.DataFrame:
        """Where an issued report says that statements lie; columns as those of ``places``, and ``known_at``."""
        return self._ask(
            "SELECT source_ref, record_id AS record_sha256, path, file_sha256, line, byte_offset, signature_status,"
            " known_at FROM mono.report.lineage WHERE business_date = $day AND version = $version"
            " AND source_ref IN (SELECT unnest($refs::VARCHAR[]))",
            day=day,
            version=version,
            refs=source_refs,
        )

    def _ask(self, sql: str, **params: object) -> pl.DataFrame:
        # Not execute(): its rows come through pyarrow, which takes longer to load than small answers to copy.
        return pl.DataFrame(self._connection.sql(sql, params=params))


_PLACES = """
    WITH named AS (
        SELECT unnest($refs::VARCHAR[]) AS source_ref, split_part(source_ref, ':', 2) AS record_sha256,
            unnest($known::TIMESTAMPTZ[]) AS known_at
    ), placed AS (
        SELECT source_ref, record_sha256, held.known_at, file_sha256, line, byte_offset, signature_status
        FROM named JOIN mono.raw.deliveries AS held
            ON held.delivery_id = named.record_sha256 AND held.known_at = named.known_at AND held.copies = 1
        WHERE source_ref LIKE 'w:%'
        UNION
        SELECT source_ref, record_sha256, held.fetched_at, file_sha256, line, byte_offset, NULL
        FROM named JOIN mono.raw.export_pages AS held
            ON held.page_id = named.record_sha256 AND held.fetched_at = named.known_at
        WHERE source_ref LIKE 'x:%'
        UNION
        SELECT source_ref, record_sha256, held.known_at, file_sha256, line, byte_offset, signature_status
        FROM named JOIN mono.raw.copies AS held
            ON held.copy_id = named.record_sha256 AND held.known_at >= named.known_at
    )
    SELECT source_ref, record_sha256, path, file_sha256, line, byte_offset, signature_status,
        count(*) OVER (PARTITION BY source_ref) AS copies
    FROM placed JOIN mono.raw.files USING (file_sha256) WHERE copy_of IS NULL
    QUALIFY row_number() OVER (PARTITION BY source_ref ORDER BY known_at, path, line) = 1
"""


@contextmanager
def reading(places: Places) -> Iterator[SubjectReader]:
    """Open the warehouse for questions about single subjects.

    Raises:
        WarehouseError: There is none, or it cannot be opened.
    """
    with connect_to_read(places) as connection:
        connection.execute("BEGIN")  # one state of the warehouse, whoever writes meanwhile
        yield SubjectReader(connection)
