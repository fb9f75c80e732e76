"""What must hold between the tables of a pack, whoever made them.

Here belongs each identity, computed from the tables alone and said in words where it fails. Hashes,
files and the manifest belong to ``verify``. The reconciler asserts its own identities before it
issues; these do not share its code.
"""

from collections.abc import Callable, Iterator, Mapping

import polars as pl

from mono_recon.schemas.report import RECON_STATUSES, SECTIONS

Tables = Mapping[str, pl.DataFrame]
Identity = Callable[[Tables], Iterator[str]]

_LINES = ("outgoing_transfers", "batches", "incoming_credits", "collections")
_FINAL_STATES = ("approved", "declined", "cancelled", "duplicated")
_ROLL_FORWARD = {
    "opening_open": 1,
    "created": 1,
    "approved": -1,
    "declined": -1,
    "cancelled": -1,
    "duplicated": -1,
    "reopened": 1,
    "closing_open": -1,
}
_MOVEMENT = {
    "opening": 1,
    "new": 1,
    "late": 1,
    "cleared": -1,
    "resolved": -1,
    "escalated_out": -1,
    "escalated_in": 1,
    "revalued": 1,
    "closing": -1,
}
_ACCOUNT = ("account_id", "currency")
_AGEING = ("break_type", "class", *_ACCOUNT, "ageing_bucket")
_EXPECTED = (
    pl.col("opening_minor")
    + pl.col("credits_minor")
    + pl.col("collections_minor")
    + pl.col("reversals_in_minor")
    + pl.col("adjustments_minor")
    - pl.col("transfers_minor")
    - pl.col("fees_minor")
    - pl.col("gmf_minor")
)


def failed_identities(tables: Tables) -> list[str]:
    """Every identity that does not hold.

    Args:
        tables: The frames of a pack by name.

    Returns:
        Sentences; none if all hold.
    """
    identities: tuple[Identity, ...] = (
        _control_holds,
        _each_line_has_one_status,
        _transfers_roll_forward,
        _summary_agrees_with_lines,
        _money_in_agrees_with_summary,
        _batches_add_up,
        _balances_add_up,
        _breaks_roll_forward,
        _open_breaks_agree,
        _every_reference_is_traced,
    )
    return [failure for identity in identities for failure in identity(tables)]


def verdict(breaks: pl.DataFrame) -> str:
    """The verdict that the breaks of a date give: balanced, awaiting, breaks or incomplete."""
    own = breaks.filter(pl.col("break_date") == pl.col("business_date"))
    if own["break_type"].is_in(["feed_missing", "incomplete_export"]).any():
        return "incomplete"
    if (own.filter(pl.col("status") == "open")["class"] == "break").any():
        return "breaks"
    return "awaiting" if (own["break_type"] == "awaiting_balance").any() else "balanced"


def _control_holds(tables: Tables) -> Iterator[str]:
    control = tables["control"]
    figures = pl.col("count").fill_null(0).ne(0) | pl.col("amount_minor").fill_null(0).ne(0)
    is_identity = pl.col("metric").str.starts_with("identity.")
    failed = control.filter(pl.col("status").eq("failed") | (is_identity & (figures | pl.col("status").ne("ok"))))
    for metric, account, currency in failed.select("metric", *_ACCOUNT).iter_rows():
        yield f"control: {metric} does not hold for account {account}, {currency}"


def _each_line_has_one_status(tables: Tables) -> Iterator[str]:
    for name in _LINES:
        status, types = pl.col("recon_status"), pl.col("break_types")
        wrong = ~status.is_in(RECON_STATUSES) | (status.eq("matched") != types.list.len().eq(0))
        if count := tables[name].filter(wrong).height:
            yield f"{name}: the status of {count} lines is not that of their breaks"


def _transfers_roll_forward(tables: Tables) -> Iterator[str]:
    out = tables["summary"].filter(pl.col("direction") == "out")
    return _adds_up_to_nothing("summary: the roll-forward of transfers", _signed(out, "section", _ROLL_FORWARD))


def _summary_agrees_with_lines(tables: Tables) -> Iterator[str]:
    transfers = tables["outgoing_transfers"]
    lines = {
        "created": transfers.filter(pl.col("inclusion") == "created"),
        "closing_open": transfers.filter(~pl.col("state_at_cutoff").is_in(_FINAL_STATES)),
        "credits": tables["incoming_credits"],
    }
    keys = (*_ACCOUNT, "recon_status")
    for section, rows in lines.items():
        stated = tables["summary"].filter(pl.col("section") == section)
        yield from _agree(f"summary: section {section} against its lines", _added(stated, keys), _counted(rows, keys))
    if foreign := set(tables["summary"]["section"]) - set(SECTIONS):
        yield f"summary: no such section: {', '.join(sorted(foreign))}"


def _money_in_agrees_with_summary(tables: Tables) -> Iterator[str]:
    stated = tables["control"].filter(pl.col("metric") == "money.in")
    summed = tables["summary"].filter(pl.col("section").is_in(["credits", "collections"]))
    yield from _agree("control: money.in against summary", _added(stated, _ACCOUNT), _added(summed, _ACCOUNT))


def _batches_add_up(tables: Tables) -> Iterator[str]:
    members = pl.sum_horizontal(f"{state}_minor" for state in (*_FINAL_STATES, "open"))
    wrong = pl.col("declared_minor") - members != pl.col("difference_minor")
    for batch in tables["batches"].filter(wrong)["batch_id"]:
        yield f"batches: declared less the members of {batch} is not its difference"


def _balances_add_up(tables: Tables) -> Iterator[str]:
    unexplained = pl.col("closing_minor") - pl.col("expected_minor")
    wrong = (
        _EXPECTED.ne(pl.col("expected_minor"))
        | unexplained.ne(pl.col("unexplained_minor"))
        | (pl.col("status").eq("proved") & pl.col("unexplained_minor").fill_null(1).ne(0))
        | (pl.col("status").eq("unexplained") & pl.col("unexplained_minor").fill_null(0).eq(0))
    )
    proof = tables["balance_proof"]
    for account in proof.filter(wrong)["account_id"]:
        yield f"balance_proof: the terms of account {account} do not give its figures"
    stated = tables["control"].filter(pl.col("metric") == "unexplained")
    proved = proof.drop_nulls("unexplained_minor").with_columns(pl.col("unexplained_minor").alias("amount_minor"))
    yield from _agree(
        "control: unexplained against balance_proof", _added(stated, _ACCOUNT), _counted(proved, _ACCOUNT)
    )


def _breaks_roll_forward(tables: Tables) -> Iterator[str]:
    # A changed amount changes no count, so revalued rows count nothing.
    counts = pl.col("movement").ne("revalued").cast(pl.Int64)
    movement = tables["break_movement"].with_columns(count=counts)
    return _adds_up_to_nothing("break_movement", _signed(movement, "movement", _MOVEMENT))


def _open_breaks_agree(tables: Tables) -> Iterator[str]:
    still_open = tables["breaks"].filter(pl.col("status") == "open")
    ageing = _added(tables["break_ageing"], _AGEING)
    yield from _agree("break_ageing against breaks", ageing, _counted(still_open, _AGEING))
    closing = tables["break_movement"].filter(pl.col("movement") == "closing")
    carried = still_open.filter(pl.col("class").is_in(["break", "timing"]))
    keys = ("break_id", *_ACCOUNT)
    yield from _agree("break_movement against breaks", _counted(closing, keys), _counted(carried, keys))
    arose = pl.col("break_date") == pl.col("business_date")
    for metric, rows in {
        **{f"open.{kind}": still_open.filter(arose, pl.col("class") == kind) for kind in RECON_STATUSES[1:]},
        **{f"carried.{kind}": still_open.filter(~arose, pl.col("class") == kind) for kind in ("break", "timing")},
    }.items():
        stated = tables["control"].filter(pl.col("metric") == metric)
        yield from _agree(f"control: {metric} against breaks", _added(stated, _ACCOUNT), _counted(rows, _ACCOUNT))


def _every_reference_is_traced(tables: Tables) -> Iterator[str]:
    known = tables["lineage"].select(pl.col("source_ref"))
    for name in (*_LINES, "breaks"):
        named = tables[name].select(pl.col("source_refs").explode().drop_nulls().alias("source_ref")).unique()
        if count := named.join(known, on="source_ref", how="anti").height:
            yield f"{name}: lineage does not say where {count} of its source references lie"


def _counted(rows: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    return rows.group_by(keys).agg(count=pl.len().cast(pl.Int64), amount_minor=pl.col("amount_minor").sum())


def _added(rows: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    return rows.group_by(keys).agg(pl.col("count", "amount_minor").sum())


def _signed(rows: pl.DataFrame, term: str, signs: Mapping[str, int]) -> pl.DataFrame:
    """Count and amount per account and currency, each term with its sign; other terms are left out."""
    sign = pl.col(term).replace_strict(signs, default=0, return_dtype=pl.Int64)
    return _added(rows.with_columns(pl.col("count", "amount_minor") * sign), _ACCOUNT)


def _adds_up_to_nothing(what: str, sums: pl.DataFrame) -> Iterator[str]:
    for account, currency, count, minor in sums.select(*_ACCOUNT, "count", "amount_minor").sort(pl.all()).iter_rows():
        if count or minor:
            yield f"{what} of account {account}, {currency}, is out by {count} and {minor} centavos"


def _agree(what: str, left: pl.DataFrame, right: pl.DataFrame) -> Iterator[str]:
    """Compare count and amount per key; a key that one side lacks counts as nothing there."""
    figures = ("count", "amount_minor")
    keys = [name for name in left.columns if name not in figures]
    both = left.join(right, on=keys, how="full", coalesce=True, nulls_equal=True, suffix="_right")
    both = both.with_columns(pl.col(*figures, *(f"{name}_right" for name in figures)).fill_null(0))
    differs = pl.any_horizontal(pl.col(name) != pl.col(f"{name}_right") for name in figures)
    for row in both.filter(differs).sort(keys).iter_rows(named=True):
        key = ", ".join(str(row[name]) for name in keys)
        yield (
            f"{what}: {key} has {row['count']} and {row['amount_minor']} centavos, "
            f"not {row['count_right']} and {row['amount_minor_right']}"
        )
