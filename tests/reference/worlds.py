"""Random small worlds in which ties, late words and contradictions are common.

Instants lie around the cut-offs of one date, amounts and names come from tiny sets, so that what is
rare in life happens in every other example. Nothing here says what should follow from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import polars as pl
from hypothesis import strategies as st

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.settings import Settings
from tests import scenario
from tests.reference.entities import Row

T = TypeVar("T")

MICRO, SECOND, MINUTE, HOUR, DAY = (
    timedelta(microseconds=1),
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
HORIZON = timedelta(hours=9, minutes=30)
NOTHING = timedelta(0)
ACCOUNTS = (scenario.ident("acc", "one"), scenario.ident("acc", "two"), scenario.ident("acc", "three"))
NUMBERS = dict(zip(ACCOUNTS, ("095000036", "0950-00037", "007"), strict=True))
DATES = (date(2026, 3, 4), date(2026, 3, 20), date(2026, 3, 23), date(2026, 3, 24))
"""A plain Wednesday, and the days about a Monday that is a moved holiday."""
AMOUNTS = (100_000, 100_000, 100_000, 250_050, 1)
DOCUMENTS = ("900123456", "9001234567", "1033711400", None)
THEMES = {
    "internal": (("approved",), ("in_progress", "approved"), ("approved", "declined"), ("approved", "on_hold")),
    "return": (("declined",), ("in_progress", "declined"), ("approved", "declined"), ("declined", "approved")),
    "collection": (("approved",), ("in_progress",)),
}
"""What most credits of a world echo, and the lives of the transfers in it."""
TRANSFER_STATES = ("created", "in_progress", "approved", "declined", "cancelled", "duplicated", "on_hold")
TRANSFER_PATHS = (
    ("approved",),
    ("in_progress", "approved"),
    ("approved", "approved"),
    ("created", "in_progress", "declined"),
    ("in_progress", "approved", "declined"),
    ("declined", "approved"),
    ("cancelled",),
    ("duplicated",),
    ("in_progress",),
    ("approved", "in_progress", "approved"),
)
BATCH_STATES = (
    "created",
    "pending_otp",
    "verified_otp",
    "processing_transactions",
    "cancelled",
    "duplicated",
    "declined",
)
COLLECTION_PATHS = (
    ("created",),
    ("in_progress", "approved_in_provider"),
    ("approved_in_provider", "account_credited"),
    ("account_credited",),
    ("account_credited", "account_credited"),
    ("failed",),
    ("created", "approved_in_provider", "failed"),
    ("account_credited", "failed"),
    ("on_hold",),
)
EVENTS = {
    "approved": "bank_transfer_approved",
    "declined": "bank_transfer_rejected",
    "cancelled": "bank_transfer_rejected",
    "in_progress": "bank_transfer_fallback_routing",
}
LIMITS = '{ach = "2bd", turbo = "1h", transfiya = "3h", default = "1bd"}'
FEES = (
    '[{routing = "ach", amount_minor = 700, from = "2026-01-01"}, '
    '{routing = "ach", amount_minor = 900, from = "2026-03-20"}]'
)
SETTINGS: dict[str, tuple[str, ...]] = {
    "BUSINESS__CUTOFF": ("00:00", "00:00", "18:30"),
    "BUSINESS__OWN_DOCUMENTS": ("[]", '["900123456"]'),
    "BUSINESS__OWN_BANK_CODES": ('["066"]', '["066", "007"]'),
    "TRANSFERS__EXPORT_LAG": ("5m", "0s"),
    "TRANSFERS__STUCK_AFTER": ("{}", LIMITS),
    "BATCHES__AUTHORIZATION_AFTER": ("1bd", "9h"),
    "CREDITS__UNIDENTIFIED": ("review", "break", "matched"),
    "CREDITS__RETURN_WINDOW": ("5bd", "3h"),
    "CREDITS__KNOWN_PAYERS": (
        "[]",
        "[]",
        "[]",
        '[{label = "nit", document_number = "900123456"}]',
        '[{label = "wire", description_pattern = "wire .*"}, {label = "all", name_pattern = ".*"}]',
    ),
    "BALANCE__DEBIT_AT": ("approved", "in_progress", "created"),
    "BALANCE__SNAPSHOT_TOLERANCE": ("2h", "5m"),
    "BALANCE__FEES": (
        "[]",
        FEES,
    ),
    "BALANCE__GMF": (
        "[]",
        '[{per_thousand = 4, from = "2026-01-01"}]',
        f'[{{per_thousand = 4, from = "2026-01-01", accounts = ["{ACCOUNTS[0]}"]}}]',
    ),
}


@cache
def _settings(chosen: tuple[tuple[str, str], ...]) -> Settings:
    return scenario.settings(**dict(chosen))


@dataclass
class Maker:
    """Draws one world, a kind of row at a time."""

    draw: st.DrawFn
    context: Context
    theme: str
    count: int = 0

    def pick(self, *options: T) -> T:
        return self.draw(st.sampled_from(options))

    def rarely(self) -> bool:
        return self.draw(st.integers(0, 9)) == 9

    def many(self, most: int) -> range:
        return range(self.draw(st.integers(0, most)))

    def near(self) -> datetime:
        """An instant that is often just before, at or just after a cut-off."""
        edge = self.pick(self.context.start, self.context.end, self.context.end)
        away = self.pick(
            *(NOTHING, -MICRO, MICRO, -SECOND, SECOND, -MINUTE, HOUR, -HOUR, -5 * HOUR, -5 * HOUR + 7 * MICRO),
            *(-14 * HOUR, 10 * HOUR, -3 * DAY),
        )
        return edge + away

    def after(self, moment: datetime) -> datetime:
        """A moment as a rule later, often by very little."""
        return moment + self.pick(NOTHING, MICRO, SECOND, MINUTE, MINUTE + 3 * MICRO, HOUR, 5 * HOUR, DAY)

    def times(self, inserted_at: datetime, count: int) -> list[datetime]:
        """Instants of a life, in order or not, none before it began."""
        moments, moment = [], inserted_at
        for _ in range(count):
            moment = self.after(moment)
            moments.append(max(self.near(), inserted_at) if self.rarely() else moment)
        return moments

    def ref(self, channel: str) -> str:
        self.count += 1
        return f"{channel[0].replace('e', 'x')}:{self.draw(st.integers(0, 9))}{self.count:063d}"

    def said(self, channel: str, occurred_at: datetime) -> Row:
        """The channel and clocks of one statement."""
        event_at = occurred_at + self.pick(NOTHING, 6 * SECOND, MINUTE, 15 * MINUTE, HORIZON)
        known_at = event_at + self.pick(SECOND, SECOND, HORIZON)
        webhook = channel == "webhook"
        return {
            "channel": channel,
            "occurred_at": occurred_at,
            "event_at": event_at if webhook else None,
            "known_at": known_at,
            "source_ref": self.ref(channel),
        }

    def transfer(self, name: str, batches: Sequence[Row]) -> list[Row]:
        batch = self.pick(None, *batches) if self.rarely() else self.pick(*batches)
        inserted_at = batch["inserted_at"] if batch and not self.rarely() else self.near()
        if self.draw(st.integers(0, 39)) == 39:
            inserted_at -= 40 * DAY
        base = {
            "transfer_id": scenario.trn(name),
            "amount_minor": self.pick(*AMOUNTS),
            "currency": batch["currency"] if batch else "COP",
            "account_id": batch["account_id"] if batch else self.pick(None, *ACCOUNTS),
            "batch_id": batch and batch["batch_id"],
            "external_id": self.pick("client-1", "client-1", "client-2", None),
            "reference": self.pick("ref 1", "ref 2", None),
            "routing": self.pick("ach", "turbo", None, "other"),
            "fallback_routing": self.pick([], ["ach"], ["turbo", "ach"]),
            "payee_document_number": self.pick(*DOCUMENTS),
            "payee_bank_code": self.pick("066", "066", "007", None),
            "payee_account_number": self.pick(*NUMBERS.values(), "095000037", "0950-00036", None),
            "inserted_at": inserted_at,
        }
        path = self._path(TRANSFER_PATHS, TRANSFER_STATES) if self.theme == "any" else self.pick(*THEMES[self.theme])
        rows = []
        for state, occurred_at in zip(path, self.times(inserted_at, len(path)), strict=True):
            for channel in self.pick(("webhook",), ("export",), ("webhook", "export"), ("webhook", "webhook")):
                rows.append(
                    base | self.said(channel, occurred_at) | {"state": state} | self._slip(channel, state, base)
                )
        return rows

    def _path(self, paths: Sequence[tuple[str, ...]], states: Sequence[str]) -> tuple[str, ...]:
        if not self.rarely():
            return self.pick(*paths)
        return tuple(self.draw(st.lists(st.sampled_from(states), min_size=1, max_size=4)))

    def _slip(self, channel: str, state: str, base: Row) -> Row:
        """What one statement says differently from the others."""
        slip: Row = {"event_type": EVENTS.get(state) if channel == "webhook" else None}
        if self.rarely():
            slip |= self.pick(
                {"amount_minor": base["amount_minor"] + 1},
                {"currency": "USD"},
                {"payee_bank_code": "051"},
                {"payee_document_number": None},
                {"routing": None},
                {"account_id": None, "batch_id": None},
                {"external_id": None},
                {"inserted_at": base["inserted_at"] - SECOND},
            )
        return slip

    def batch(self, name: str) -> list[Row]:
        inserted_at = self.near()
        base = {
            "batch_id": scenario.bat(name),
            "account_id": self.pick(*ACCOUNTS),
            "currency": self.pick("COP", "COP", "COP", "USD"),
            "inserted_at": inserted_at,
            "total_amount_minor": self.pick(100_000, 200_000, 350_050, None),
        }
        path = tuple(self.draw(st.lists(st.sampled_from(BATCH_STATES), min_size=1, max_size=3)))
        if not self.rarely():
            path = (*path[1:], "processing_transactions")
        rows = []
        for state, occurred_at in zip(path, self.times(inserted_at, len(path)), strict=True):
            said = self.said(self.pick("webhook", "webhook", "export"), occurred_at)
            rows.append(base | {"state": state, "event_type": None} | said)
        return rows

    def list_members(self, batch: Row, transfers: Sequence[Row]) -> list[Row]:
        """Let an event of a batch list its transfers, more, fewer or none; and what it says of each."""
        if batch["channel"] != "webhook" or self.pick(True, False):  # noqa: FBT003 - a coin
            return []
        firsts = {row["transfer_id"]: row for row in reversed(transfers)}
        own = sorted(name for name, row in firsts.items() if row["batch_id"] == batch["batch_id"])
        batch["event_type"] = "batch_sent"
        batch["listed_transfer_ids"] = self.pick(own, own, own[1:], [], sorted(firsts)[:1])
        clocks = {name: batch[name] for name in ("channel", "event_type", "event_at", "known_at", "source_ref")}
        place = {"batch_id": batch["batch_id"], "account_id": batch["account_id"], "routing": None}
        return [firsts[name] | clocks | place for name in batch["listed_transfer_ids"]]

    def intent(self, name: str) -> list[Row]:
        inserted_at = self.near() - self.pick(NOTHING, NOTHING, NOTHING, DAY, 30 * DAY)
        base = {
            "intent_id": scenario.ident("cint", name),
            "account_id": self.pick(ACCOUNTS[0], *ACCOUNTS, None),
            "amount_minor": self.pick(*AMOUNTS),
            "currency": "COP",
            "payer_document_number": self.pick(*DOCUMENTS),
            "inserted_at": inserted_at,
            "event_type": None,
        }
        path = self._path(COLLECTION_PATHS, ("created", "approved_in_provider", "account_credited", "failed", "odd"))
        rows = []
        for state, occurred_at in zip(path, self.times(inserted_at, len(path)), strict=True):
            for channel in self.pick(("webhook",), ("export",), ("webhook", "export")):
                slip = {"amount_minor": base["amount_minor"] + 1} if self.rarely() else {}
                rows.append(base | {"state": state} | self.said(channel, occurred_at) | slip)
        return rows

    def credit(self, name: str, transfers: Sequence[Row], intents: Sequence[Row]) -> list[Row]:
        """A credit that is as a rule the echo of something."""
        account_id = self.pick(*ACCOUNTS)
        row: Row = {
            "type": self.pick("incoming_wire", "bank_transfer_mono"),
            "account_id": account_id,
            "amount_minor": self.pick(*AMOUNTS),
            "currency": self.pick("COP", "COP", "COP", "USD"),
            "transaction_at": self.near(),
            "external_id": self.pick("client-1", None),
            "payer_document_number": self.pick(*DOCUMENTS),
            "payer_bank_code": self.pick("066", "007", None),
            "payer_name": self.pick("EMPRESA", None),
            "description": self.pick("wire 1", "other", None),
        }
        kind = self.pick("free", "internal", "return", "collection") if self.theme == "any" else self.theme
        if kind in ("internal", "return") and transfers:
            row |= self._echo_of_transfer(kind, self.pick(*transfers))
        credited = [row for row in intents if row["state"] == "account_credited"]
        if kind == "collection" and credited:
            intent = self.pick(*credited)
            row |= {key: intent[key] for key in ("amount_minor", "currency", "payer_document_number")}
            row["account_id"] = intent["account_id"] or account_id
            away = self.pick(NOTHING, 15 * MINUTE, -15 * MINUTE, 15 * MINUTE + MICRO, MINUTE)
            row["transaction_at"] = intent["occurred_at"] + away
        if self.rarely():
            row["amount_minor"] += 1
        return self._told(name, row)

    def _told(self, name: str, row: Row) -> list[Row]:
        event_at = row["transaction_at"] + self.pick(*(6 * SECOND,) * 5, 15 * HOUR)
        row |= {
            "credit_id": scenario.tx(name),
            "account_number": None if self.rarely() else NUMBERS[row["account_id"]],
            "event_at": event_at,
            "known_at": event_at + self.pick(SECOND, MINUTE),
            "source_ref": self.ref("webhook"),
        }
        rows = [row]
        if self.rarely():
            slip = self.pick({"amount_minor": row["amount_minor"] + 1}, {"description": "again"})
            rows.append(row | slip | {"known_at": row["known_at"] + HOUR, "source_ref": self.ref("webhook")})
        if self.rarely():
            other = {
                "credit_id": scenario.tx(f"{name}twice"),
                "transaction_at": row["transaction_at"] + self.pick(NOTHING, MICRO),
            }
            rows.append(row | other | {"source_ref": self.ref("webhook")})
        return rows

    def _echo_of_transfer(self, kind: str, transfer: Row) -> Row:
        echo = {key: transfer[key] for key in ("amount_minor", "currency")}
        if kind == "return":
            account_id = transfer["account_id"] or ACCOUNTS[0]
            away = self.pick(NOTHING, -MICRO, HOUR, 3 * HOUR, 3 * HOUR + MICRO, DAY)
            payer = {"payer_bank_code": transfer["payee_bank_code"]}
            return echo | payer | {"account_id": account_id, "transaction_at": transfer["occurred_at"] + away}
        number = scenario_digits(transfer["payee_account_number"])
        owners = [name for name, its in NUMBERS.items() if scenario_digits(its) == number]
        away = self.pick(NOTHING, MINUTE, -5 * MINUTE, HORIZON, HORIZON + MICRO)
        return echo | {
            "type": "bank_transfer_mono",
            "account_id": owners[0] if owners else ACCOUNTS[0],
            "external_id": self.pick(transfer["external_id"], transfer["external_id"], None),
            "reference": self.pick(transfer["reference"], "ref 1"),
            "transaction_at": transfer["occurred_at"] + away,
        }

    def export(self, name: str, resource: str, rows: Sequence[Row]) -> tuple[Row, list[tuple[str, str, datetime]]]:
        """An export and the entities that it shows."""
        started_at = self.after(self.near())
        complete = not self.rarely()
        windowed = resource == "transfers" and self.pick(True, False)  # noqa: FBT003 - a coin
        begin = self.pick(self.context.start, self.context.start, self.context.start - DAY, self.context.end)
        export: Row = {
            "export_id": name,
            "resource": resource,
            "account_id": self.pick(None, None, *ACCOUNTS),
            "window_from": begin if windowed else None,
            "window_until": self.pick(self.context.end, begin + DAY, begin + HOUR) if windowed else None,
            "started_at": started_at,
            "pages": 1,
            "items": 1,
            "is_complete": complete,
            "proves_absence": complete and not self.rarely(),
            "first_fetched_at": started_at,
            "last_fetched_at": started_at + self.pick(NOTHING, MINUTE),
        }
        key = "transfer_id" if resource == "transfers" else "intent_id"
        names = sorted({row[key] for row in rows})
        shown = [name for name in names if self.pick(True, True, False)]  # noqa: FBT003 - a coin
        return export, [(resource, name, started_at) for name in shown]

    def whole_export(self, transfers: Sequence[Row]) -> tuple[list[Row], list[tuple[str, str, datetime]]]:
        """An export of everything, as it is taken after every date."""
        started_at = max(self.context.end, self.context.as_of - MINUTE)
        export: Row = dict.fromkeys(("account_id", "window_from", "window_until"))
        export |= {"export_id": "whole", "resource": "transfers", "pages": 1, "items": 1}
        export |= {"is_complete": True, "proves_absence": True}
        export |= dict.fromkeys(("started_at", "first_fetched_at", "last_fetched_at"), started_at)
        shown = {row["transfer_id"] for row in transfers if not self.rarely()}
        return [export], [("transfers", name, started_at) for name in sorted(shown)]

    def balances(self) -> list[Row]:
        rows = []
        for account_id in ACCOUNTS:
            amount = self.pick(1_000_000, 500_000)
            for edge in (self.context.start - DAY, self.context.start, self.context.end):
                for _ in self.many(2):
                    at = edge + self.pick(NOTHING, 2 * HOUR, -2 * HOUR, 2 * HOUR + MICRO, MINUTE, -MINUTE)
                    rows.append(
                        {
                            "account_id": account_id,
                            "currency": "COP",
                            "amount_minor": amount - self.pick(0, 0, 100_000),
                            "balance_at": at,
                            "known_at": at + self.pick(SECOND, HOUR),
                            "source_ref": self.ref("export"),
                        }
                    )
        return rows

    def adjustment(self, name: int) -> Row:
        at = self.near()
        return {
            "adjustment_id": str(name),
            "account_id": self.pick(*ACCOUNTS),
            "currency": self.pick("COP", "COP", "USD"),
            "effective_at": at,
            "amount_minor": self.pick(-700, 900),
            "decided_at": at + HOUR,
            "kind": "fee",
            "reason": "invoice",
            "actor": "ana",
            "path": "a.csv",
            "line": name + 1,
        }


def scenario_digits(number: str | None) -> str:
    return "".join(sign for sign in number or "" if sign.isdigit())


@st.composite
def contexts(draw: st.DrawFn, dates: Sequence[date]) -> Context:
    """A date, settings, and an as-of that is often exactly at a limit."""
    chosen = tuple((key, draw(st.sampled_from(options))) for key, options in SETTINGS.items())
    settings = _settings(chosen)
    day = draw(st.sampled_from(dates))
    calendar = settings.business.calendar
    start, end = calendar.start_of(day), calendar.end_of(day)
    since = draw(st.sampled_from([start - 90 * DAY, start - 90 * DAY, start, start + HOUR]))
    limits = [NOTHING, 6 * HOUR, HORIZON - HOUR, HORIZON, HORIZON + MICRO, DAY, DAY + MICRO, 2 * DAY, 6 * DAY]
    as_of = end + draw(st.sampled_from(limits))
    return Context(day, as_of, settings, since)


@st.composite
def worlds(draw: st.DrawFn, dates: Sequence[date] = DATES) -> tuple[DayInputs, Context]:
    """What was known as of a moment, and the question asked about it."""
    context = draw(contexts(dates))
    maker = Maker(draw, context, draw(st.sampled_from(["any", *THEMES])))
    lots = [maker.batch(name) for name in "ab"]
    transfers = [
        row for name in range(1 + len(maker.many(4))) for row in maker.transfer(str(name), [lot[0] for lot in lots])
    ]
    transfers += [nested for lot in lots for batch in lot for nested in maker.list_members(batch, transfers)]
    intents = [row for name in maker.many(4 if maker.theme == "collection" else 2) for row in maker.intent(str(name))]
    credits_ = [row for name in range(1 + len(maker.many(4))) for row in maker.credit(str(name), transfers, intents)]
    exports, shown = maker.whole_export(transfers) if maker.pick(True, False) else ([], [])  # noqa: FBT003 - a coin
    for name in maker.many(2):
        resource, rows = maker.pick(("transfers", transfers), ("transfers", transfers), ("collection_intents", intents))
        export, seen = maker.export(str(name), resource, rows)
        exports.append(export)
        shown += seen
    known_accounts = [
        {"account_id": name, "number": NUMBERS[name], "currency": "COP", "known_at": context.start, "source_ref": "x"}
        for name in ACCOUNTS
        if maker.pick(True, False)  # noqa: FBT003 - a coin
    ]
    made = scenario.inputs(
        transfers=transfers,
        batches=[row for lot in lots for row in lot if not maker.rarely()],
        credits=credits_,
        collections=intents,
        exports=exports,
        accounts=known_accounts,
        balances=maker.balances(),
        adjustments=[maker.adjustment(name) for name in maker.many(2)],
        arrivals=maker.pick(0, 1),
    )
    schema = scenario.APPEARANCES
    made = replace(made, appearances=pl.DataFrame(sorted(set(shown)), schema=schema, orient="row"))
    return known_by(made, context.as_of), context


def known_by(made: DayInputs, as_of: datetime) -> DayInputs:
    """The part of a world that was known at a moment."""
    clocks: dict[str, str] = dict.fromkeys(
        ("transfers", "batches", "credits", "collections", "accounts", "balances"), "known_at"
    )
    clocks |= {"adjustments": "decided_at", "exports": "last_fetched_at"}
    known: dict[str, Any] = {name: getattr(made, name).filter(pl.col(clock) <= as_of) for name, clock in clocks.items()}
    known["appearances"] = made.appearances.filter(pl.col("started_at") <= as_of)
    return replace(made, **known)
