"""Which code made a report.

Here belongs the version that a report states. It changes with every change of the package's source, so
that a report made by other code is known as such.
"""

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

_SHOWN_DIGITS = 12
_SOURCE = {".py", ".j2", ".css", ".js"}


@cache
def code_version() -> str:
    """The package's version and a hash of its source, for example ``0.1.0+1a2b3c4d5e6f``."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.suffix in _SOURCE):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{version('mono-recon')}+{digest.hexdigest()[:_SHOWN_DIGITS]}"
