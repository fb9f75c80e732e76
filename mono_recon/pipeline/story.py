"""The story of a transfer, batch, credit, collection or break: what was stated, found, decided and issued.

Here belongs what the records about one subject tell together. It concludes nothing about money: breaks and
matches are told as reports issued them. Where the records lie is in ``warehouse.stories``; how a story is
shown is the business of who shows it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from mono_recon.core.states import BATCH, COLLECTION, TRANSFER, StateMachine
from mono_recon.core.timelines import CREATED, arrange
from mono_recon.pipeline.standing import as_last_listed
from mono_recon.pipeline.timing import FIRST_DATE
from mono_recon.settings.sections import Warehouse as Places
from mono_recon.warehouse.stories import KINDS, SubjectReader, reading

_PREFIXES = {"trn_": "transfer", "bat_": "batch", "tx_": "credit", "cint_": "collection"}
_BREAK_ID = re.compile(r"[0-9a-f]{16}")
_CREDITED = StateMachine(ranks={"credited": 0}, known=frozenset(), final=frozenset(), steps=frozenset())
_MACHINES = {"transfer": TRANSFER, "batch": BATCH, "credit": _CREDITED, "collection": COLLECTION}
_OF_ONE_STATEMENT = frozenset(
    {"channel", "event_type", "state", "previous_state", "occurred_at", "event_at", "known_at", "source_ref", "run"}
    | {"listed_transfer_ids"}
)
_INSTANT = pl.Datetime("us", "UTC")
_STATED = {
    "run": pl.Int64(),
    "channel": pl.String(),
    "event_type": pl.String(),
    "state": pl.String(),
    "currency": pl.String(),
    "amount_minor": pl.Int64(),
    "occurred_at": _INSTANT,
    "event_at": _INSTANT,
    "known_at": _INSTANT,
    "source_ref": pl.String(),
}
_LINE = {
    "business_date": pl.Date(),
    "version": pl.Int64(),
    "recon_status": pl.String(),
    "break_types": pl.List(pl.String()),
    "state": pl.String(),
}
_LISTING = ("break_id", "business_date", "version", "is_latest", "class", "status", "amount_minor", "age_days")
_MEMBER = ("transfer_id", "state", "currency", "amount_minor")


class UnknownIdError(LookupError):
    """Nothing, or more than one thing, bears an id."""


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known of one subject, as data.

    Attributes:
        asked: What was asked for.
        kind: Subject type: transfer, batch, credit, collection, payment_group, account or feed.
        id: Id of the subject.
        break_id: The break that was asked for, if it was one.
        state: Last state by its timeline; None where the subject has none.
        figures: Amounts, parties, references: the last value known that is not null; of a credit the earliest,
            of an account its balance proof.
        timeline: One row per run: ``state``, ``started_at``, and per channel when it was first known and by
            which statement: ``webhook_known_at``, ``webhook_ref``, ``export_known_at``, ``export_ref``.
        facts: One row per statement, in the order of the timeline; of a subject of which Mono states nothing
            by itself the sources that its break names. ``run`` (from 1), ``channel``,
            ``event_type``, ``state``, ``currency``, ``amount_minor``, ``occurred_at``, ``event_at``,
            ``known_at``, ``source_ref``, and of its record ``record_sha256``, ``path``, ``file_sha256``,
            ``line``, ``byte_offset``, ``signature_status`` (null for a page), ``copies``.
        members: Transfers of a batch or payment group with their last state: ``transfer_id``, ``state``,
            ``currency``, ``amount_minor``.
        matches: Credits matched to it, or what it was matched to, as the latest versions say.
        breaks: One row per break, the one asked for first: its last listing, with ``standing`` (open,
            resolved, cleared, escalated_out, unlisted, superseded), ``cleared_by``, ``first_listed`` and
            ``last_listed``.
        listings: Where each break was listed: ``break_id``, ``business_date``, ``version``, ``is_latest``,
            ``class``, ``status``, ``amount_minor`` and ``age_days``.
        movements: Its rows of the movement of breaks, with ``is_latest``.
        resolutions: What people decided about its breaks, oldest first.
        reports: Its lines in issued reports: ``business_date``, ``version``, ``is_latest``, ``as_of``,
            ``verdict``, ``state``, ``recon_status``, ``break_types``.
    """

    asked: str
    kind: str
    id: str
    break_id: str | None
    state: str | None
    figures: Mapping[str, Any]
    timeline: pl.DataFrame
    facts: pl.DataFrame
    members: pl.DataFrame
    matches: pl.DataFrame
    breaks: pl.DataFrame
    listings: pl.DataFrame
    movements: pl.DataFrame
    resolutions: pl.DataFrame
    reports: pl.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values: frames as lists of rows, instants and dates as they are."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: each.to_dicts() if isinstance(each, pl.DataFrame) else each for name, each in told.items()}


def tell(places: Places, asked: str) -> Story:
    """Tell the story of what bears an id.

    Args:
        places: Where the warehouse lies.
        asked: Id of a transfer, batch, credit, collection or break; or an external id, a reference or the
            subject of a break, if one thing alone bears it.

    Raises:
        UnknownIdError: Nothing bears it, or more than one thing does; the message says what to do.
        WarehouseError: There is no warehouse, or it cannot be opened.
    """
    with reading(places) as reader:
        return tell_from(reader, asked)


def tell_from(reader: SubjectReader, asked: str) -> Story:
    """The same from a warehouse that is open.

    Raises:
        UnknownIdError: Nothing bears the id, or more than one thing does.
    """
    kind, subject_id, break_id = _find(reader, asked)
    statements = _statements(reader, kind, subject_id)
    if statements.is_empty() and break_id is None:
        raise _unknown(asked)
    return _told(reader, asked, kind, subject_id, break_id, statements)


def _find(reader: SubjectReader, asked: str) -> tuple[str, str, str | None]:
    """Kind and id of the subject, and the break, that an id or name stands for."""
    for prefix, kind in _PREFIXES.items():
        if asked.startswith(prefix):
            return kind, asked, None
    if _BREAK_ID.fullmatch(asked.lower()):
        named = [("break", asked.lower())]
    else:
        named = reader.named(asked) if asked.strip() else []
    if len(named) > 1:
        bearers = ", ".join(f"{kind} {subject_id}" for kind, subject_id in named)
        raise UnknownIdError(f"{asked}: more than one thing bears this name; ask for one of {bearers}")
    for kind, subject_id in named:
        if kind != "break":
            return kind, subject_id, None
        if subject := reader.subject_of(subject_id):
            return *subject, subject_id
    raise _unknown(asked)


def _unknown(asked: str) -> UnknownIdError:
    return UnknownIdError(
        f"{asked}: nothing in the warehouse has this id, external id or reference; look at the case of its letters,"
        " take in what is new with mono-recon ingest, or look for it among the refused records in raw.quarantine"
    )


def _statements(reader: SubjectReader, kind: str, subject_id: str) -> pl.DataFrame:
    """What was stated about the subject, arranged, with its ``run`` from 1; no rows where it is no thing of Mono's."""
    if kind not in KINDS:
        return pl.DataFrame(schema=_STATED)
    found = reader.statements(kind, subject_id)
    if kind == "credit":
        found = found.with_columns(
            pl.lit("webhook").alias("channel"),
            pl.lit("account_credited").alias("event_type"),
            pl.lit("credited").alias("state"),
            pl.col("transaction_at").alias("occurred_at"),
        )
    return arrange(found, KINDS[kind].id_column, _MACHINES[kind])


def _told(
    reader: SubjectReader, asked: str, kind: str, subject_id: str, break_id: str | None, statements: pl.DataFrame
) -> Story:
    issues, since = reader.issues(), _first_day(statements)
    matches = _issued(reader.matches(subject_id, since), issues).filter("is_latest")
    listings = _issued(reader.breaks(_subjects(subject_id, statements), matches["credit_id"].to_list()), issues)
    ids = listings["break_id"].unique().to_list()
    movements = _issued(reader.movements(ids, since), issues)
    lines = reader.lines(kind, subject_id, since) if kind in KINDS else pl.DataFrame(schema=_LINE)
    return Story(
        asked=asked,
        kind=kind,
        id=subject_id,
        break_id=break_id,
        state=None if statements.is_empty() else statements["state"][-1],
        figures=_figures(reader, kind, subject_id, statements),
        timeline=_timeline(statements, kind),
        facts=_facts(reader, statements) if kind in KINDS else _evidence(reader, listings.filter(break_id=break_id)),
        members=_members(reader, kind, subject_id, statements),
        matches=matches.drop("is_latest", "as_of", "verdict"),
        breaks=as_last_listed(listings, movements, issues, first=break_id),
        listings=listings.select(_LISTING),
        movements=movements.drop("as_of", "verdict"),
        resolutions=reader.resolutions(ids),
        reports=_issued(lines, issues),
    )


def _first_day(statements: pl.DataFrame) -> date:
    """A date before which no report can have a line of the subject, whatever the zone and the cut-off."""
    begun = [statements[name].min() for name in ("inserted_at", "occurred_at") if name in statements.columns]
    moments = [moment for moment in begun if isinstance(moment, datetime)]
    return max(min(moments).date() - timedelta(days=1), FIRST_DATE) if moments else FIRST_DATE


def _issued(rows: pl.DataFrame, issues: pl.DataFrame) -> pl.DataFrame:
    """Rows of reports with ``is_latest``, ``as_of`` and ``verdict`` of their issue, in the order of the issues."""
    return rows.join(issues, on=["business_date", "version"]).sort("business_date", "version", maintain_order=True)


def _subjects(subject_id: str, statements: pl.DataFrame) -> list[str]:
    """Subjects whose breaks concern this one: itself, and the payment groups that a transfer is of."""
    if "transfer_id" not in statements.columns:
        return [subject_id]
    group = pl.format("{}:{}", "account_id", "external_id").alias("group")
    groups = statements.select(pl.col("account_id", "external_id").fill_null(strategy="forward")).select(group)
    return [subject_id, *groups["group"].drop_nulls().unique()]


def _figures(reader: SubjectReader, kind: str, subject_id: str, statements: pl.DataFrame) -> dict[str, Any]:
    if kind == "account":
        account_id, _, day = subject_id.rpartition(":")
        proof = reader.proof(account_id, date.fromisoformat(day))
        return proof.row(0, named=True) if proof.height else {}
    if kind not in KINDS:
        return {}
    names = [name for name in statements.columns if name not in _OF_ONE_STATEMENT]
    in_order = statements.sort("known_at", "source_ref", descending=True) if kind == "credit" else statements
    last = in_order.select(pl.col(name).last(ignore_nulls=True) for name in names).row(0, named=True)
    if "inserted_at" in names:
        last["inserted_at"] = statements["inserted_at"].min()
    return last


def _timeline(statements: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The runs, and before them the state that a transfer or collection has until something is stated."""
    by_knowledge = ("known_at", "source_ref")
    channel = pl.col("channel").sort_by(by_knowledge)
    runs = (
        statements.group_by("run", maintain_order=True)
        .agg(
            pl.first("state"),
            pl.first("occurred_at").alias("started_at"),
            *(
                pl.col(name).sort_by(by_knowledge).filter(channel == spoke).first().alias(f"{spoke}_{said}")
                for spoke in ("webhook", "export")
                for name, said in (("known_at", "known_at"), ("source_ref", "ref"))
            ),
        )
        .drop("run")
    )
    if kind not in ("transfer", "collection") or runs.is_empty() or runs["state"][0] == CREATED:
        return runs
    begun = pl.DataFrame(
        {"state": [CREATED], "started_at": [statements["inserted_at"].min()]}, schema_overrides=runs.schema
    )
    return pl.concat([begun, runs], how="diagonal")


def _facts(reader: SubjectReader, statements: pl.DataFrame) -> pl.DataFrame:
    told = statements.rename({"total_amount_minor": "amount_minor"}, strict=False).select(list(_STATED))
    return told.join(
        reader.places(told.select("source_ref", "known_at").unique()),
        on="source_ref",
        how="left",
        maintain_order="left",
    )


def _evidence(reader: SubjectReader, listings: pl.DataFrame) -> pl.DataFrame:
    """The sources that a break names whose subject nothing is stated about by itself."""
    last = listings.row(-1, named=True)
    found = reader.evidence(last["business_date"], last["version"], last["source_refs"])
    channels = pl.when(pl.col("source_ref").str.starts_with("w:")).then(pl.lit("webhook")).otherwise(pl.lit("export"))
    return pl.concat([pl.DataFrame(schema=_STATED), found.with_columns(channels.alias("channel"))], how="diagonal")


def _members(reader: SubjectReader, kind: str, subject_id: str, statements: pl.DataFrame) -> pl.DataFrame:
    if kind == "batch":
        listed = statements["listed_transfer_ids"].explode().drop_nulls().unique().to_list()
        found = reader.transfers(subject_id, listed)
    elif kind == "payment_group":
        account_id, _, external_id = subject_id.partition(":")
        found = reader.payments(account_id, external_id)
    else:
        return pl.DataFrame(schema=dict.fromkeys(_MEMBER, pl.String()) | {"amount_minor": pl.Int64()})
    return (
        arrange(found, "transfer_id", TRANSFER)
        .sort("transfer_id", maintain_order=True)
        .group_by("transfer_id", maintain_order=True)
        .agg(pl.last(name) for name in _MEMBER[1:])
    )
