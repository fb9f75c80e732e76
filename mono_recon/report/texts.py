"""The texts of a workbook, which its file holds once each: written many at a time.

Here belongs how they are written. Which texts there are is the business of the sheets.
"""

from itertools import pairwise
from typing import Any

import polars as pl
from xlsxwriter import Workbook
from xlsxwriter.packager import Packager
from xlsxwriter.sharedstrings import SharedStrings

_NOT_PLAIN = r"[\x00-\x1f&<>\u{fffe}\u{ffff}]|_x|^\s|\s$"
"""What the file does not hold as it is, or says more of: xlsxwriter knows what."""


class TextBook(Workbook):
    """A workbook whose texts are written many at a time."""

    def _get_packager(self) -> Packager:
        return _TextPackager()


class _TextPackager(Packager):
    workbook: Any

    def _write_shared_strings_file(self) -> None:
        if self.workbook.str_table.count:
            texts = _Texts()
            texts.string_table = self.workbook.str_table
            texts._set_xml_writer(self._filename("xl/sharedStrings.xml"))  # type: ignore[no-untyped-call]  # noqa: SLF001  as the packager does
            texts._assemble_xml_file()  # noqa: SLF001  as the packager does


class _Texts(SharedStrings):
    fh: Any
    string_table: Any

    def _write_sst_strings(self) -> None:
        texts = pl.Series(self.string_table.string_array, dtype=pl.String)
        forms = texts.to_frame("text").select("<si><t>" + pl.col("text") + "</t></si>").to_series()
        special = texts.str.contains(_NOT_PLAIN).arg_true()
        for last, place in pairwise([-1, *special, len(texts)]):
            self.fh.write(forms[last + 1 : place].str.join("").item())
            if place < len(texts):
                self._write_si(texts[place])
