"""The archive's bytes in portions that fit memory, cut where records begin.

Here belongs the way from files to chunks: which part of a file is a record or holds several, and on which line
and byte it begins. Whether a record is any good is seen in ``decode``.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import msgspec

from mono_recon.archive.arrays import BLANK, Element, LongRecord, NotAnArrayError, split_array
from mono_recon.archive.contents import BrokenOffError, read_at_once, read_blocks
from mono_recon.archive.files import ArchiveFile
from mono_recon.archive.rules import Rules
from mono_recon.archive.strict_json import is_json

CHUNK_BYTES = 24 * 1024 * 1024
"""Size from which a chunk is handed on: large enough that the fixed cost of a frame does not count."""

BOM = b"\xef\xbb\xbf"
_LINE_FORMS = (".jsonl", ".ndjson")
_OVERSIZED = "oversized_record"
_LINE_END = b"\r\n"
# Bytes around a record that do not count for its size.
_AROUND = len(BOM) + len(_LINE_END)


class Source(msgspec.Struct, frozen=True, gc=False):
    """A file and the hash of its bytes."""

    file: ArchiveFile
    sha256: str


class Piece(msgspec.Struct, frozen=True, gc=False):
    """Bytes of one file.

    Attributes:
        source: The file.
        form: ``lines`` (whole lines), ``document`` (all there is) or ``element`` (one element of an array).
        data: The bytes.
        line: Line on which they begin, from 1.
        byte_offset: Byte at which they begin in the decompressed content, from 0.
        broken_off: Reason and detail if the content breaks off behind them.
    """

    source: Source
    form: str
    data: bytes
    line: int = 1
    byte_offset: int = 0
    broken_off: tuple[str, str] | None = None


class RefusedPiece(msgspec.Struct, frozen=True, gc=False):
    """A record that is refused without being read: its place, its first 64 KiB and its hash."""

    source: Source
    reason: str
    detail: str
    line: int
    byte_offset: int
    data: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """Pieces of one or many files, in the archive's order."""

    pieces: tuple[Piece | RefusedPiece, ...]


def iter_chunks(files: Iterable[tuple[ArchiveFile, str]], rules: Rules) -> Iterator[Chunk]:
    """The records of files, each with its SHA-256, as chunks of about 24 MiB in the files' order."""
    return gather(chain.from_iterable(_pieces(Source(file, sha256), rules) for file, sha256 in files))


def gather(found: Iterable[Piece | RefusedPiece]) -> Iterator[Chunk]:
    """Pieces as chunks of about 24 MiB."""
    pieces: list[Piece | RefusedPiece] = []
    size = 0
    for piece in found:
        pieces.append(piece)
        size += len(piece.data)
        if size >= CHUNK_BYTES:
            yield Chunk(tuple(pieces))
            pieces, size = [], 0
    if pieces:
        yield Chunk(tuple(pieces))


def too_long(rules: Rules) -> str:
    """The detail of a record that is larger than is allowed."""
    return f"the record is longer than {rules.max_record_bytes} bytes"


def has_lines(file: ArchiveFile) -> bool:
    """Whether each line of a file is a record."""
    return file.path.removesuffix(".gz").removesuffix(".zst").endswith(_LINE_FORMS)


def _pieces(source: Source, rules: Rules) -> Iterator[Piece | RefusedPiece]:
    return Lines(source, rules).pieces() if has_lines(source.file) else _document_pieces(source, rules)


class Lines:
    """Content cut behind its last whole line, block by block.

    Attributes:
        line: Line that the next piece begins on, if the content began on the line given.
        byte_offset: Byte that it begins at.
        is_broken_off: Whether the content broke off.
    """

    def __init__(self, source: Source, rules: Rules, line: int = 1, byte_offset: int = 0) -> None:
        self._source = source
        self._rules = rules
        self._rest = bytearray()
        self._long: LongRecord | None = None
        self.line = line
        self.byte_offset = byte_offset
        self.is_broken_off = False

    def pieces(self, end: int | None = None) -> Iterator[Piece | RefusedPiece]:
        """The pieces up to a byte that a line begins at, or all of them."""
        try:
            for block in read_blocks(self._source.file, self._rules.max_file_bytes, self.byte_offset, end):
                yield from self._feed(block)
        except BrokenOffError as error:
            self.is_broken_off = True
            yield self._break_off(error)
        else:
            yield from self._close()

    def _feed(self, block: bytes) -> Iterator[Piece | RefusedPiece]:
        if self._long is not None:
            end = block.find(b"\n") + 1
            self._long.add(block[:end] if end else block)
            if not end:
                return
            yield self._end(self._long, _OVERSIZED, too_long(self._rules))
            block = block[end:]
        end = block.rfind(b"\n") + 1
        if end:
            data = b"".join((self._rest, memoryview(block)[:end]))
            yield Piece(self._source, "lines", data, self.line, self.byte_offset)
            self.line += data.count(b"\n")
            self.byte_offset += len(data)
            self._rest.clear()
        self._rest += block[end:]
        if len(self._rest) > self._rules.max_record_bytes + _AROUND:
            self._long = LongRecord(_LINE_END)
            self._long.add(bytes(self._rest))
            self._rest.clear()

    def _close(self) -> Iterator[Piece | RefusedPiece]:
        if self._long is not None:
            yield self._end(self._long, _OVERSIZED, too_long(self._rules))
        elif self._rest:
            yield Piece(self._source, "lines", bytes(self._rest), self.line, self.byte_offset)

    def _break_off(self, error: BrokenOffError) -> Piece | RefusedPiece:
        if self._long is not None:
            return self._end(self._long, error.reason, str(error))
        end = (error.reason, str(error))
        return Piece(self._source, "lines", bytes(self._rest), self.line, self.byte_offset, end)

    def _end(self, long: LongRecord, reason: str, detail: str) -> RefusedPiece:
        piece = RefusedPiece(self._source, reason, detail, self.line, self.byte_offset, long.head, long.sha256)
        self._long = None
        self.line += 1
        self.byte_offset += long.size
        return piece


def _document_pieces(source: Source, rules: Rules) -> Iterator[Piece | RefusedPiece]:
    content = read_at_once(source.file, min(rules.max_file_bytes, rules.max_record_bytes))
    if content is None:
        yield from _large_document(source, rules)
    elif content:
        yield Piece(source, "document", content)


def _large_document(source: Source, rules: Rules) -> Iterator[Piece | RefusedPiece]:
    held = bytearray()
    broken_off = None
    try:
        for block in read_blocks(source.file, rules.max_file_bytes):
            held += block
            if len(held) > rules.max_record_bytes + _AROUND:
                break
    except BrokenOffError as error:
        broken_off = (error.reason, str(error))
    if broken_off is None and len(held) > rules.max_record_bytes + _AROUND:
        yield from _long_document(source, rules, bytes(held))
    elif held or broken_off:
        yield Piece(source, "document", bytes(held), broken_off=broken_off)


def document_start(data: bytes) -> tuple[int, int]:
    """Line and byte offset of the first byte of a document that is neither blank nor byte-order mark."""
    content = data.removeprefix(BOM).lstrip(BLANK)
    offset = len(data) - len(content)
    return 1 + data.count(b"\n", 0, offset), offset


def _long_document(source: Source, rules: Rules, head: bytes) -> Iterator[Piece | RefusedPiece]:
    line, offset = document_start(head)

    def elements() -> Iterator[Element]:
        blocks = _blocks_from(source, rules, offset)
        return split_array(blocks, rules.max_record_bytes, line=line, byte_offset=offset)

    # The first reading only proves that the document is an array: a record of it is given after that.
    if head[offset : offset + 1] == b"[" and is_array(elements()):
        yield from element_pieces(source, elements(), rules)
        return
    long, reason, detail = LongRecord(BLANK), _OVERSIZED, too_long(rules)
    try:
        for block in _blocks_from(source, rules, offset):
            long.add(block)
    except BrokenOffError as error:
        reason, detail = error.reason, str(error)
    yield RefusedPiece(source, reason, detail, line, offset, long.head, long.sha256)


def _blocks_from(source: Source, rules: Rules, offset: int) -> Iterator[bytes]:
    for block in read_blocks(source.file, rules.max_file_bytes):
        if len(block) > offset:
            yield block[offset:]
        offset = max(offset - len(block), 0)


def is_array(elements: Iterable[Element]) -> bool:
    """Whether a document is a JSON array, as far as it goes."""
    try:
        return all(
            element.sha256 is not None or element.broken_off is not None or is_json(element.data)
            for element in elements
        )
    except NotAnArrayError:
        return False


def element_pieces(source: Source, elements: Iterable[Element], rules: Rules) -> Iterator[Piece | RefusedPiece]:
    """The elements of an array as pieces; content that breaks off ends with what is known of the damage."""
    for element in elements:
        if element.broken_off is not None:
            end = (element.broken_off.reason, str(element.broken_off))
            yield from last_pieces(source, "element", element.data, (element.line, element.byte_offset), end)
        elif element.sha256 is not None:
            place = (element.line, element.byte_offset)
            yield RefusedPiece(source, _OVERSIZED, too_long(rules), *place, element.data, element.sha256)
        else:
            yield Piece(source, "element", element.data, element.line, element.byte_offset)


def last_pieces(
    source: Source, form: str, data: bytes, place: tuple[int, int], broken_off: tuple[str, str]
) -> Iterator[Piece | RefusedPiece]:
    """What stands before a break: a record if it is whole, and the damage, of which a cut record is a part."""
    is_whole = bool(data) and is_json(data)
    if is_whole:
        yield Piece(source, form, data, *place)
        line, offset = place
        data, place = b"", (line + data.count(b"\n"), offset + len(data))
    yield RefusedPiece(source, *broken_off, *place, data, hashlib.sha256(data).hexdigest())
