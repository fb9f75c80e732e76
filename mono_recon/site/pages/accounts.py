"""Own accounts: what each holds, and whether its balance is explained over time.

Here belongs the section of accounts, and how an account is called everywhere else.
"""

from datetime import timedelta
from typing import Any

from starlette.datastructures import QueryParams

from mono_recon.site.desk import Desk, Row
from mono_recon.site.display import last_digits

_SHOWN_DAYS = 60
_TERMS = (
    *("opening", "credits", "collections", "reversals_in", "transfers", "fees", "gmf", "adjustments"),
    *("expected", "closing", "unexplained"),
)
_RARE = ("reversals_in", "fees", "gmf", "adjustments")
_ACCOUNTS = """
    SELECT account_id, name, number, type, state FROM mono.core.accounts
    QUALIFY row_number() OVER (PARTITION BY account_id ORDER BY known_at DESC, source_ref DESC) = 1
"""
_BALANCES = """
    SELECT account_id, currency, amount_minor, balance_at FROM mono.core.balances
    QUALIFY row_number() OVER (
        PARTITION BY account_id, currency ORDER BY balance_at DESC, known_at DESC, source_ref DESC
    ) = 1
    ORDER BY account_id, currency
"""
_PROOFS = """
    SELECT * EXCLUDE (basis) FROM mono.report.latest_balance_proof WHERE business_date >= $since
    ORDER BY account_id, currency, business_date
"""


def account_names(desk: Desk) -> dict[str, str]:
    """What an account is called: its name and the last four digits of its number."""

    def work_out() -> dict[str, str]:
        return {
            row["account_id"]: "\N{NO-BREAK SPACE}".join(filter(None, (row["name"], last_digits(row["number"]))))
            or row["account_id"]
            for row in desk.rows(_ACCOUNTS)
        }

    return desk.worked_out("account names", work_out)


def told_terms(proofs: list[Row]) -> list[str]:
    """The terms of balance proofs that are told: all that every proof has, and of the others those that moved money."""
    return [term for term in _TERMS if term not in _RARE or any(proof[f"{term}_minor"] for proof in proofs)]


def accounts(desk: Desk, query: QueryParams) -> dict[str, Any]:
    """Every account with its last balance and the proofs of the last dates; one of them at length if asked for."""
    proofs = desk.rows(_PROOFS, since=desk.latest_date() - timedelta(days=_SHOWN_DAYS - 1))
    of_account: dict[tuple[str, str], list[Row]] = {}
    for proof in proofs:
        of_account.setdefault((proof["account_id"], proof["currency"]), []).append(proof)
    known = {row["account_id"]: row for row in desk.rows(_ACCOUNTS)}
    balances = {(row["account_id"], row["currency"]): row for row in desk.rows(_BALANCES)}
    names = account_names(desk)
    shown = [
        {
            "account_id": account_id,
            "currency": currency,
            "name": names.get(account_id, account_id),
            "type": known.get(account_id, {}).get("type"),
            "state": known.get(account_id, {}).get("state"),
            "balance": balances.get((account_id, currency)),
            "proofs": (history := of_account.get((account_id, currency), [])),
            "last": history[-1] if history else None,
            "line": [float(row["closing_minor"]) for row in history if row["closing_minor"] is not None],
            "unexplained": sum(1 for row in history if row["status"] == "unexplained"),
        }
        for account_id, currency in sorted(of_account.keys() | balances.keys())
    ]
    chosen = query.get("account") or (shown[0]["account_id"] if len(shown) == 1 else "")
    return {"accounts": shown, "chosen": [each for each in shown if each["account_id"] == chosen], "terms": told_terms}
