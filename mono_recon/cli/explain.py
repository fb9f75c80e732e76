"""``explain``: the story of one transfer, batch, credit, collection or break, in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from rich.console import Console

from mono_recon.cli.answer import Answer, instant, table
from mono_recon.cli.session import Shared
from mono_recon.money import format_pesos
from mono_recon.pipeline.story import Story, tell

_SHOWN = 20
_SHOWN_DIGITS = 4
_ACCOUNT_NUMBERS = ("payee_account_number", "account_number")
_MINOR = "_minor"
_BEING_THERE = ("opening", "closing")


def explain(id: str, /, *, session: Shared) -> Answer:  # noqa: A002  the argument's name
    """Tell the story of a transfer, batch, credit, collection or break.

    Args:
        id: Its id; or an external id, a reference or the subject of a break, if one thing alone bears it.
        session: Global options.
    """
    settings = session.settings()
    story = tell(settings.warehouse, id)
    return Answer(story.to_dict(), lambda console: _show(console, story, settings.report.language))


def _show(console: Console, story: Story, language: str) -> None:
    console.print(" ".join(filter(None, (story.kind, story.id, story.state))), style="bold")
    for name, text in _figures(story):
        console.print(f"  {name}: {text}", soft_wrap=True)
    _show_rows(console, "Timeline", story.timeline, ("state", "started_at", "webhook_known_at", "export_known_at"))
    _show_breaks(console, story, language)
    if story.break_id is not None:
        _show_history(console, story, story.break_id)
    _show_rows(
        console,
        "Resolutions",
        story.resolutions,
        ("break_id", "resolution_code", "decided_at", "actor", "approved_by", "reason"),
    )
    _show_rows(console, "Matches", story.matches, ("credit_id", "matched_to", "match_rule", "transaction_at", "amount"))
    _show_rows(console, "Transfers", story.members, ("transfer_id", "state", "amount"))
    _show_rows(
        console,
        "In reports",
        story.reports,
        ("business_date", "version", "as_of", "verdict", "state", "recon_status", "break_types"),
    )
    _show_sources(console, story.facts)


def _figures(story: Story) -> Iterator[tuple[str, str]]:
    currency = story.figures.get("currency")
    for name, value in story.figures.items():
        if value is None or value in (story.id, []):
            continue
        if name in _ACCOUNT_NUMBERS:
            yield name, f"…{value[-_SHOWN_DIGITS:]}"
        elif name.endswith(_MINOR):
            yield name.removesuffix(_MINOR), _money(currency, value)
        else:
            yield name, _text(value)


def _show_breaks(console: Console, story: Story, language: str) -> None:
    _title(console, "Breaks", story.breaks)
    for row in story.breaks.iter_rows(named=True):
        cause = f" by {row['cleared_by']}" if row["cleared_by"] else ""
        console.print(
            f"  {row['break_id']} {row['break_type']}, {row['class']}, {row['severity']}: {row['standing']}{cause};"
            f" listed from {row['first_listed']} to {row['last_listed']}\n    {row[f'explanation_{language}']}",
            soft_wrap=True,
        )


def _show_history(console: Console, story: Story, break_id: str) -> None:
    """On which dates a break was listed, and what the movement of breaks says of it there."""
    happened = ~pl.col("movement").is_in(_BEING_THERE)
    moved = story.movements.filter(happened, break_id=break_id).select(
        "business_date", "version", "movement", "cleared_by"
    )
    listed = story.listings.filter(break_id=break_id)
    history = listed.join(moved, on=["business_date", "version"], how="full", coalesce=True)
    _show_rows(
        console,
        f"History of {break_id}",
        history.sort("business_date", "version"),
        ("business_date", "version", "status", "age_days", "amount", "movement", "cleared_by"),
    )


def _show_sources(console: Console, facts: pl.DataFrame) -> None:
    """Each record that says something, once for each thing that it says."""
    facts = facts.unique(["run", "record_sha256"], keep="first", maintain_order=True)
    _title(console, "Sources", facts)
    for row in facts.head(_SHOWN).iter_rows(named=True):
        said = (row["channel"], row["event_type"], row["state"], _money(row["currency"], row["amount_minor"]))
        console.print(f"  {' '.join(filter(None, said))}, known {instant(row['known_at'])}", soft_wrap=True)
        console.print(
            f"    {row['path']} line {row['line']}, byte {row['byte_offset']}"
            f", signature {row['signature_status'] or 'none (a page)'}\n"
            f"    file sha256 {row['file_sha256']}\n    record sha256 {row['record_sha256']}",
            soft_wrap=True,
        )
    _show_rest(console, facts)


def _show_rows(console: Console, title: str, rows: pl.DataFrame, names: Sequence[str]) -> None:
    _title(console, title, rows)
    if rows.is_empty():
        return
    shown = ([_cell(row, name) for name in names] for row in rows.tail(_SHOWN).iter_rows(named=True))
    console.print(table(names, shown, numbers=("amount", "age_days")))
    _show_rest(console, rows)


def _title(console: Console, title: str, rows: pl.DataFrame) -> None:
    if not rows.is_empty():
        console.print(f"\n{title}", style="bold")


def _show_rest(console: Console, rows: pl.DataFrame) -> None:
    if rows.height > _SHOWN:
        console.print(f"… and {rows.height - _SHOWN} more: see --json")


def _cell(row: Mapping[str, Any], name: str) -> str:
    return _money(row.get("currency"), row["amount_minor"]) if name == "amount" else _text(row[name])


def _money(currency: str | None, minor: int | None) -> str:
    return "" if minor is None else f"{currency or ''} {format_pesos(minor)}".strip()


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
