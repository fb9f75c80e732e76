"""A sheet that is written row by row, from top to bottom.

Here belong the grid of the workbook's first sheet and the ways to put something on it. What stands there
is in ``overview`` and ``agenda``.
"""

from collections.abc import Sequence

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from mono_recon.report.cells import Cell, Computed, write_cell
from mono_recon.report.styles import Styles

LAST_COLUMN = 8
"""The grid has a wide column for names and these for figures."""

_NAMES_WIDTH, _FIGURES_WIDTH = 50, 19
_A4 = 9


class Canvas:
    """The grid, and the row that is written next."""

    def __init__(self, sheet: Worksheet, styles: Styles) -> None:
        self._sheet = sheet
        self._styles = styles
        self.row = 0
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, _NAMES_WIDTH)
        sheet.set_column(1, LAST_COLUMN, _FIGURES_WIDTH)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&F&R&P / &N")

    def put(self, cells: Sequence[Cell | Computed], styles: Sequence[Format], *, height: float | None = None) -> None:
        """Write a row from the first column on, and go to the next."""
        if height:
            self._sheet.set_row(self.row, height)
        for column, (value, style) in enumerate(zip(cells, styles, strict=True)):
            write_cell(self._sheet, self.row, column, value, style)
        self.row += 1

    def put_wide(self, text: str, style: Format, *, height: float, first: int = 0) -> None:
        """Write a text over the whole width, or from a column on."""
        self._sheet.set_row(self.row, height)
        self._sheet.merge_range(self.row, first, self.row, LAST_COLUMN, "", style)
        write_cell(self._sheet, self.row, first, text, style)
        self.row += 1

    def section(self, title: str, headings: Sequence[str] = (), styles: Sequence[Format] = ()) -> int:
        """Begin a part: a blank row, its title, its headings.

        Args:
            title: Its title.
            headings: Words above its columns.
            styles: Their formats; by default the first to the left and all others to the right.

        Returns:
            The row of the headings.
        """
        self.row += 1
        self.put([title, *[""] * LAST_COLUMN], [self._styles.section] * (LAST_COLUMN + 1), height=20)
        if headings:
            self.headings(headings, styles or [self._styles.heading, *[self._styles.heading_right] * LAST_COLUMN])
        return self.row - 1

    def headings(self, words: Sequence[str], styles: Sequence[Format]) -> None:
        """Write a row of headings over the whole width, as high as the longest needs."""
        filled = [*words, *[""] * (LAST_COLUMN + 1 - len(words))]
        is_long = any(len(word) > _FIGURES_WIDTH for word in words[1:])
        self.put(filled, [*styles, *[styles[-1]] * (len(filled) - len(styles))], height=30 if is_long else 16)

    def link_back(self, column: int, text: Cell, target: str) -> None:
        """Make a cell of the row written last lead to another sheet."""
        # The link's own text is written apart from the cell's, and not made for texts from outside.
        self._sheet.write_url(self.row - 1, column, target, self._styles.link, string="→")
        write_cell(self._sheet, self.row - 1, column, text, self._styles.link)
