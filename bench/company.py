"""An invented company at Mono, every day of which is as large as any other.

Here belongs what the days of a history measurement hold and how they lie on disk. Nothing goes wrong in it:
what a report finds is in transit, and is settled the day after. A day costs what its own volume costs, so a
growing cost can only come from the history before it. Collections are left out, since Mono's list of them
knows no dates: each pull of it is as long as the history.
"""

import hmac
import json
import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from bench.deliveries import SECRET, SECRET_VARIABLE

Body = dict[str, Any]
Record = tuple[datetime, Body]

FIRST_DAY = date(2025, 1, 1)
_SEED = 20250101
_DAY = timedelta(days=1)
_OFFSET = timedelta(hours=-5)  # Colombia has no summer time
_OPENS, _OPEN_HOURS = time(10), 8
_HOUR = timedelta(hours=1)
_BATCH = 12
_PER_DELIVERY = 0.85  # the rest are batches, fallbacks, credits and repeated deliveries
_OVERNIGHT, _DECLINED, _FELL_BACK, _REPEATED = 0.02, 0.04, 0.03, 0.02
_TRANSFERS_PER_CREDIT = 25
_PAGE_SIZE = 500
_API = "https://api.cuentamono.com/v1"
_ACCOUNTS = {f"acc_{number:022d}": f"09500003{number}" for number in (1, 2, 3)}
_PAYER = "900555111"
_SETTINGS = f"""\
[[webhooks.secrets]]
name = "bench"
env = "{SECRET_VARIABLE}"

[business]
own_documents = ["901222333"]

[[credits.known_payers]]
label = "customer"
document_number = "{_PAYER}"
"""


@dataclass(slots=True)
class _Transfer:
    body: Body
    account: str
    amount: int
    final: str
    settled_at: datetime

    def at(self, moment: datetime) -> Body:
        """The row of a list fetched at a moment."""
        if moment < self.settled_at:
            return self.body
        return self.body | {"state": self.final, "updated_at": _instant(self.settled_at)}


class Company:
    """Lives one day after another and writes what the receiver and the exporter keep of each.

    It was in business before the first delivery was kept, so that the first list of transfers is as long as
    any later one.
    """

    def __init__(self, root: Path, deliveries: int, *, relisted_days: int = 7) -> None:
        """Make an empty data root.

        Args:
            root: The folder, which must not exist.
            deliveries: Webhooks a day, about.
            relisted_days: How many days of transfers each morning's list holds.
        """
        self._archive = root / "archive"
        self._archive.mkdir(parents=True)
        (root / "mono_recon.toml").write_text(_SETTINGS, encoding="utf-8")
        self._dice = random.Random(_SEED)  # noqa: S311  nothing secret
        self._transfers = round(deliveries * _PER_DELIVERY)
        self._balances = dict.fromkeys(_ACCOUNTS, 10**13)
        self._recent: deque[list[_Transfer]] = deque(maxlen=relisted_days)
        self._unsettled: list[_Transfer] = []
        for before in range(relisted_days - 1, 0, -1):
            self._overnight()
            self._live(_local(FIRST_DAY - before * _DAY, _OPENS), _OPEN_HOURS, self._transfers)
        self._write_balances(FIRST_DAY)

    def write(self, day: date) -> None:
        """Write a day's webhooks, and what is pulled before the next morning's runs."""
        told = self._overnight() + self._live(_local(day, _OPENS), _OPEN_HOURS, self._transfers)
        self._write_webhooks(told)
        first = day - (len(self._recent) - 1) * _DAY
        self._write_transfers(day + _DAY, "transfers", _local(first, time(0)), _local(day + _DAY, time(0)))
        self._write_balances(day + _DAY)

    def write_by_the_hour(self, day: date) -> None:
        """The same for a day that is too large to be held: each hour has a list of transfers of its own."""
        for number in range(_OPEN_HOURS):
            opens = _local(day, _OPENS) + number * _HOUR
            self._write_webhooks(self._live(opens, 1, self._transfers // _OPEN_HOURS))
            self._write_transfers(day + _DAY, f"transfers-{number}", opens, opens + _HOUR)
        self._write_balances(day + _DAY)

    def _overnight(self) -> list[Record]:
        """What the transfers left open the day before came to."""
        told = [self._settled(transfer) for transfer in self._unsettled]
        self._unsettled = []
        return told

    def _live(self, opens: datetime, hours: int, transfers: int) -> list[Record]:
        """Every webhook of some hours: when it arrived, and its body."""
        told: list[Record] = []
        self._recent.append([])
        moments = (opens + timedelta(hours=self._dice.uniform(0, hours)) for _ in range(transfers))
        for number in range(0, transfers, _BATCH):
            told += self._batch(next(moments), min(_BATCH, transfers - number))
        told += [self._credit(next(moments)) for _ in range(max(1, transfers // _TRANSFERS_PER_CREDIT))]
        return told + [
            (moment + timedelta(minutes=2), body) for moment, body in told if self._dice.random() < _REPEATED
        ]

    def _batch(self, moment: datetime, size: int) -> list[Record]:
        account, ident = self._dice.choice(list(_ACCOUNTS)), self._ident("bat")
        amounts = [self._dice.randrange(10**6, 10**9) for _ in range(size)]
        batch = {
            "account_id": account,
            "id": ident,
            "inserted_at": _instant(moment),
            "origin": "api",
            "state": "processing_transactions",
            "total_amount": _money(sum(amounts)),
            "updated_at": _instant(moment + timedelta(seconds=1)),
        }
        members = [self._transfer(batch, moment, amount) for amount in amounts]
        sent_at = moment + timedelta(seconds=2)
        listed = [{name: value for name, value in each.body.items() if name != "batch"} for each in members]
        told = [_told("batch_sent", batch | {"transfers": listed}, sent_at)]
        for member in members:
            self._recent[-1].append(member)
            if self._dice.random() < _FELL_BACK:
                told.append(_told("bank_transfer_fallback_routing", member.body, sent_at))
            if (member.settled_at + _OFFSET).date() == (moment + _OFFSET).date():
                told.append(self._settled(member))
            else:
                self._unsettled.append(member)
        return told

    def _transfer(self, batch: Body, moment: datetime, amount: int) -> _Transfer:
        overnight = self._dice.random() < _OVERNIGHT
        wait = _DAY if overnight else timedelta(seconds=self._dice.uniform(20, 3600))
        body: Body = {
            "amount": _money(amount),
            "batch": batch,
            "declination_reason": None,
            "description": f"Pago de factura {self._dice.randrange(10**9)}",
            "entity_id": None,
            "id": self._ident("trn"),
            "inserted_at": _instant(moment),
            "payee": {
                "bank_account": {
                    "bank_code": self._dice.choice(("007", "051", "013")),
                    "number": f"{self._dice.randrange(10**9):011d}",
                    "type": "savings_account",
                },
                "document_number": str(self._dice.randrange(10**9, 2 * 10**9)),
                "document_type": "CC",
                "email": "someone@example.com",
                "name": "María Fernanda Gómez Ríos",
            },
            "recipient_handle": None,
            "reference": f"FV-{self._dice.randrange(10**8):08d}",
            "state": "in_progress",
            "updated_at": _instant(moment + timedelta(seconds=1)),
            "routing": "ach",
            "fallback_routing": [],
        }
        final = "declined" if self._dice.random() < _DECLINED else "approved"
        return _Transfer(body, batch["account_id"], amount, final, moment + wait)

    def _settled(self, transfer: _Transfer) -> Record:
        if transfer.final == "approved":
            self._balances[transfer.account] -= transfer.amount
        event = "approved" if transfer.final == "approved" else "rejected"
        return _told(f"bank_transfer_{event}", transfer.at(transfer.settled_at), transfer.settled_at)

    def _credit(self, moment: datetime) -> Record:
        account, amount = self._dice.choice(list(_ACCOUNTS)), self._dice.randrange(10**6, 10**9)
        self._balances[account] += amount
        data = {
            "account": {"id": account, "number": _ACCOUNTS[account]},
            "amount": _money(amount),
            "description": "Pago de cliente",
            "extra": {},
            "id": self._ident("tx"),
            "payer": {
                "bank": {"code": "007", "name": "BANCOLOMBIA"},
                "document_number": _PAYER,
                "name": "Distribuidora El Roble S.A.S.",
            },
            "transaction_at": _instant(moment),
            "type": "incoming_wire",
        }
        return _told("account_credited", data, moment)

    def _write_balances(self, day: date) -> None:
        midnight = _local(day, time(0))
        rows = [
            {
                "balance": {"available": _money(self._balances[ident]), "updated_at": _instant(midnight)},
                "id": ident,
                "inserted_at": _instant(_local(FIRST_DAY - 90 * _DAY, time(9))),
                "name": f"Cuenta {number}",
                "number": number,
                "provider": "coopcentral",
                "state": "active",
                "type": "savings_account",
                "updated_at": _instant(midnight),
            }
            for ident, number in _ACCOUNTS.items()
        ]
        self._write_export(f"{day}/accounts", "accounts", f"{_API}/accounts?", rows, midnight + timedelta(seconds=30))

    def _write_webhooks(self, told: Iterable[Record]) -> None:
        arrivals = sorted(told, key=itemgetter(0))
        for hour, of_hour in groupby(arrivals, key=lambda arrival: f"{arrival[0] + _OFFSET:%Y-%m-%d/%H}"):
            self._write(f"webhooks/{hour}.jsonl", (_delivery(*arrival) for arrival in of_hour))

    def _write_transfers(self, morning: date, name: str, opens: datetime, closes: datetime) -> None:
        """The list of the transfers of some days or hours, pulled early in the morning."""
        window = f"inserted_at[from]={_instant(opens)}&inserted_at[until]={_instant(closes)}"
        fetched_at = _local(morning, time(5))
        rows = [transfer.at(fetched_at) for together in self._recent for transfer in together]
        self._write_export(f"{morning}/{name}", "transfers", f"{_API}/transfers?{window}&", rows, fetched_at)

    def _write_export(self, name: str, key: str, url: str, rows: Sequence[Body], started_at: datetime) -> None:
        pages = max(1, -(-len(rows) // _PAGE_SIZE))
        self._write(
            f"exports/{name}.jsonl",
            (
                {
                    "export": {"id": name, "started_at": _instant(started_at)},
                    "request": {
                        "method": "GET",
                        "url": f"{url}page_size={_PAGE_SIZE}&page_number={number}",
                        "fetched_at": _instant(started_at + timedelta(seconds=number)),
                    },
                    "response": {
                        "status": 200,
                        "headers": {},
                        "body": {
                            "pagination": {
                                "page_number": number,
                                "page_size": _PAGE_SIZE,
                                "total_items": len(rows),
                                "total_pages": pages,
                            },
                            key: rows[(number - 1) * _PAGE_SIZE : number * _PAGE_SIZE],
                        },
                    },
                }
                for number in range(1, pages + 1)
            ),
        )

    def _write(self, name: str, records: Iterable[Body]) -> None:
        path = self._archive / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)

    def _ident(self, prefix: str) -> str:
        return f"{prefix}_{self._dice.randrange(10**22):022d}"


def _told(event: str, data: Body, moment: datetime) -> Record:
    return moment + timedelta(seconds=1), {"event": {"data": data, "type": event}, "timestamp": _instant(moment)}


def _delivery(received_at: datetime, event: Body) -> Body:
    body, moment = json.dumps(event, ensure_ascii=False, separators=(",", ":")), int(received_at.timestamp())
    digest = hmac.digest(SECRET.encode(), f"{moment}.{body}".encode(), "sha256").hex()
    headers = {"Content-Type": "application/json", "Mono-Signature": f"t={moment},v1={digest}"}
    return {"received_at": _instant(received_at), "headers": headers, "body": body}


def _money(centavos: int) -> Body:
    return {"amount": centavos, "currency": "COP"}


def _local(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, UTC) - _OFFSET


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"
