"""What a report says at a glance: the figures of the workbook's first sheet and of the page.

Here belong sums over the tables of a pack, made once for every file that shows them; nothing is stated
that a table does not hold. How they are written and worded belongs to those files.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from mono_recon.schemas.report import AGEING_BUCKETS, BREAK_CLASSES, RECON_STATUSES

Tables = Mapping[str, pl.DataFrame]

HOME_CURRENCY = "COP"

MONEY_SECTIONS: Mapping[str, Mapping[str, int]] = {
    "out": {"approved": 1, "reversed_to_approved": 1, "reversed_to_declined": -1},
    "in": {"credits": 1, "collections": 1},
}
"""Sections of the summary that make up the money of a direction, with their sign."""

ROLL_FORWARD: Mapping[str, int] = {
    "opening_open": 1,
    "created": 1,
    "approved": -1,
    "declined": -1,
    "cancelled": -1,
    "duplicated": -1,
    "reopened": 1,
    "closing_open": 0,
}
"""Sections from the transfers open at the start to those open at the end, with the sign they enter by."""

MOVEMENT: Mapping[str, Mapping[str, int]] = {
    "opening": {"opening": 1},
    "new": {"new": 1},
    "late": {"late": 1},
    "cleared": {"cleared": -1},
    "resolved": {"resolved": -1},
    "escalated": {"escalated_in": 1, "escalated_out": -1},
    "revalued": {"revalued": 1},
    "closing": {"closing": 1},
}
"""Terms of the movement of breaks as they are shown, each from rows of ``break_movement`` with a sign."""

PROOF_IN = ("credits_minor", "collections_minor", "reversals_in_minor", "adjustments_minor")
PROOF_OUT = ("transfers_minor", "fees_minor", "gmf_minor")
"""Terms of the balance proof that add to the opening figure, and those that are taken from it."""

_LINE_KEYS = {
    "transfer": ("outgoing_transfers", "transfer_id"),
    "batch": ("batches", "batch_id"),
    "credit": ("incoming_credits", "credit_id"),
    "collection": ("collections", "intent_id"),
}
_TO_DO = ("break", "review", "data", "timing")
LINE_KEYS: Mapping[str, str] = dict(_LINE_KEYS.values())
"""Tables of lines with the column of their ids."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of lines and their sum in centavos, which may be larger than one amount can be."""

    count: int
    minor: int

    def __bool__(self) -> bool:
        return bool(self.count or self.minor)

    def __sub__(self, other: "Figure") -> "Figure":
        return Figure(self.count - other.count, self.minor - other.minor)


def currencies(tables: Tables) -> list[str]:
    """Every currency that money or an account of the date has, the home currency first."""
    named = pl.concat(
        tables[name]["currency"]
        for name in ("summary", "balance_proof", "outgoing_transfers", "incoming_credits", "collections", "breaks")
    )
    return sorted(named.drop_nulls().unique(), key=lambda currency: (currency != HOME_CURRENCY, currency))


def figure(rows: pl.DataFrame) -> Figure:
    """Rows with their own ``count``, or one each, and the sum of their ``amount_minor``."""
    count = rows["count"].cast(pl.Int128).sum() if "count" in rows.columns else rows.height
    return Figure(int(count), int(rows["amount_minor"].cast(pl.Int128).sum()))


def money(tables: Tables, direction: str, currency: str) -> dict[str, Figure]:
    """Money that moved in a direction, by the status of its lines."""
    rows = tables["summary"].filter(pl.col("direction") == direction, pl.col("currency") == currency)
    return {
        status: _signed(rows.filter(pl.col("recon_status") == status), "section", MONEY_SECTIONS[direction])
        for status in RECON_STATUSES
    }


def stated(tables: Tables, metric: str, currency: str) -> Figure:
    """A metric of table ``control``, over all accounts of a currency."""
    return figure(tables["control"].filter(pl.col("metric") == metric, pl.col("currency") == currency))


def total(figures: Iterable[Figure]) -> Figure:
    """Figures added up."""
    added = [*figures]
    return Figure(sum(each.count for each in added), sum(each.minor for each in added))


def roll_forward(tables: Tables, currency: str) -> dict[str, Figure]:
    """Transfers from open at the start to open at the end, by section."""
    rows = tables["summary"].filter(pl.col("direction") == "out", pl.col("currency") == currency)
    return {section: figure(rows.filter(pl.col("section") == section)) for section in ROLL_FORWARD}


def movement(tables: Tables, kind: str, currency: str) -> dict[str, Figure]:
    """How the open breaks or timing items came from those of the date before, by term."""
    rows = tables["break_movement"].filter(pl.col("class") == kind, pl.col("currency") == currency)
    # A changed amount changes no count.
    counted = rows.with_columns(pl.col("movement").ne("revalued").cast(pl.Int64).alias("count"))
    return {term: _signed(counted, "movement", signs) for term, signs in MOVEMENT.items()}


def movement_classes(tables: Tables, currency: str) -> list[str]:
    """Classes that the movement of breaks of a currency has."""
    found = set(tables["break_movement"].filter(pl.col("currency") == currency)["class"])
    return [kind for kind in BREAK_CLASSES if kind in found]


def open_items(tables: Tables, kind: str) -> pl.DataFrame:
    """Rows of ``breaks`` that are open and of a class, the largest amount first, with their ``row`` in it."""
    rows = tables["breaks"].with_row_index("row").filter(pl.col("status") == "open", pl.col("class") == kind)
    return rows.sort("amount_minor", "break_id", descending=[True, False])


def to_do(verdict: str) -> list[str]:
    """Classes of breaks in the order to look at them: what is missing first if that is the verdict."""
    return sorted(_TO_DO, key=lambda kind: (verdict, kind) != ("incomplete", "data"))


def by_type(tables: Tables, currency: str) -> pl.DataFrame:
    """Open breaks of a currency by type: ``break_type, class, count, amount_minor``, the largest first."""
    rows = tables["break_ageing"].filter(pl.col("currency") == currency)
    sums = rows.group_by("break_type", "class").agg(pl.sum("count"), pl.col("amount_minor").cast(pl.Int128).sum())
    return sums.sort("amount_minor", "break_type", descending=[True, False])


def by_age(tables: Tables, currency: str) -> dict[str, dict[str, Figure]]:
    """Open breaks of a currency by bucket of age, and in it by class."""
    rows = tables["break_ageing"].filter(pl.col("currency") == currency)
    return {
        bucket: {
            kind: figure(rows.filter(pl.col("ageing_bucket") == bucket, pl.col("class") == kind))
            for kind in BREAK_CLASSES
        }
        for bucket in AGEING_BUCKETS
    }


def accounts(tables: Tables) -> dict[str, str]:
    """What people call each account: its name and the last four digits of its number, by id."""
    named = {}
    for account, name, digits in (
        tables["balance_proof"].select("account_id", "account_name", "account_last4").iter_rows()
    ):
        words = " ".join(filter(None, (name, digits and f"··{digits}")))
        if words:
            named[account] = words
    return named


def line_of(subject_type: str, subject_id: str, business_date: str) -> tuple[str, str] | None:
    """Table and key of the line that a break is about; None if it is about no single line."""
    if subject_type in _LINE_KEYS:
        return _LINE_KEYS[subject_type][0], subject_id
    account = subject_id.removesuffix(f":{business_date}").removeprefix("balance:")
    return ("balance_proof", account) if account != subject_id else None


def _signed(rows: pl.DataFrame, term: str, signs: Mapping[str, int]) -> Figure:
    parts = [(sign, figure(rows.filter(pl.col(term) == name))) for name, sign in signs.items()]
    return Figure(
        sum(sign * part.count for sign, part in parts),
        sum(sign * part.minor for sign, part in parts),
    )
