"""Large files as stretches that are read each by itself, by whichever process has time.

Here belongs where such a file may be cut, and the reading of a stretch. A stretch begins and ends where a line
does; on which line is known when those before it have been read.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from mono_recon.archive import chunks
from mono_recon.archive.chunks import Lines, Source
from mono_recon.archive.contents import is_packed
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import ArchiveFile
from mono_recon.archive.rules import Rules

_LOOK = 64 * 1024


class Stretch(msgspec.Struct, frozen=True, gc=False):
    """Whole lines of a file, from one byte up to another; up to the file's end, wherever it is by then, if None."""

    source: Source
    start: int
    end: int | None


def stretches(source: Source, rules: Rules) -> list[Stretch]:
    """A file in stretches of about 24 MiB; none of a file that has to be read in one go."""
    file = source.file
    if is_packed(file) or not chunks.has_lines(file) or file.size > rules.max_file_bytes:
        return []
    try:
        cuts = [0, *_cuts(file)]
    except OSError:
        return []
    return [Stretch(source, start, end) for start, end in zip(cuts, [*cuts[1:], None], strict=True)]


def decode_stretch(stretch: Stretch, rules: Rules) -> tuple[Decoded, int] | None:
    """What a stretch holds, its lines counted from 1, and how many they are; None if its end was not reached."""
    lines = Lines(stretch.source, rules, byte_offset=stretch.start)
    decoded = decode_chunk(chunks.Chunk(tuple(lines.pieces(stretch.end))), rules)
    is_whole = not lines.is_broken_off and stretch.end in {None, lines.byte_offset}
    return (decoded, lines.line - 1) if is_whole else None


class StretchedFile:
    """A file of which the stretches come one by one, in their order."""

    def __init__(self, source: Source, rules: Rules) -> None:
        self._source = source
        self._rules = rules
        self._line = 1
        self._is_read = False

    def next(self, stretch: Stretch, found: tuple[Decoded, int] | None) -> Iterator[Decoded]:
        """What a stretch held; from one on that could not be read, the rest is read here, in one go."""
        if self._is_read:
            return
        if found is None:
            self._is_read = True
            rest = Lines(self._source, self._rules, self._line, stretch.start)
            yield from (decode_chunk(chunk, self._rules) for chunk in chunks.gather(rest.pieces()))
            return
        decoded, lines = found
        yield decoded.from_line(self._line)
        self._line += lines


def _cuts(file: ArchiveFile) -> Iterator[int]:
    """The bytes behind the first line end after each 24 MiB."""
    with Path(file.absolute).open("rb") as stream:
        position = stream.seek(chunks.CHUNK_BYTES)
        while position < file.size:
            while (part := stream.readline(_LOOK)) and not part.endswith(b"\n"):
                pass
            position = stream.tell()
            if position < file.size:
                yield position
            position = stream.seek(position + chunks.CHUNK_BYTES)
