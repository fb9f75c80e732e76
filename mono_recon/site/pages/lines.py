"""Transfers, incoming credits and collections of a date, line by line, and the links that collections came from.

Here belongs what can be seen and asked of each kind of line.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.datastructures import QueryParams

from mono_recon.site.desk import Desk
from mono_recon.site.listing import Listing, show
from mono_recon.site.pages.accounts import account_names

_SHOWN_LINKS = 100
_LINKS = f"""
    SELECT link_id, account_id, amount_minor, currency, amount_validation, enabled, usage_type, successful_payments,
        expires_at, external_id, inserted_at, known_at
    FROM mono.core.collection_links
    QUALIFY row_number() OVER (PARTITION BY link_id ORDER BY known_at DESC, source_ref DESC) = 1
    ORDER BY inserted_at DESC NULLS LAST, link_id LIMIT {_SHOWN_LINKS}
"""  # noqa: S608  a constant


@dataclass(frozen=True, slots=True)
class Lines:
    """A kind of line.

    Attributes:
        table: Its table of ``report``.
        id_column: Column of its id.
        columns: What is shown of it, in order.
        when: Column of the moment that it is sorted by.
        state: Column of Mono's state; empty where it has none.
        words: Columns in which a text is looked for.
    """

    table: str
    id_column: str
    columns: tuple[str, ...]
    when: str
    state: str
    words: tuple[str, ...]

    @property
    def listing(self) -> Listing:
        """What can be asked of its lines."""
        filters = {
            "status": "recon_status = $status",
            "account": "account_id = $account",
            "q": f"contains(lower(concat_ws(' ', {', '.join(self.words)})), lower($q))",
        }
        return Listing(
            source=f"SELECT * EXCLUDE (source_refs) FROM mono.report.{self.table}"  # noqa: S608  a kind's own words
            " WHERE business_date = $day AND version = $version",
            filters=filters | ({"state": f"{self.state} = $state"} if self.state else {}),
            orders={
                "urgency": "list_position(['break', 'review', 'timing', 'matched'], recon_status), amount_minor DESC",
                "amount": "amount_minor DESC",
                "newest": f"{self.when} DESC NULLS LAST",
            },
            order="urgency",
            key=self.id_column,
            totals={"money": "sum(amount_minor) FILTER (currency = $currency)"},
        )


TRANSFERS = Lines(
    table="outgoing_transfers",
    id_column="transfer_id",
    columns=(
        "transfer_id",
        "recon_status",
        "state_at_cutoff",
        "amount_minor",
        "account_id",
        "payee_name",
        "routing",
        "created_at",
        "break_types",
    ),
    when="created_at",
    state="state_at_cutoff",
    words=("transfer_id", "batch_id", "external_id", "reference", "description", "payee_name", "payee_document_number"),
)
CREDITS = Lines(
    table="incoming_credits",
    id_column="credit_id",
    columns=(
        "credit_id",
        "recon_status",
        "type",
        "amount_minor",
        "account_id",
        "payer_name",
        "matched_to",
        "match_rule",
        "transaction_at",
        "break_types",
    ),
    when="transaction_at",
    state="",
    words=("credit_id", "reference", "payer_name", "payer_document_number", "matched_to", "label"),
)
COLLECTIONS = Lines(
    table="collections",
    id_column="intent_id",
    columns=(
        "intent_id",
        "recon_status",
        "state_at_cutoff",
        "amount_minor",
        "account_id",
        "reference",
        "link_id",
        "break_types",
    ),
    when="intent_id",
    state="state_at_cutoff",
    words=("intent_id", "link_id", "external_id", "reference", "payer_document_number", "payment_transaction_id"),
)


def lines(desk: Desk, query: QueryParams, kind: Lines) -> dict[str, Any]:
    """The lines of the date that an address asks for, else of the latest."""
    latest = desk.latest_date()
    day = _asked(query.get("date", "")) or latest
    issue = desk.row("SELECT business_date, version FROM mono.report.latest_issues WHERE business_date = $day", day=day)
    if issue is None:
        return {"kind": kind, "day": day, "issue": None, "latest": latest}
    key = {"day": day, "version": issue["version"]}
    return {
        "kind": kind,
        "day": day,
        "issue": issue,
        "latest": latest,
        "around": desk.neighbours(day),
        "currency": desk.currency,
        "accounts": account_names(desk),
        "shown": show(desk, kind.listing, query, **key, currency=desk.currency),
        "orders": tuple(kind.listing.orders),
        "choices": _choices(desk, kind, key),
    }


def collections(desk: Desk, query: QueryParams) -> dict[str, Any]:
    """The collections of a date, and the newest links."""
    return lines(desk, query, COLLECTIONS) | {"links": desk.rows(_LINKS), "names": account_names(desk)}


def _choices(desk: Desk, kind: Lines, key: dict[str, Any]) -> dict[str, list[str]]:
    columns = {"status": "recon_status", "state": kind.state, "account": "account_id"}
    named = {name: column for name, column in columns.items() if column}
    rows = desk.rows(
        f"SELECT DISTINCT {', '.join(named.values())} FROM mono.report.{kind.table}"  # noqa: S608  a kind's own words
        " WHERE business_date = $day AND version = $version",
        **key,
    )
    return {name: sorted({row[column] for row in rows if row[column]}) for name, column in named.items()}


def _asked(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
