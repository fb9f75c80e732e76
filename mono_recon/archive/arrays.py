"""The elements of a JSON array, found without reading them.

Here belongs the splitting of a document that may be larger than memory. Only strings and brackets are looked
at; whether an element is JSON is asked by whoever reads it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mono_recon.archive.contents import BrokenOffError
from mono_recon.archive.refusals import LONGEST_RAW

BLANK = b" \t\r\n"

# A string that the block cuts off matches without its closing quote, and without a last backslash.
_STRING_REST = re.compile(rb'(?:[^"\\]++|\\.)*+("?)', re.DOTALL)
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[\[\]{},]', re.DOTALL)
_QUOTE, _COMMA, _OPENING, _CLOSING = b'",[]'
_STEPS = {_OPENING: 1, ord("{"): 1, _CLOSING: -1, ord("}"): -1}


class NotAnArrayError(ValueError):
    """The document is no JSON array, or ends before its array does."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element of an array, or what is left of one.

    Attributes:
        line: Where it begins, from 1.
        byte_offset: Where it begins, from 0.
        data: Its bytes, without blanks around; the first 64 KiB of one that is too long.
        sha256: Hash of all its bytes if it is too long, else None.
        broken_off: Why the content ends here, if it does.
    """

    line: int
    byte_offset: int
    data: bytes
    sha256: str | None = None
    broken_off: BrokenOffError | None = None


class LongRecord:
    """A record that is not held: the first 64 KiB of it, its hash, and how many bytes were read.

    The bytes of ``ending`` are no part of the record where nothing follows them.
    """

    def __init__(self, ending: bytes) -> None:
        self.head = b""
        self.size = 0
        self._ending = ending
        self._held = b""
        self._digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        """Take the next bytes of the record."""
        self.size += len(data)
        data = self._held + data
        kept = data.rstrip(self._ending)
        self._held = data[len(kept) :]
        self.head += kept[: max(LONGEST_RAW - len(self.head), 0)]
        self._digest.update(kept)

    @property
    def sha256(self) -> str:
        """Hash of all bytes so far, hex."""
        return self._digest.hexdigest()


def bounded(data: bytes, longest: int, line: int, byte_offset: int) -> Element:
    """An element of these bytes, of which only the beginning is kept if they are more than ``longest``."""
    if len(data) <= longest:
        return Element(line, byte_offset, data)
    return Element(line, byte_offset, data[:LONGEST_RAW], hashlib.sha256(data).hexdigest())


def split_array(blocks: Iterable[bytes], longest: int, *, line: int = 1, byte_offset: int = 0) -> Iterator[Element]:
    """The elements of an array that arrives block by block.

    Of content that breaks off, what follows the last separator comes last and says so. Holds one block and one
    element at most.

    Args:
        blocks: The document, from its first byte that is not blank.
        longest: Bytes above which an element is not held.
        line: Line of the document's first byte.
        byte_offset: Offset of the document's first byte.

    Raises:
        NotAnArrayError: When the document turns out to be no array.
    """
    separators, cutter = _Separators(), _Cutter(longest, line, byte_offset)
    try:
        for block in blocks:
            start = cutter.add(block)
            for kind, position in separators.find(block):
                element = cutter.cut(start + position)
                if separators.is_misplaced(kind, is_empty=element is None):
                    raise NotAnArrayError("an element is missing, or stands outside the array")
                if element is not None:
                    yield element
            cutter.let_go()
    except BrokenOffError as error:
        yield cutter.rest(error)
        return
    if not separators.is_closed or cutter.rest(None).data:
        raise NotAnArrayError("the array does not end where the document does")


class _Separators:
    """Finds the array's own brackets and commas."""

    def __init__(self) -> None:
        self._depth = 0
        self._separators = 0
        self._in_string = False
        self._is_escaped = False

    @property
    def is_closed(self) -> bool:
        return self._separators > 0 and self._depth == 0

    def is_misplaced(self, kind: int, *, is_empty: bool) -> bool:
        """Whether what lies before a separator just found may not lie there."""
        if kind == _OPENING:
            return not is_empty
        return is_empty and not (kind == _CLOSING and self._separators == len("[]"))

    def find(self, block: bytes) -> Iterator[tuple[int, int]]:
        """Kind and position of each separator."""
        for token in _TOKEN.finditer(block, self._string_end(block)):
            kind = block[token.start()]
            if kind == _QUOTE:
                self._leave_string(block, token)
                continue
            step = _STEPS.get(kind, 0)
            is_own = self._depth + step == 0 or (self._depth == 0) or (step == 0 and self._depth == 1)
            self._depth += step
            if is_own:
                self._separators += 1
                self._check(kind)
                yield kind, token.start()

    def _check(self, kind: int) -> None:
        is_first = self._separators == 1
        if is_first != (kind == _OPENING) or self._depth != (0 if kind == _CLOSING else 1):
            raise NotAnArrayError("the brackets are not those of an array")

    def _string_end(self, block: bytes) -> int:
        if not self._in_string:
            return 0
        rest = _STRING_REST.match(block, int(self._is_escaped))
        if rest is None:
            return len(block)
        self._leave_string(block, rest)
        return rest.end()

    def _leave_string(self, block: bytes, found: re.Match[bytes]) -> None:
        self._in_string = not found[1]
        self._is_escaped = self._in_string and found.end() < len(block)


class _Cutter:
    """Holds the bytes since the last separator, and where they begin."""

    def __init__(self, longest: int, line: int, byte_offset: int) -> None:
        self._longest = longest
        self._buffer = bytearray()
        self._line = line
        self._offset = byte_offset
        self._long: LongRecord | None = None
        self._long_place = (line, byte_offset)

    def add(self, block: bytes) -> int:
        """Take a block; the offset at which it begins."""
        self._buffer += block
        return self._offset + len(self._buffer) - len(block)

    def cut(self, end: int) -> Element | None:
        """What lies before a separator, None if it is blank; the separator is dropped."""
        size = end - self._offset
        element = self._element(size)
        self._pass(size + 1)
        return element

    def rest(self, broken_off: BrokenOffError | None) -> Element:
        """What lies behind the last separator."""
        end = Element(self._line, self._offset + len(self._buffer), b"")
        return replace(self._element(len(self._buffer)) or end, broken_off=broken_off)

    def let_go(self) -> None:
        """Stop holding an element that is too long."""
        # Blanks behind it may be the last of it, or no part of it.
        if self._long is None and len(self._buffer.strip(BLANK)) > self._longest:
            self._pass(len(self._buffer) - len(self._buffer.lstrip(BLANK)))
            self._long, self._long_place = LongRecord(BLANK), (self._line, self._offset)
        if self._long is not None:
            self._long.add(bytes(self._buffer))
            self._pass(len(self._buffer))

    def _element(self, size: int) -> Element | None:
        if self._long is not None:
            self._long.add(bytes(self._buffer[:size]))
            element = Element(*self._long_place, self._long.head, self._long.sha256)
            self._long = None
            return element
        content = self._buffer[:size].lstrip(BLANK)
        lead = size - len(content)
        place = (self._line + self._buffer.count(b"\n", 0, lead), self._offset + lead)
        data = bytes(content.rstrip(BLANK))
        return bounded(data, self._longest, *place) if data else None

    def _pass(self, size: int) -> None:
        self._line += self._buffer.count(b"\n", 0, size)
        self._offset += min(size, len(self._buffer))
        del self._buffer[:size]
