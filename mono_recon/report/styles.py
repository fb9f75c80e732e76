"""How the cells of the workbook look: number formats, colours and the marks that print without them.

Here belong the formats and the rules that mark and colour a row by its status. What a cell holds
belongs to the sheets.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.format import Format

from mono_recon.report.glance import HOME_CURRENCY
from mono_recon.report.labels import MARKS

Look = dict[str, bool | str]

_ALERT: Look = {"bold": True, "bg_color": "#F8CBAD", "font_color": "#7B1E12"}
_WATCH: Look = {"italic": True, "bg_color": "#FFF2CC"}
_SETTLED: Look = {"font_strikeout": True, "font_color": "#7F7F7F"}
_CALM = {"bold": True, "bg_color": "#E2EFDA", "font_color": "#1E4620"}
_WAIT = {"bg_color": "#DDE7F3", "font_color": "#1F3B63"}
_LEAD = {"text_wrap": True, "valign": "vcenter", "font_size": 13, "bold": True, "indent": 1}
_HEADING = {"bold": True, "bg_color": "#D9E1F2", "bottom": 1, "text_wrap": True, "valign": "top"}
_SECTION = {"bold": True, "font_size": 13, "font_color": "#1F3864", "bottom": 2, "bottom_color": "#1F3864"}
_SUM = {"bold": True, "top": 1}
_PESOS = '"$" #,##0.00;[Red]-"$" #,##0.00'
_UNITS = "#,##0.00;[Red]-#,##0.00"

_LOOKS: Mapping[str, Look] = {
    "resolved": _SETTLED,
    "failed": _ALERT,
    "unexplained": _ALERT,
    "break": _ALERT,
    "no_snapshot": _WATCH,
    "review": _WATCH,
    "data": _WATCH,
}
"""How a row with a status looks."""

_RULES = (
    ("status", "resolved"),
    ("status", "failed"),
    ("status", "unexplained"),
    ("status", "no_snapshot"),
    ("recon_status", "break"),
    ("recon_status", "review"),
    ("class", "break"),
    ("class", "review"),
    ("class", "data"),
)
_SIGNED = (*_RULES, ("recon_status", "timing"), ("recon_status", "matched"), ("class", "timing"), ("status", "proved"))


@dataclass(frozen=True)
class Styles:
    """The formats of one workbook.

    Alert rows are bold, watched ones italic and settled ones struck through, and each status has a sign
    before it, so that they differ on paper without colour.
    """

    title: Format
    section: Format
    heading: Format
    heading_right: Format
    heading_middle: Format
    strong: Format
    text: Format
    text_right: Format
    middle: Format
    wrapped: Format
    link: Format
    integer: Format
    centavos: Format
    pesos: Format
    units: Format
    share: Format
    sum_text: Format
    sum_integer: Format
    sum_pesos: Format
    sum_units: Format
    date: Format
    date_middle: Format
    own_date: Format
    instant: Format
    instant_left: Format
    note: Format
    alert: Format
    watch: Format
    calm_middle: Format
    alert_middle: Format
    watch_middle: Format
    verdicts: Mapping[str, Format]
    _signs: Mapping[str, Format]
    _rows: Mapping[str, Format]

    @classmethod
    def of(cls, book: Workbook) -> "Styles":
        """Add the formats to a workbook."""
        add = book.add_format
        return cls(
            title=add({"bold": True, "font_size": 18, "font_color": "#1F3864"}),
            section=add(_SECTION),
            heading=add(_HEADING),
            heading_right=add(_HEADING | {"align": "right"}),
            heading_middle=add(_HEADING | {"align": "center"}),
            strong=add({"bold": True}),
            text=add({"num_format": "@"}),
            text_right=add({"num_format": "@", "align": "right"}),
            middle=add({"align": "center"}),
            wrapped=add({"text_wrap": True, "valign": "top", "font_color": "#404040", "font_size": 10}),
            link=add({"num_format": "@", "font_color": "#1D5FAE", "underline": 1}),
            integer=add({"num_format": "0"}),
            centavos=add({"num_format": "#,##0"}),
            pesos=add({"num_format": _PESOS}),
            units=add({"num_format": _UNITS}),
            share=add({"num_format": "0.0%"}),
            sum_text=add(_SUM),
            sum_integer=add(_SUM | {"num_format": "0"}),
            sum_pesos=add(_SUM | {"num_format": _PESOS}),
            sum_units=add(_SUM | {"num_format": _UNITS}),
            date=add({"num_format": "yyyy-mm-dd"}),
            date_middle=add({"num_format": "yyyy-mm-dd", "align": "center"}),
            own_date=add({"num_format": "yyyy-mm-dd", "align": "center", "bold": True, "bg_color": "#F8CBAD"}),
            instant=add({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            instant_left=add({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"}),
            note=add({"italic": True, "bg_color": "#FFF2CC"}),
            alert=add(_ALERT),
            watch=add(_WATCH),
            calm_middle=add(_CALM | {"align": "center"}),
            alert_middle=add(_ALERT | {"align": "center"}),
            watch_middle=add(_WATCH | {"align": "center"}),
            verdicts={
                "balanced": add(_LEAD | _CALM),
                "awaiting": add(_LEAD | _WAIT),
                "breaks": add(_LEAD | _ALERT),
                "incomplete": add(_LEAD | {"bg_color": "#E4DCF1", "font_color": "#42276E"}),
            },
            # A program that applies one rule to a cell alone must still show the colour of its row.
            _signs={code: add(_LOOKS.get(code, {}) | {"num_format": f'"{MARKS[code]} "@'}) for _, code in _SIGNED},
            _rows={code: add(look) for code, look in _LOOKS.items()},
        )

    def money(self, currency: str, *, is_sum: bool = False) -> Format:
        """The format of an amount; the peso sign belongs to pesos."""
        if currency == HOME_CURRENCY:
            return self.sum_pesos if is_sum else self.pesos
        return self.sum_units if is_sum else self.units

    def rules(self, schema: pl.Schema) -> Iterator[tuple[str, str, Format, bool]]:
        """Column, value, format, and whether it is the whole row's or the sign of the cell; the first applies.

        What is settled comes before all else: nothing in its row calls for attention.
        """
        signs = [(column, value, self._signs[value], False) for column, value in _SIGNED if column in schema]
        rows = [(column, value, self._rows[value], True) for column, value in _RULES if column in schema]
        return iter(sorted([*signs, *rows], key=lambda rule: rule[1] != "resolved"))
