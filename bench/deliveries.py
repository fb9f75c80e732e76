"""An invented archive of signed deliveries, as large as a measurement needs.

Here belongs what the records of a speed measurement look like and how they lie on disk. Every record can be
accepted; faults are the business of the demo and of the tests.
"""

import hmac
import json
import random
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

SECRET_VARIABLE = "BENCH_WEBHOOK_SECRET"  # noqa: S105  the name of a variable
SECRET = "whsec_onlyForMeasurements"  # noqa: S105  signs invented data only

_SETTINGS = f'[[webhooks.secrets]]\nname = "bench"\nenv = "{SECRET_VARIABLE}"\n'
_SEED = 20260301
_FIRST = datetime(2026, 3, 1, 5, tzinfo=UTC)
_PER_HOUR = 1_389  # a million in thirty days
_REDELIVERED = 0.01
_FELL_BACK = 0.03
_REJECTED = 0.05
_BATCH_SIZES = (1, 1, 1, 5, 20, 60)
_LAST_SENT = 200
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NAMES = ("María Fernanda Gómez Ríos", "JORGE ANDRES PEÑA", "Distribuidora El Roble S.A.S.", "luz marina cárdenas")
_REASONS = ("insufficient_funds", "La cuenta destino no existe o está inactiva")


@dataclass(frozen=True, slots=True)
class Sent:
    """A webhook as Mono sends it: its body, and the ``t`` of its signature."""

    body: str
    moment: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """A webhook and when it arrived, UTC."""

    received_at: datetime
    sent: Sent


@dataclass(frozen=True, slots=True)
class _Batch:
    id: str
    inserted_at: str
    total: int


def hourly(folder: Path, count: int) -> Path:
    """A data root with one ``.jsonl`` file of deliveries per hour; made once."""
    return _made(folder / f"hourly-{count}", lambda archive: _write_hours(archive, count, _line))


def loose(folder: Path, count: int) -> Path:
    """A data root with the same deliveries, each in a ``.json`` file of its own; made once."""
    return _made(folder / f"loose-{count}", lambda archive: _write_loose(archive, count))


def bodies(folder: Path, count: int) -> Path:
    """A data root with the same bodies bare, one a line, in one ``.jsonl`` file per hour; made once."""
    return _made(folder / f"bodies-{count}", lambda archive: _write_hours(archive, count, _body_line))


def arrivals(count: int) -> Iterator[Arrival]:
    """Invented webhooks in the order of their arrival, always the same."""
    dice = random.Random(_SEED)  # noqa: S311  nothing secret
    step = timedelta(hours=1) / _PER_HOUR
    last_sent: deque[Sent] = deque(maxlen=_LAST_SENT)
    batch, left = _batch(dice, _FIRST), 1
    for number in range(count):
        received_at = _FIRST + number * step
        if last_sent and dice.random() < _REDELIVERED:
            yield Arrival(received_at, last_sent[0])
            continue
        if left == 0:
            batch, left = _batch(dice, received_at), dice.choice(_BATCH_SIZES)
        left -= 1
        last_sent.append(_sent(dice, batch, received_at - timedelta(seconds=dice.randrange(2, 60))))
        yield Arrival(received_at, last_sent[-1])


def _made(root: Path, write: Callable[[Path], None]) -> Path:
    if not root.exists():
        aside = root.with_name(f".{root.name}.tmp")
        shutil.rmtree(aside, ignore_errors=True)
        archive = aside / "archive" / "webhooks"
        archive.mkdir(parents=True)
        (aside / "mono_recon.toml").write_text(_SETTINGS, encoding="utf-8")
        write(archive)
        aside.rename(root)
    return root


def _write_hours(archive: Path, count: int, line_of: Callable[[Arrival], str]) -> None:
    for hour, of_hour in groupby(arrivals(count), key=lambda arrival: f"{arrival.received_at:%Y-%m-%d/%H}"):
        path = archive / f"{hour}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(map(line_of, of_hour)), encoding="utf-8")


def _write_loose(archive: Path, count: int) -> None:
    for number, arrival in enumerate(arrivals(count)):
        path = archive / f"{arrival.received_at:%Y-%m-%d/%H}" / f"{number:07d}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_line(arrival), encoding="utf-8")


def _body_line(arrival: Arrival) -> str:
    return f"{arrival.sent.body}\n"


def _line(arrival: Arrival) -> str:
    moment, body = arrival.sent.moment, arrival.sent.body
    digest = hmac.digest(SECRET.encode(), f"{moment}.{body}".encode(), "sha256").hex()
    signature = f"t={moment},v1={digest}"
    return (
        f'{{"received_at":"{_instant(arrival.received_at)}",'
        f'"headers":{{"Content-Type":"application/json","Mono-Signature":"{signature}"}},'
        f'"url":"https://hooks.example.com/mono","body":{json.dumps(body, ensure_ascii=False)}}}\n'
    )


def _batch(dice: random.Random, moment: datetime) -> _Batch:
    return _Batch(_ident(dice, "bat"), _instant(moment - timedelta(minutes=20)), dice.randrange(1, 10**9))


def _sent(dice: random.Random, batch: _Batch, at: datetime) -> Sent:
    chance = dice.random()
    if chance < _FELL_BACK:
        event, state, reason, more = "fallback_routing", "in_progress", None, ',"fallback_reason":"routing failed"'
    elif chance < _FELL_BACK + _REJECTED:
        event, state, reason, more = "rejected", "declined", dice.choice(_REASONS), ""
    else:
        event, state, reason, more = "approved", "approved", None, ""
    data = (
        f'{{"amount":{{"amount":{dice.randrange(1, 10**9)},"currency":"COP"}},'
        f'"batch":{{"account_id":"acc_16ktUqSO7G0qTHDz8I3qrG","id":"{batch.id}","inserted_at":"{batch.inserted_at}",'
        f'"origin":"api","state":"processing_transactions",'
        f'"total_amount":{{"amount":{batch.total},"currency":"COP"}},"updated_at":"{batch.inserted_at}"}},'
        f'"declination_reason":{json.dumps(reason, ensure_ascii=False)},'
        f'"description":"Pago de factura {dice.randrange(10**9)} del proveedor, periodo 2026-03, segunda quincena",'
        f'"entity_id":"{dice.randrange(10**17):032x}","id":"{_ident(dice, "trn")}",'
        f'"inserted_at":"{_instant(at - timedelta(minutes=15))}",'
        f'"payee":{{"bank_account":{{"bank_code":"{dice.choice(("007", "051", "066"))}",'
        f'"number":"{dice.randrange(10**9):011d}","type":"savings_account"}},'
        f'"document_number":"{dice.randrange(10**9, 2 * 10**9)}","document_type":"CC",'
        f'"email":"someone@example.com","name":"{dice.choice(_NAMES)}"}},'
        f'"recipient_handle":null,"reference":"FV-{dice.randrange(10**8):08d}","state":"{state}",'
        f'"updated_at":"{_instant(at - timedelta(seconds=3))}","routing":"ach","fallback_routing":["ach"]{more}}}'
    )
    body = f'{{"event":{{"data":{data},"type":"bank_transfer_{event}"}},"timestamp":"{_instant(at)}"}}'
    return Sent(body, int(at.timestamp()))


def _ident(dice: random.Random, prefix: str) -> str:
    return f"{prefix}_{dice.randrange(8)}{''.join(dice.choices(_DIGITS, k=21))}"


def _instant(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}Z"
