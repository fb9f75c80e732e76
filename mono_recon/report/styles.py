"""How the cells of the workbook look: number formats, colours and the marks that print without them.

Here belong the formats and the rules that colour a row by its status. What a cell holds belongs to
the sheets.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.format import Format

_ALERT = {"bold": True, "bg_color": "#F8CBAD", "font_color": "#7B1E12"}
_WATCH = {"italic": True, "bg_color": "#FFF2CC"}
_SETTLED = {"font_strikeout": True, "font_color": "#7F7F7F"}
_CALM = {"bold": True, "bg_color": "#E2EFDA"}


@dataclass(frozen=True)
class Styles:
    """The formats of one workbook.

    Alert rows are bold, watched ones italic and settled ones struck through, so that they differ on
    paper without colour.
    """

    title: Format
    heading: Format
    strong: Format
    text: Format
    integer: Format
    centavos: Format
    pesos: Format
    date: Format
    instant: Format
    note: Format
    alert: Format
    watch: Format
    settled: Format
    calm: Format

    @classmethod
    def of(cls, book: Workbook) -> "Styles":
        """Add the formats to a workbook."""
        heading = {"bold": True, "bg_color": "#D9E1F2", "bottom": 1, "text_wrap": True, "valign": "top"}
        return cls(
            title=book.add_format({"bold": True, "font_size": 16}),
            heading=book.add_format(heading),
            strong=book.add_format({"bold": True}),
            text=book.add_format({"num_format": "@"}),
            integer=book.add_format({"num_format": "0"}),
            centavos=book.add_format({"num_format": "#,##0"}),
            pesos=book.add_format({"num_format": "#,##0.00"}),
            date=book.add_format({"num_format": "yyyy-mm-dd"}),
            instant=book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            note=book.add_format({"italic": True, "bg_color": "#FFF2CC"}),
            alert=book.add_format(_ALERT),
            watch=book.add_format(_WATCH),
            settled=book.add_format(_SETTLED),
            calm=book.add_format(_CALM),
        )

    def row_rules(self, schema: pl.Schema) -> Iterator[tuple[str, str, Format]]:
        """Column, value and the format of a row that holds it; of several the first applies."""
        rules = (
            ("status", "resolved", self.settled),
            ("status", "failed", self.alert),
            ("status", "unexplained", self.alert),
            ("status", "no_snapshot", self.watch),
            ("recon_status", "break", self.alert),
            ("recon_status", "review", self.watch),
            ("class", "break", self.alert),
            ("class", "review", self.watch),
            ("class", "data", self.watch),
        )
        return (rule for rule in rules if rule[0] in schema)
