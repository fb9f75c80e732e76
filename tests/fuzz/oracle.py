"""A second opinion on what a record says, from the standard library alone and without the code under test.

It reads only what decides about money: amounts, currencies, ids and moments. Where it refuses a record that the
reader accepted, or reads another value, the reader has accepted something in silence.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Context, Decimal
from typing import Any

Fact = dict[str, Any]
Facts = list[tuple[str, Fact]]
"""Per row the table and its columns that this opinion covers; moments in microseconds since 1970 UTC."""

DEEPEST = 64
_LARGEST = 2**63 - 1
_LONGEST_INTEGER = 40
_ID = re.compile(r"[A-Za-z]{2,7}_[A-Za-z0-9_-]{22}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2}))"
)
# No exponent is too large to be read, since it may stand in a field that is not used.
_NUMBERS = Context(traps=[])
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DoubtError(ValueError):
    """What a record says is not plain."""


def parsed(raw: bytes) -> Any:
    """The one value of a JSON text; decimals stay decimals."""
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_NUMBERS.create_decimal,
            parse_int=lambda text: int(text) if len(text) < _LONGEST_INTEGER else Decimal(text),
        )
        depth = _depth(value)
    except (ValueError, RecursionError) as error:
        raise DoubtError(str(error)) from error
    if depth > DEEPEST:
        raise DoubtError("too deep")
    return value


def envelope(raw: bytes) -> tuple[dict[str, Any], int]:
    """Mono's envelope in a webhook record, and when it could be known."""
    record = parsed(raw)
    if not isinstance(record, dict):
        raise DoubtError("not an object")
    body, encoded = record.get("body"), record.get("body_base64")
    if body is not None and encoded is not None:
        raise DoubtError("two bodies")
    payload = record
    if isinstance(body, str):
        payload = parsed(body.encode())
    elif body is not None:
        payload = body
    elif encoded is not None:
        payload = parsed(base64.b64decode(encoded, validate=True))
    is_bare = body is None and encoded is None
    received = None if is_bare else record.get("received_at")
    return payload, moment(payload["timestamp"] if received is None else received)


def event_facts(payload: dict[str, Any], known_at: int) -> Facts:
    """What the rows of a used event must say."""
    kind, data = payload["event"]["type"], payload["event"]["data"]
    clocks = {"event_at": moment(payload["timestamp"]), "known_at": known_at}
    if kind.startswith("bank_transfer_"):
        return list(_transfer(data, clocks))
    if kind.startswith("batch_"):
        return list(_batch_event(data, clocks))
    if kind == "account_credited":
        return [("account_credits", _credit(data) | clocks)]
    if kind.startswith("collection_intent_"):
        return [("collection_observations", _intent(data) | clocks)]
    return [("ledger_transactions", _ledger(data) | clocks)]


def row_facts(resource: str, row: dict[str, Any], fetched_at: int) -> Facts:
    """What an accepted row of an export page must say."""
    clocks = {"event_at": None, "known_at": fetched_at}
    if resource == "transfers":
        return list(_transfer(row, clocks))
    if resource == "collection_intents":
        return [("collection_observations", _intent(row) | clocks)]
    if resource == "ledger/accounts/{id}/transactions":
        return [("ledger_transactions", _ledger(row) | clocks)]
    return [(table, fact | {"known_at": fetched_at}) for table, fact in _stated(resource, row)]


def moment(text: object) -> int:
    """Microseconds since 1970; digits beyond them are dropped."""
    found = _MOMENT.fullmatch(text) if isinstance(text, str) and text.isascii() else None
    if found is None:
        raise DoubtError(f"no moment: {text!r}")
    *whole, fraction, zulu, sign, hours, minutes = found.groups()
    offset = timedelta(0) if zulu else timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        year, month, date, hour, minute, second = map(int, whole)
        day = datetime(year, month, date, hour, minute, second, tzinfo=timezone(offset))
    except ValueError as error:
        raise DoubtError(str(error)) from error
    return (day - _EPOCH) // timedelta(microseconds=1) + int((fraction or "")[:6].ljust(6, "0"))


def ident(value: object) -> str:
    """An id as Mono gives it."""
    if not isinstance(value, str) or _ID.fullmatch(value) is None:
        raise DoubtError(f"no id: {value!r}")
    return value


def _stated(resource: str, row: dict[str, Any]) -> Facts:
    if resource == "banks":
        return [("banks", {})]
    if resource == "collection_links":
        money = _money(row.get("amount"), "amount_minor")
        return [("collection_links", {"link_id": ident(row["id"]), **money})]
    if resource == "accounts/{id}/balances":
        return [("balances", _balance(row["id"], row))]
    balance = row.get("balance") or {}
    is_told = balance.get("available") is not None and balance.get("updated_at") is not None
    balances: Facts = [("balances", _balance(row["id"], balance))] if is_told else []
    return [("accounts", {"account_id": ident(row["id"])}), *balances]


def _transfer(data: dict[str, Any], clocks: Fact) -> Iterator[tuple[str, Fact]]:
    batch = data.get("batch")
    if batch is None:
        yield "transfer_observations", _member(data) | {"batch_id": None} | clocks
        return
    of_batch = {"batch_id": ident(batch["id"]), "account_id": _optional(batch.get("account_id"))}
    yield "transfer_observations", _member(data) | of_batch | clocks
    yield "batch_observations", _batch(batch) | {"listed_transfer_ids": None} | clocks


def _batch_event(data: dict[str, Any], clocks: Fact) -> Iterator[tuple[str, Fact]]:
    if not isinstance(data["transfers"], list):
        raise DoubtError("no list of transfers")
    of_batch = {"batch_id": ident(data["id"]), "account_id": _optional(data.get("account_id"))}
    for member in data["transfers"]:
        yield "transfer_observations", _member(member) | of_batch | clocks
    listed = sorted({ident(member["id"]) for member in data["transfers"]})
    yield "batch_observations", _batch(data) | {"listed_transfer_ids": listed} | clocks


def _member(data: dict[str, Any]) -> Fact:
    return {"transfer_id": ident(data["id"]), **_required(data["amount"], "amount_minor"), **_span(data)}


def _batch(data: dict[str, Any]) -> Fact:
    money = _money(data.get("total_amount"), "total_amount_minor")
    return {"batch_id": ident(data["id"]), "account_id": _optional(data.get("account_id")), **money, **_span(data)}


def _credit(data: dict[str, Any]) -> Fact:
    ids = {"credit_id": ident(data["id"]), "account_id": ident(data["account"]["id"])}
    return {**ids, **_required(data["amount"], "amount_minor"), "transaction_at": moment(data["transaction_at"])}


def _intent(data: dict[str, Any]) -> Fact:
    ids = {"intent_id": ident(data["id"]), "link_id": _optional(data.get("collection_link_id"))}
    return {
        **ids,
        "account_id": _optional(data.get("account_id")),
        **_required(data["amount"], "amount_minor"),
        **_span(data),
    }


def _ledger(data: dict[str, Any]) -> Fact:
    money = _required(data["amount"], "amount_minor")
    return {"ledger_transaction_id": ident(data["id"]), **money, "transaction_at": moment(data["transaction_at"])}


def _balance(account_id: object, balance: dict[str, Any]) -> Fact:
    money = _required(balance["available"], "amount_minor")
    return {"account_id": ident(account_id), **money, "balance_at": moment(balance["updated_at"])}


def _span(data: dict[str, Any]) -> Fact:
    inserted_at = moment(data["inserted_at"])
    return {"inserted_at": inserted_at, "occurred_at": max(inserted_at, moment(data["updated_at"]))}


def _money(money: Any, column: str) -> Fact:
    return {column: None, "currency": None} if money is None else _required(money, column)


def _required(money: dict[str, Any], column: str) -> Fact:
    amount, currency = money["amount"], money["currency"]
    if type(amount) is not int or not 0 <= amount <= _LARGEST:
        raise DoubtError(f"no amount: {amount!r}")
    if not isinstance(currency, str) or _CURRENCY.fullmatch(currency) is None:
        raise DoubtError(f"no currency: {currency!r}")
    return {column: amount, "currency": currency}


def _optional(value: object) -> str | None:
    return None if value is None else ident(value)


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    members = list(pairs)
    fields = dict(members)
    if len(fields) < len(members):
        raise DoubtError("a key occurs twice")
    return fields


def _constant(text: str) -> Any:
    raise DoubtError(text)


def _depth(value: object) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(_depth, value.values() if isinstance(value, dict) else value), default=0)
