"""An archive that a test writes file by file, and the reading of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mono_recon.archive.chunks import Chunk
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.decoded import Decoded
from mono_recon.archive.files import list_archive
from mono_recon.archive.parallel import decode_files, hash_files
from mono_recon.archive.rules import Rules


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def write(path: str, data: bytes) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    return write


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Decoded]:
    """The outcome of the whole archive, which fits one chunk."""

    def decode(rules: Rules | None = None) -> Decoded:
        files = list_archive(tmp_path).files
        outcomes = list(decode_files(list(zip(files, hash_files(files), strict=True)), rules or Rules()))
        assert len(outcomes) <= 1
        return outcomes[0] if outcomes else decode_chunk(Chunk(()), Rules())

    return decode
