"""The records of a piece of the archive, one by one, with their places.

Here belongs what is no part of a record: line endings, blank lines, byte-order marks, the brackets and commas of
an array. What a record says is read in ``webhooks`` and ``exports``.
"""

import re
from collections.abc import Iterator
from typing import cast

import msgspec

from mono_recon.archive.arrays import BLANK, Element, NotAnArrayError, bounded, split_array
from mono_recon.archive.chunks import (
    BOM,
    Piece,
    RefusedPiece,
    document_start,
    element_pieces,
    is_array,
    last_pieces,
)
from mono_recon.archive.contents import BrokenOffError
from mono_recon.archive.rules import Rules

_BETWEEN = re.compile(rb"[ \t\r\n,]*")
_BLANK_LINES = re.compile(rb"(?:[ \t\r]*\n)*")
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])


class Record(msgspec.Struct, gc=False):
    """The bytes of a record without line ending or byte-order mark, and where they begin."""

    raw: bytes
    line: int
    byte_offset: int
    is_element: bool = False


def records_of(piece: Piece, rules: Rules) -> Iterator[Record | RefusedPiece]:
    """The records of a piece, in their order; what is left of broken content comes last, refused."""
    if piece.form == "lines":
        return _lines(piece)
    if piece.form == "element":
        return iter([Record(piece.data, piece.line, piece.byte_offset, is_element=True)])
    return _document(piece, rules)


def _lines(piece: Piece) -> Iterator[Record | RefusedPiece]:
    lines = piece.data.split(b"\n")
    cut_off = lines.pop() if piece.broken_off else b""
    line, end = piece.line - 1, piece.byte_offset
    for data in lines:
        line += 1
        start, end = end, end + len(data) + 1
        raw = data.removesuffix(b"\r")
        if raw.startswith(BOM):
            raw = raw[len(BOM) :]
            start += len(BOM)
        if raw and not raw.isspace():
            yield Record(raw, line, start)
    if piece.broken_off:
        for last in last_pieces(piece.source, "lines", cut_off, (line + 1, end), piece.broken_off):
            yield last if isinstance(last, RefusedPiece) else Record(last.data, last.line, last.byte_offset)


def _document(piece: Piece, rules: Rules) -> Iterator[Record | RefusedPiece]:
    elements = None if piece.data.startswith(b"{") else _elements(piece, rules)
    if elements is None:
        yield from _single(piece)
        return
    for part in element_pieces(piece.source, elements, rules):
        if isinstance(part, RefusedPiece):
            yield part
        else:
            yield Record(part.data, part.line, part.byte_offset, is_element=True)


def _elements(piece: Piece, rules: Rules) -> list[Element] | None:
    """The elements of a document that is an array, None of any other."""
    line, offset = document_start(piece.data)
    content = piece.data[offset:]
    if not content.startswith(b"["):
        return None
    if piece.broken_off is None:
        try:
            return _split_whole(content, rules, line, offset)
        except (msgspec.DecodeError, RecursionError):
            pass  # Some element is odd; a closer look says whether the array is one.
    blocks = _broken_block(content, piece.broken_off)
    try:
        elements = list(split_array(blocks, rules.max_record_bytes, line=line, byte_offset=offset))
    except NotAnArrayError:
        return None
    return elements if is_array(elements) else None


def _split_whole(content: bytes, rules: Rules, line: int, offset: int) -> list[Element]:
    elements = []
    end = len(b"[")
    for raw in map(bytes, _ELEMENTS.decode(content)):
        start = cast("re.Match[bytes]", _BETWEEN.match(content, end)).end()
        line += content.count(b"\n", end, start)
        end = start + len(raw)
        elements.append(bounded(raw, rules.max_record_bytes, line, offset + start))
        line += raw.count(b"\n")
    return elements


def _broken_block(content: bytes, broken_off: tuple[str, str] | None) -> Iterator[bytes]:
    yield content
    if broken_off is not None:
        raise BrokenOffError(*broken_off)


def _single(piece: Piece) -> Iterator[Record | RefusedPiece]:
    content = piece.data.removeprefix(BOM)
    lead = _BLANK_LINES.match(content)
    start = lead.end() if lead else 0
    text = content[start:].rstrip(BLANK)
    # Blanks of the last line belong to the record, its ending and blank lines behind it do not.
    raw = text + content[start + len(text) :].partition(b"\n")[0].removesuffix(b"\r") if text else b""
    place = (1 + content.count(b"\n", 0, start), len(piece.data) - len(content) + start)
    if piece.broken_off is None:
        if raw:
            yield Record(raw, *place)
        return
    for last in last_pieces(piece.source, "document", raw, place, piece.broken_off):
        yield last if isinstance(last, RefusedPiece) else Record(last.data, last.line, last.byte_offset)
