"""The making of a report: read what exists for it, reconcile, compare with the version before.

Here belongs the way from the warehouse to a report in memory. Committing and writing it belong to
``issue``; nothing here writes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl

from mono_recon.pipeline.code import code_version
from mono_recon.reconcile.context import Context
from mono_recon.reconcile.day import DayReport, reconcile_day
from mono_recon.reconcile.inputs import DayInputs
from mono_recon.reconcile.restatement import Knowledge, between, changes, differing, restatements
from mono_recon.report.content import FACTS, content_sha256, facts
from mono_recon.report.manifest import MANIFEST, Manifest, parse
from mono_recon.report.model import EarlierIssue, Report, SourceFile
from mono_recon.report.pack import pack_folder
from mono_recon.schemas.report import PACK_TABLES, KnownAccounts, Lineage, OpenItems, Restatements
from mono_recon.schemas.table import polars_schema, table_name
from mono_recon.settings import Settings
from mono_recon.warehouse.connect import Warehouse
from mono_recon.warehouse.issued import issued_tables, open_breaks
from mono_recon.warehouse.narrowing import Base, Narrowed, narrow
from mono_recon.warehouse.news import NOTHING, News, Watermark
from mono_recon.warehouse.places import read_lineage, read_source_files
from mono_recon.warehouse.reading import first_known, read_day, statements_known
from mono_recon.warehouse.scope import Scope, read_scope

_SOURCED = ("outgoing_transfers", "batches", "incoming_credits", "collections", "breaks")

Files = Collection[tuple[str, str]]
"""Path and SHA-256 of the only archive files that exist for a report."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked of the warehouse: a date under some settings, after the issue of the day before."""

    warehouse: Warehouse
    day: date
    before: EarlierIssue | None
    news: News | None

    def knowledge(self, settings: Settings, scope: Scope, base: Base | None = None) -> Knowledge:
        since = settings.webhooks.since or first_known(self.warehouse, scope) or scope.as_of
        previous = self.before.as_of if self.before else None
        context = Context(self.day, scope.as_of, settings, since, previous)
        opening = open_breaks(self.warehouse, *_key(self.before)) if self.before else None
        narrowed = self._narrow(context, base) if base else None
        return Knowledge(read_day(self.warehouse, context, scope, opening, narrowed), context)

    def _narrow(self, context: Context, base: Base) -> Narrowed:
        news = self.news
        if news is None or not news.is_since(base.since, context.as_of):
            news = News(self.warehouse, base.since, context.as_of)
        narrowed = narrow(self.warehouse, context, base, news)
        news.forget()
        return narrowed


def make_report(
    warehouse: Warehouse,
    settings: Settings,
    day: date,
    as_of: datetime,
    *,
    issues: Sequence[EarlierIssue] = (),
    files: Files | None = None,
    news: News | None = None,
) -> Report:
    """Reconcile a date, and say what has changed since its version before.

    Args:
        warehouse: The warehouse, open for reading at least.
        settings: Settings in force.
        day: The business date.
        as_of: The instant (UTC).
        issues: The earlier issues it rests on: that of the day before, and the one it supersedes.
        files: The only archive files whose records exist; None: all that are held.
        news: News that has been read, to be used where it is what the report asks for, and forgotten then.

    Returns:
        The report; its version follows the one it supersedes, and its restatements are empty if it says
        nothing else than that.

    Raises:
        IdentityError: It does not add up.
    """
    earlier = {issue.business_date: issue for issue in issues}
    superseded = earlier.get(day)
    question = _Question(warehouse, day, earlier.get(day - timedelta(days=1)), news)
    version = superseded.version + 1 if superseded else 1
    with warehouse.transaction():  # one state of the warehouse, whoever writes meanwhile
        scope = read_scope(warehouse, as_of, files)
        base = _base(warehouse, settings, question.before, as_of) if files is None else None
        warehouse.expect(statements_known(warehouse, (base.since if base else NOTHING).as_of, as_of))
        known = question.knowledge(settings, scope, base)

        def past(moment: datetime) -> DayInputs:
            return question.knowledge(settings, read_scope(warehouse, moment, files)).inputs

        made = reconcile_day(known.inputs, known.context, past=past)
        models = {table_name(model): model for model in PACK_TABLES}
        with ThreadPoolExecutor(1) as beside:
            lineage = beside.submit(read_lineage, warehouse, _references(made.tables), scope)
            tables = {name: _dated(body, models[name], day, version) for name, body in made.tables.items()}
            content = content_sha256(tables)
        tables["lineage"] = _dated(lineage.result(), Lineage, day, version)
        if superseded:
            restated = _restated(question, settings, known, facts(tables), superseded)
            tables["restatements"] = _dated(restated, Restatements, day, version)
        source_files = read_source_files(warehouse, scope, day)
    return Report(
        business_date=day,
        version=version,
        as_of=as_of,
        verdict=made.verdict,
        content_sha256=content,
        supersedes=superseded.version if superseded else None,
        issues=tuple(issues),
        source_files=tuple(SourceFile(*file) for file in source_files),
        tables=tables,
        code_version=code_version(),
        settings=settings,
        open_items=_dated(made.open_items, OpenItems, day, version),
        known_accounts=_dated(made.known_accounts, KnownAccounts, day, version),
    )


def _base(warehouse: Warehouse, settings: Settings, before: EarlierIssue | None, as_of: datetime) -> Base | None:
    """The issue of the date before, if what it found holds still: under these settings, and not of a later as-of."""
    if before is None or before.as_of > as_of:
        return None
    found = warehouse.query(
        "SELECT intake FROM mono.report.issues WHERE business_date = $day AND version = $version"
        " AND settings_sha256 = $settings AND code_version = $code AND intake IS NOT NULL",
        {"day": before.business_date, "version": before.version}
        | {"settings": settings.sha256(), "code": code_version()},
    )
    return None if found.is_empty() else Base(*_key(before), Watermark(before.as_of, found.item()))


def read_manifest(settings: Settings, day: date, version: int) -> Manifest | None:
    """The manifest of an issued pack; None if the pack is not there or cannot be read."""
    try:
        return parse((pack_folder(settings.paths.reports, day, version) / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None


def _restated(
    question: _Question, settings: Settings, known: Knowledge, told: pl.DataFrame, superseded: EarlierIssue
) -> pl.DataFrame:
    """Body of ``report.restatements`` against a version before."""
    issued = facts(issued_tables(question.warehouse, *_key(superseded), FACTS))
    changed = changes(issued, told)
    if changed.is_empty():
        return polars_schema(Restatements).to_frame().drop("business_date", "version")
    manifest = read_manifest(settings, *_key(superseded))
    files = [(file.path, file.sha256) for file in manifest.source_files] if manifest else None
    old = question.knowledge(
        settings.as_issued(manifest.settings) if manifest else settings,
        read_scope(question.warehouse, superseded.as_of, files),
    )

    def given(causes: Iterable[str]) -> pl.DataFrame:
        trial = between(old, known, causes)
        return _facts(reconcile_day(trial.inputs, trial.context), trial.context.business_date)

    is_recoded = manifest is not None and manifest.code_version != code_version()
    rows = restatements(changed, differing(old, known), given, code_changed=is_recoded)
    return rows.with_columns(pl.lit(superseded.version, pl.Int64).alias("previous_version"))


def _facts(made: DayReport, day: date) -> pl.DataFrame:
    dated = made.tables["breaks"].with_columns(pl.lit(day).alias("business_date"))
    return facts({**made.tables, "breaks": dated})


def _key(issue: EarlierIssue) -> tuple[date, int]:
    return issue.business_date, issue.version


def _references(tables: Mapping[str, pl.DataFrame]) -> pl.Series:
    named = pl.concat(tables[name].select(pl.col("source_refs").explode(empty_as_null=True)) for name in _SOURCED)
    return named["source_refs"].drop_nulls().unique()


def _dated(body: pl.DataFrame, model: type, day: date, version: int) -> pl.DataFrame:
    schema = polars_schema(model)
    dated = body.with_columns(pl.lit(day).alias("business_date"), pl.lit(version, pl.Int64).alias("version"))
    return model.validate(dated.select(pl.col(name).cast(dtype) for name, dtype in schema.items()))  # type: ignore[no-any-return, attr-defined]  # pandera types it as its own frame
