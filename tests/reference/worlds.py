"""Random small worlds in which ties, late words and contradictions are common.

Here belongs which question is asked and which rows make a world. Nothing here says what should follow
from it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache

import polars as pl
from hypothesis import strategies as st

from mono_recon.reconcile.context import Context
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.settings import Settings
from tests import scenario
from tests.reference.dice import ACCOUNTS, DAY, HORIZON, HOUR, MICRO, NOTHING, NUMBERS, Dice
from tests.reference.entities import Row
from tests.reference.payments import batch, list_members, transfer
from tests.reference.pulled import adjustment, balances, export, whole_export
from tests.reference.receipts import credit, intent

DATES = (date(2026, 3, 4), date(2026, 3, 20), date(2026, 3, 23), date(2026, 3, 24))
"""A plain Wednesday, and the days about a Monday that is a moved holiday."""
LIMITS = '{ach = "2bd", turbo = "1h", transfiya = "3h", default = "1bd"}'
FEES = (
    '[{routing = "ach", amount_minor = 700, from = "2026-01-01"}, '
    '{routing = "ach", amount_minor = 900, from = "2026-03-20"}]'
)
PAYERS = (
    f'[{{label = "wire", description_pattern = "wire .*", account_id = "{ACCOUNTS[0]}"}}, '
    '{label = "all", name_pattern = ".*"}]'
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
        '[{label = "nit", document_number = "900123456"}]',
        PAYERS,
    ),
    "BALANCE__DEBIT_AT": ("approved", "in_progress", "created"),
    "BALANCE__SNAPSHOT_TOLERANCE": ("2h", "5m"),
    "BALANCE__FEES": ("[]", FEES),
    "BALANCE__GMF": (
        "[]",
        '[{per_thousand = 4, from = "2026-01-01"}]',
        f'[{{per_thousand = 4, from = "2026-01-01", accounts = ["{ACCOUNTS[0]}"]}}]',
    ),
}


@cache
def _settings(chosen: tuple[tuple[str, str], ...]) -> Settings:
    return scenario.settings(**dict(chosen))


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
    dice = Dice(draw, context)
    lots = [batch(dice, name) for name in "abc"]
    transfers = [row for name in dice.names(1, 10) for row in transfer(dice, name, [lot[0] for lot in lots])]
    transfers += [nested for lot in lots for event in lot for nested in list_members(dice, event, transfers)]
    intents = [row for name in dice.names(0, 4) for row in intent(dice, name)]
    exports, shown = _exports(dice, transfers, intents)
    made = scenario.inputs(
        transfers=transfers,
        batches=[row for lot in lots for row in lot if not dice.rarely()],
        credits=[row for name in dice.names(1, 10) for row in credit(dice, name, transfers, intents)],
        collections=intents,
        exports=exports,
        accounts=[
            {
                "account_id": name,
                "number": NUMBERS[name],
                "currency": "COP",
                "known_at": context.start,
                "source_ref": "x",
            }
            for name in ACCOUNTS
            if dice.heads()
        ],
        balances=balances(dice),
        adjustments=[adjustment(dice, name) for name in dice.names(0, 2)],
        arrivals=dice.pick(0, 1, 1, 1),
    )
    appearances = pl.DataFrame(sorted(set(shown)), schema=scenario.APPEARANCES, orient="row")
    return known_by(replace(made, appearances=appearances), context.as_of), context


def _exports(
    dice: Dice, transfers: Sequence[Row], intents: Sequence[Row]
) -> tuple[list[Row], list[tuple[str, str, datetime]]]:
    exports, shown = whole_export(dice, transfers) if dice.pick(0, 1, 1) else ([], [])
    for name in dice.names(0, 2):
        resource, rows = dice.pick(("transfers", transfers), ("transfers", transfers), ("collection_intents", intents))
        made, seen = export(dice, name, resource, rows)
        exports.append(made)
        shown += seen
    return exports, shown


def known_by(made: DayInputs, as_of: datetime) -> DayInputs:
    """The part of a world that was known at a moment."""
    clocks: dict[str, str] = dict.fromkeys(
        ("transfers", "batches", "credits", "collections", "accounts", "balances"), "known_at"
    )
    clocks |= {"adjustments": "decided_at", "resolutions": "decided_at", "exports": "last_fetched_at"}
    clocks["appearances"] = "started_at"
    held = scenario.frames(made)
    return scenario.with_frames(
        made, **{name: held[name].filter(pl.col(clock) <= as_of) for name, clock in clocks.items()}
    )
