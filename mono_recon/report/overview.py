"""The first sheet of the workbook: what a person must know at a glance and do first.

Here belong the parts of that sheet from top to bottom, and the formulas that tie its figures to the
other sheets. The figures come from ``glance``, the words from ``phrases`` and ``labels``.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from mono_recon.money import CENTAVOS_PER_PESO
from mono_recon.report import glance
from mono_recon.report.agenda import Agenda
from mono_recon.report.canvas import LAST_COLUMN, Canvas
from mono_recon.report.cells import EXACT_INTEGER, Cell, Computed, integer_cell, pesos_cell
from mono_recon.report.glance import Figure
from mono_recon.report.labels import label, marked
from mono_recon.report.model import Report
from mono_recon.report.phrases import Phrases
from mono_recon.report.placing import Placed
from mono_recon.report.sheets import TableSheets
from mono_recon.report.styles import Styles
from mono_recon.schemas.report import RECON_STATUSES

_OPEN = ("break", "review", "timing")
_ACCOUNTS_SHOWN = 30
_OUT, _IN = 1, 4
"""Columns where the figures of each direction begin: count, amount, share."""


class Overview:
    """Writes the first sheet from top to bottom."""

    def __init__(self, sheet: Worksheet, report: Report, styles: Styles, words: Phrases, sheets: TableSheets) -> None:
        self._canvas = Canvas(sheet, styles)
        self._report = report
        self._styles = styles
        self._words = words
        self._sheets = sheets
        self._language = report.settings.report.language

    def write(self) -> None:
        """Verdict, money, balance proof, what to do, what changed, and where the rest is."""
        report, words = self._report, self._words
        self._title()
        for currency in glance.currencies(report.tables) or [glance.HOME_CURRENCY]:
            self._money(currency)
            self._open_now(currency)
        self._balance()
        agenda = Agenda(self._canvas, report, self._styles, words, self._sheets)
        agenda.open_items()
        for currency in glance.currencies(report.tables):
            self._roll_forward(currency)
            self._movement(currency)
        agenda.changes()
        agenda.contents()

    def _title(self) -> None:
        report, words, styles = self._report, self._words, self._styles
        canvas = self._canvas
        title = words.title.format(date=report.business_date.isoformat(), version=report.version)
        canvas.put([title], [styles.title], height=28)
        mark = marked(report.verdict, self._language).split(" ", 1)[0]
        canvas.put_wide(f"{mark} {words.verdicts[report.verdict]}", styles.verdicts[report.verdict], height=34)
        zone = ZoneInfo(report.settings.business.timezone)
        known = report.as_of.astimezone(zone).replace(tzinfo=None)
        canvas.put([words.as_of, known], [styles.strong, styles.instant_left])
        superseded = integer_cell(report.supersedes) or words.first_version
        canvas.put([words.supersedes, superseded], [styles.strong, styles.text])
        control = self._sheets.placed["control"]
        holds = not (control.shown["status"] == "failed").any()
        verdict: Cell | Computed = words.identities_hold if holds else words.identities_fail
        if control.is_whole:
            ok = control.count_of({"status": '"failed"'}) + "=0"
            verdict = Computed(f'=IF({ok},"{words.identities_hold}","{words.identities_fail}")', str(verdict))
        canvas.put([words.identities, verdict], [styles.strong, styles.text])

    def _money(self, currency: str) -> None:
        words, canvas, tables = self._words, self._canvas, self._report.tables
        directions = {_OUT: "out", _IN: "in"}
        units = [f"{side}: {unit}" for side in (words.money_out, words.money_in) for unit in self._units()]
        head = canvas.section(words.money, [currency, *units])
        figures = {column: glance.money(tables, direction, currency) for column, direction in directions.items()}
        stated = {column: glance.stated(tables, f"money.{name}", currency) for column, name in directions.items()}
        rest = {column: stated[column] - glance.total(figures[column].values()) for column in directions}
        parts = {status: {column: figures[column][status] for column in directions} for status in RECON_STATUSES}
        first, last = head + 1, head + len(parts) + any(rest.values())
        total_row = last + 1
        for status, figure in parts.items():
            row = [self._part(directions[column], status, head, figure[column]) for column in directions]
            self._figures(marked(status, self._language), row, currency, total_row=total_row, totals=stated)
        if any(rest.values()):
            self._figures(words.other_steps, [_plain(rest[column]) for column in directions], currency)
        sums = [self._column_sums(column, first, last, stated[column]) for column in directions]
        self._figures(words.total, sums, currency, is_sum=True)
        control = [self._stated(f"money.{name}", head, stated[column]) for column, name in directions.items()]
        self._figures(words.stated, control, currency)
        self._agreement(total_row, currency)

    def _part(self, direction: str, status: str, head: int, figure: Figure) -> tuple[Cell | Computed, Cell | Computed]:
        placed = self._sheets.placed["summary"]
        signs = glance.MONEY_SECTIONS[direction]
        conditions = {"recon_status": f'"{status}"', "currency": _reference(head, 0)}
        return self._signed_sum(placed, "section", signs, conditions, figure)

    def _stated(self, metric: str, head: int, figure: Figure) -> tuple[Cell | Computed, Cell | Computed]:
        placed = self._sheets.placed["control"]
        return self._signed_sum(placed, "metric", {metric: 1}, {"currency": _reference(head, 0)}, figure)

    def _signed_sum(
        self, placed: Placed, term: str, signs: Mapping[str, int], conditions: Mapping[str, str], figure: Figure
    ) -> tuple[Cell | Computed, Cell | Computed]:
        """Count and amount as formulas over a sheet, or as figures where a spreadsheet would not get them right."""
        if not (placed.adds_up("amount_minor") and abs(figure.minor) <= EXACT_INTEGER):
            return _plain(figure)
        sums = [
            "".join(
                ("+" if sign > 0 else "-") + placed.sum_of(column, {term: f'"{name}"', **conditions})
                for name, sign in signs.items()
            ).removeprefix("+")
            for column in ("count", "amount_minor")
        ]
        return (
            Computed(f"={sums[0]}", figure.count),
            Computed(f"=({sums[1]})/{CENTAVOS_PER_PESO}", figure.minor / CENTAVOS_PER_PESO),
        )

    def _column_sums(self, column: int, first: int, last: int, figure: Figure) -> tuple[Cell | Computed, ...]:
        if abs(figure.minor) > EXACT_INTEGER:
            return _plain(figure)
        values = (figure.count, figure.minor / CENTAVOS_PER_PESO)
        return tuple(
            # Sums of pesos gather fractions of a centavo; what is added has none.
            Computed(f"=ROUND(SUM({_reference(first, at)}:{_reference(last, at)}),2)", value)
            for at, value in zip((column, column + 1), values, strict=True)
        )

    def _figures(
        self,
        name: str,
        figures: Sequence[Sequence[Cell | Computed]],
        currency: str,
        *,
        is_sum: bool = False,
        total_row: int | None = None,
        totals: Mapping[int, Figure] | None = None,
    ) -> None:
        """A row of counts, amounts and, under a total, shares."""
        styles, canvas = self._styles, self._canvas
        cells: list[Cell | Computed] = [name]
        money = styles.money(currency, is_sum=is_sum)
        looks = [styles.sum_text if is_sum else styles.text]
        for column, (count, amount) in zip((_OUT, _IN), figures, strict=True):
            share: Cell | Computed = None
            if total_row is not None and totals is not None:
                share = _share(canvas.row, column + 1, total_row, amount, totals[column])
            cells += [count, amount, share]
            looks += [styles.sum_integer if is_sum else styles.integer, money, styles.share]
        canvas.put(cells, looks)

    def _agreement(self, total_row: int, currency: str) -> None:
        """The totals less what ``control`` states; nothing is issued unless it is zero."""
        words, styles = self._words, self._styles
        cells: list[Cell | Computed] = [words.difference]
        for column in (_OUT, _IN):
            differences = [
                f"ROUND({_reference(total_row, at)}-{_reference(total_row + 1, at)},2)" for at in (column, column + 1)
            ]
            judged = f'=IF(AND({differences[0]}=0,{differences[1]}=0),"{words.agrees}","{words.differs}")'
            cells += [
                Computed(f"={differences[0]}", 0),
                Computed(f"={differences[1]}", 0),
                Computed(judged, words.agrees),
            ]
        money = styles.money(currency)
        self._canvas.put(cells, [styles.text, *[styles.integer, money, styles.calm_middle] * 2])

    def _open_now(self, currency: str) -> None:
        words, tables = self._words, self._report.tables
        sides = {"open": words.of_the_date, "carried": words.carried}
        units = [word for side in sides.values() for word in (f"{side}: {words.count}", f"{side}: {words.amount}", "")]
        head = self._canvas.section(words.open_now, [currency, *units])
        for kind in _OPEN:
            figures = [
                self._stated(f"{side}.{kind}", head, glance.stated(tables, f"{side}.{kind}", currency))
                for side in sides
            ]
            self._figures(marked(kind, self._language), figures, currency)

    def _roll_forward(self, currency: str) -> None:
        """The terms from left to right, and what they leave over: nothing."""
        words, styles = self._words, self._styles
        figures = glance.roll_forward(self._report.tables, currency)
        first, *changes, last = (label(name, self._language) for name in glance.ROLL_FORWARD)
        signs = [*glance.ROLL_FORWARD.values()]
        names = [first, *(f"{_SIGNS[sign]}{name}" for sign, name in zip(signs[1:], changes, strict=False)), f"= {last}"]
        head = self._canvas.section(words.roll_forward, [currency, *names])
        placed = self._sheets.placed["summary"]
        out = {"direction": '"out"', "currency": _reference(head, 0)}
        cells = [self._signed_sum(placed, "section", {name: 1}, out, figure) for name, figure in figures.items()]
        self._terms(cells, currency)
        terms = [_reference(self._canvas.row - 1, column) for column in range(1, len(cells) + 1)]
        balance = "".join(f"{'+' if sign >= 0 else '-'}{cell}" for sign, cell in zip(signs[:-1], terms, strict=False))
        left = f"ROUND({balance.removeprefix('+')}-{terms[-1]},2)"
        judged = Computed(f'=IF({left}=0,"{words.agrees}","{words.differs}")', words.agrees)
        blank: list[Cell | Computed] = [None] * (LAST_COLUMN - 1)
        self._canvas.put([words.roll_forward_check, *blank, judged], [styles.text] * LAST_COLUMN + [styles.calm_middle])

    def _movement(self, currency: str) -> None:
        words, tables = self._words, self._report.tables
        for kind in glance.movement_classes(tables, currency):
            title = f"{words.movement}: {label(kind, self._language)}"
            self._canvas.section(title, [currency, *words.movement_terms.values()])
            figures = glance.movement(tables, kind, currency)
            self._terms([_plain(figure) for figure in figures.values()], currency)

    def _terms(self, cells: Sequence[Sequence[Cell | Computed]], currency: str) -> None:
        """A row of counts and one of amounts, a term to a column."""
        words, styles = self._words, self._styles
        counts, amounts = zip(*cells, strict=True)
        self._canvas.put([words.count, *counts], [styles.text, *[styles.integer] * len(counts)])
        self._canvas.put([words.amount, *amounts], [styles.text, *[styles.money(currency)] * len(amounts)])

    def _balance(self) -> None:
        words, styles, placed = self._words, self._styles, self._sheets.placed["balance_proof"]
        columns = [words.account, *words.balance_columns]
        looks_of_head = [styles.heading, *[styles.heading_right] * 7, styles.heading_middle]
        self._canvas.section(words.balance, columns, looks_of_head)
        proof = self._report.tables["balance_proof"].with_row_index("place").to_dicts()
        proof.sort(key=lambda row: (row["currency"], -abs(row["unexplained_minor"] or 0), row["account_id"]))
        for each in proof[:_ACCOUNTS_SHOWN]:
            row = placed.top + 1 + each["place"] if placed.is_whole else None
            terms = (
                ("opening_minor",),
                glance.PROOF_IN,
                glance.PROOF_OUT,
                ("expected_minor",),
                ("closing_minor",),
                ("unexplained_minor",),
                ("in_transit_minor",),
            )
            cells = [_proof_cell(placed, row, each, names) for names in terms]
            status = marked(each["status"], self._language)
            money = styles.money(each["currency"])
            looks = {
                "proved": styles.calm_middle,
                "unexplained": styles.alert_middle,
                "no_snapshot": styles.watch_middle,
            }
            name = " · ".join(filter(None, (self._sheets.accounts.get(each["account_id"]), each["account_id"])))
            self._canvas.put([name, *cells, status], [styles.text, *[money] * len(cells), looks[each["status"]]])
            if row is not None:
                self._canvas.link_back(0, name, placed.link(row))
        if len(proof) > _ACCOUNTS_SHOWN:
            self._canvas.put([words.more_accounts.format(count=len(proof) - _ACCOUNTS_SHOWN)], [styles.note])

    def _units(self) -> tuple[str, str, str]:
        return self._words.count, self._words.amount, self._words.share


_SIGNS = {1: "+ ", -1: "− "}


def _plain(figure: Figure) -> tuple[Cell, Cell]:
    return integer_cell(figure.count), pesos_cell(figure.minor)


def _reference(row: int, column: int) -> str:
    return str(xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True))


def _share(row: int, column: int, total_row: int, amount: Cell | Computed, whole: Figure) -> Cell | Computed:
    value = amount.value if isinstance(amount, Computed) else amount
    if not isinstance(value, int | float) or abs(whole.minor) > EXACT_INTEGER:
        return None
    over, under = _reference(row, column), _reference(total_row, column)
    share = value / (whole.minor / CENTAVOS_PER_PESO) if whole.minor else ""
    return Computed(f'=IF({under}=0,"",{over}/{under})', share)


def _proof_cell(
    placed: Placed, row: int | None, proof: Mapping[str, int | None], names: Sequence[str]
) -> Cell | Computed:
    values = [proof[name] for name in names]
    if any(value is None for value in values):
        return None
    minor = sum(value or 0 for value in values)
    if row is None or max(abs(value or 0) for value in (*values, minor)) > EXACT_INTEGER:
        return pesos_cell(minor)
    cells = "+".join(placed.cell(row, name) for name in names)
    return Computed(f"=({cells})/{CENTAVOS_PER_PESO}", minor / CENTAVOS_PER_PESO)
