"""The decompressed content of a file, block by block, and how it ends.

Here belong the packings and their damage. Memory stays bounded whatever a file claims to decompress to.
What the content means belongs to ``chunks``.
"""

import zlib
from collections.abc import Callable, Iterator
from io import FileIO
from typing import Protocol

import zstandard

from mono_recon.archive.files import ArchiveFile, read_small

BLOCK_BYTES = 4 * 1024 * 1024

# The most that either packing makes of one byte keeps a step below some 32 MB.
_GZIP_STEP = 32 * 1024
_ZSTD_STEP = 1024
_GZIP_MEMBER = 16 + zlib.MAX_WBITS


class BrokenOffError(Exception):
    """The content ends before its end: the file is damaged, or larger than is allowed.

    Attributes:
        reason: ``unreadable_file`` or ``oversized_record``.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def is_packed(file: ArchiveFile) -> bool:
    """Whether a file has to be decompressed."""
    return file.path.endswith((".gz", ".zst"))


def read_at_once(file: ArchiveFile, max_bytes: int) -> bytes | None:
    """All of a small file; None of one that has to be read block by block.

    Args:
        file: The file.
        max_bytes: The most that its content may be.
    """
    if file.size > max_bytes or is_packed(file):
        return None
    try:
        return read_small(file)
    except OSError:
        return None


def read_blocks(file: ArchiveFile, max_bytes: int, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The content in blocks of about 4 MiB.

    Args:
        file: The file.
        max_bytes: The most that its content may be.
        start: Byte to begin at; other than 0 only in a file that is not packed.
        end: Byte to stop before, in such a file.

    Raises:
        BrokenOffError: After everything that could be read was given.
    """
    whole = read_at_once(file, max_bytes) if (start, end) == (0, None) else None
    if whole is not None:
        yield from [whole] if whole else []
        return
    gathered: list[bytes] = []
    size = 0
    try:
        for piece in _limited(_pieces(file, start, end), max_bytes, start):
            gathered.append(piece)
            size += len(piece)
            if size >= BLOCK_BYTES:
                yield b"".join(gathered)
                gathered, size = [], 0
    except BrokenOffError:
        if size:
            yield b"".join(gathered)
        raise
    if size:
        yield b"".join(gathered)


def _limited(pieces: Iterator[bytes], max_bytes: int, start: int = 0) -> Iterator[bytes]:
    left = max_bytes - start
    for piece in pieces:
        if len(piece) > left:
            yield piece[:left]
            raise BrokenOffError("oversized_record", f"the content is longer than {max_bytes} bytes and is cut there")
        left -= len(piece)
        yield piece


def _pieces(file: ArchiveFile, start: int, end: int | None) -> Iterator[bytes]:
    try:
        with FileIO(file.absolute) as stream:
            if file.path.endswith(".gz"):
                yield from _decompressed(stream, lambda: zlib.decompressobj(_GZIP_MEMBER), _GZIP_STEP)
            elif file.path.endswith(".zst"):
                yield from _decompressed(stream, zstandard.ZstdDecompressor().decompressobj, _ZSTD_STEP)
            else:
                yield from _plain(stream, start, end)
    except OSError as error:
        raise _unreadable(error) from error
    except (zlib.error, zstandard.ZstdError) as error:
        raise BrokenOffError("unreadable_file", f"cannot be decompressed: {error}") from error


def _plain(stream: FileIO, start: int, end: int | None) -> Iterator[bytes]:
    position = stream.seek(start)
    while block := stream.read(BLOCK_BYTES if end is None else min(BLOCK_BYTES, end - position)):
        position += len(block)
        yield block


def _unreadable(error: OSError) -> BrokenOffError:
    return BrokenOffError("unreadable_file", f"cannot be read: {error.strerror}")


def _decompressed(stream: FileIO, start: Callable[[], _Decompressor], step: int) -> Iterator[bytes]:
    member: _Decompressor | None = None
    rest = b""
    has_begun = False
    while packed := rest or stream.read(step):
        if member is None:
            # Zeros may fill the space behind the last member; a file of zeros alone was never packed.
            if has_begun and not packed.strip(b"\0"):
                rest = b""
                continue
            member, has_begun = start(), True
        yield member.decompress(packed)
        rest = b""
        if member.eof:
            rest, member = member.unused_data, None
    if member is not None:
        raise BrokenOffError("unreadable_file", "cannot be decompressed: the file ends too early")
