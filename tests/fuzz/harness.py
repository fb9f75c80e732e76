"""The record reader under libFuzzer, guided by the branches of its code: a command, not a test.

    python tests/fuzz/harness.py CORPUS [options of libFuzzer]

The first byte of an input chooses how the rest lies in a file; the corpus begins with every documented payload.
A finding ends the run with its input in a file ``crash-…``.
"""

import importlib
import json
import random
import re
import sys
from pathlib import Path
from typing import Any

# Not in requirements.lock and without types; `make fuzz` installs it beside the project.
atheris: Any = importlib.import_module("atheris")
with atheris.instrument_imports(include=["mono_recon.archive", "msgspec", "json"]):
    from mono_recon.archive.chunks import Piece, RefusedPiece, Source
    from mono_recon.archive.files import ArchiveFile
    from mono_recon.archive.records import records_of
    from tests.fuzz.mutations import ODD_LITERALS
    from tests.fuzz.reading import RULES, check_each, valid_records

KINDS = ("webhooks", "exports")
VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*|true|false|null')
STRUCTURED = 0.3
FORMS = ("lines", "document", "element")
WORDS = (
    *("event", "timestamp", "body", "body_base64", "headers", "received_at", "Mono-Signature", "t=1,v1=", "data"),
    *("amount", "currency", "COP", "transfers", "batch", "pagination", "request", "response", "fetched_at", "status"),
    *("\\ud800", "\\u0000", "1e6", "1600.50", "9223372036854775808", "2026-02-30T00:00:00Z", "trn_", "null", "true"),
)


def one_input(data: bytes) -> None:
    """Cut an input into records and read each."""
    choice = data[0] if data else 0
    kind, form, content = KINDS[choice % 2], FORMS[choice // 2 % 3], data[1:]
    source = Source(ArchiveFile(f"{kind}/a", "a", kind, len(content), 0, None, None), "0" * 64)
    last = -1
    for record in records_of(Piece(source, form, content), RULES):
        assert record.byte_offset > last or record.byte_offset == 0
        last = record.byte_offset
        if not isinstance(record, RefusedPiece):
            check_each(kind, [record.raw])


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Put an odd value in the place of some value of the JSON, or let libFuzzer change bytes as it does."""
    dice = random.Random(seed)  # noqa: S311  nothing secret
    values = list(VALUE.finditer(data, 1)) if dice.random() < STRUCTURED else []
    if not values:
        changed: bytes = atheris.Mutate(data, max_size)
        return changed
    start, end = dice.choice(values).span()
    return (data[:start] + dice.choice(ODD_LITERALS).encode() + data[end:])[:max_size]


def write_seeds(corpus: Path) -> None:
    """Give a corpus every valid record in every form, and a dictionary of words beside it."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, kind in enumerate(KINDS):
        records = [json.dumps(record, separators=(",", ":")).encode() for record in valid_records(kind)]
        contents = (b"\n".join(records[:3]), b"[" + b",".join(records[:3]) + b"]", *records)
        for form, content in enumerate(contents):
            choice = number + 2 * min(form, 2)
            (corpus / f"{kind}-{form}").write_bytes(bytes([choice]) + content)
    lines = ['"' + word.replace("\\", "\\\\") + '"\n' for word in WORDS]
    corpus.with_suffix(".dict").write_text("".join(lines), encoding="ascii")


def main() -> None:
    """Fuzz until the options say stop, or something is found."""
    corpus = Path(sys.argv[1])
    write_seeds(corpus)
    options = [f"-dict={corpus.with_suffix('.dict')}", "-max_len=65536", "-timeout=20", "-rss_limit_mb=2048"]
    arguments = [sys.argv[0], str(corpus), *options, *sys.argv[2:]]
    atheris.Setup(arguments, one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
