"""What a person decides about breaks, written down in the resolutions' file.

Here belong the rules that a decision must meet before it is written, and the way of writing it: whole rows at
the end of the file, one process at a time. Whether it still counts when a report is made is decided there.
"""

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from mono_recon.archive.resolutions import CODES, FORM
from mono_recon.money import format_pesos
from mono_recon.settings import Settings
from mono_recon.warehouse.stories import reading

FILE = "resolutions.csv"
_MARK = b"\xef\xbb\xbf"


class DecisionError(ValueError):
    """A decision that cannot be taken like this; nothing was written."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided about one or more breaks.

    Attributes:
        code: One of ``CODES``.
        reason: Why.
        actor: Who decides.
        decided_at: When (UTC).
        approved_by: The second person, where there is one.
    """

    code: str
    reason: str
    actor: str
    decided_at: datetime
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was written down.

    Attributes:
        path: The file.
        rows: The rows added to it.
    """

    path: Path
    rows: tuple[dict[str, str], ...]


def decide(settings: Settings, break_ids: Sequence[str], decision: Decision) -> Recorded:
    """Write a decision down for every break, or for none.

    Args:
        settings: Where the file is, and from which amount a second person is needed.
        break_ids: Breaks that some issued report lists; one that is named twice is decided once.
        decision: What is decided about each.

    Raises:
        DecisionError: A code or break is unknown, a text is empty, or the second person is missing.
        WarehouseError: There is no warehouse to find the breaks in.
    """
    stated = _stated(decision)
    ids = list(dict.fromkeys(each.strip().lower() for each in break_ids))
    _check_breaks(settings, ids, stated)
    recorded = Recorded(settings.paths.resolutions / FILE, tuple(_row(break_id, stated) for break_id in ids))
    _append(recorded.path, recorded.rows)
    return recorded


def _stated(decision: Decision) -> Decision:
    """The decision with its texts on one line each.

    Raises:
        DecisionError: One cannot be written.
    """
    if decision.code not in CODES:
        raise DecisionError(f"{decision.code!r} is no resolution code; give --code one of {', '.join(CODES)}")
    texts = {name: " ".join(getattr(decision, name).split()) for name in ("reason", "actor", "approved_by")}
    for name, text in texts.items():
        if not text and name != "approved_by":
            raise DecisionError(f"--{name} is empty; say {'why' if name == 'reason' else 'who decides'}")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise DecisionError(f"--{name.replace('_', '-')} is not UTF-8; write it in a terminal that is set to UTF-8")
    return Decision(code=decision.code, decided_at=decision.decided_at, **texts)


def _check_breaks(settings: Settings, ids: Sequence[str], decision: Decision) -> None:
    with reading(settings.warehouse) as reader:
        at_stake = reader.at_stake(ids)
    if unknown := [each for each in ids if each not in at_stake]:
        raise DecisionError(f"no issued report lists break {', '.join(unknown)}; find its id with mono-recon breaks")
    limit = settings.severity.high_minor
    second = decision.approved_by.casefold()
    if second and second != decision.actor.casefold():
        return
    if large := [each for each in ids if at_stake[each] >= limit]:
        raise DecisionError(
            f"break {', '.join(large)} is of {format_pesos(limit)} pesos or more and needs a second person; add"
            f" --approved-by with another name than {decision.actor}"
        )


def _row(break_id: str, decision: Decision) -> dict[str, str]:
    texts = asdict(decision) | {
        "break_id": break_id,
        "resolution_code": decision.code,
        "decided_at": decision.decided_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    return {name: texts[name] for name in FORM.columns}


def _append(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """Add rows to a file in one write, which reaches the disk or leaves the file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path), path.open("a+b", buffering=0) as file:
        end = file.tell()
        file.seek(0)
        content = file.read()
        added = _mending(content) + _rendered(content, rows, path)
        try:
            written = file.write(added)
            os.fsync(file.fileno())
        except OSError:
            file.truncate(end)
            raise
        if written != len(added):
            file.truncate(end)
            raise OSError(f"{path}: there is no room on the disk; nothing was recorded")
    if not end:
        _sync(path.parent)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Wait until nobody else writes; the lock is beside the file, since an editor may replace that."""
    with path.with_name(f".{path.stem}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _mending(content: bytes) -> bytes:
    """What ends a last line that was torn off or written by hand: without it the next row would become part of it."""
    if not content.removeprefix(_MARK) or content.endswith(b"\n"):
        return b""
    last = content.rpartition(b"\n")[2]
    return b'"\n' if last.count(b'"') % 2 else b"\n"


def _rendered(content: bytes, rows: Sequence[dict[str, str]], path: Path) -> bytes:
    """The rows in the order and with the delimiter of the file's first line; with that line where there is none."""
    text = io.StringIO(newline="")
    heading, delimiter = _heading(content, path)
    writer = csv.DictWriter(text, heading or FORM.columns, restval="", delimiter=delimiter, lineterminator="\n")
    if not heading:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _heading(content: bytes, path: Path) -> tuple[list[str], str]:
    """Column names and delimiter of a file; no names where it is empty.

    Raises:
        DecisionError: Rows cannot be added to it.
    """
    first = content.removeprefix(_MARK).partition(b"\n")[0].decode(errors="replace")
    delimiter = ";" if ";" in first else ","
    names = next(csv.reader([first], delimiter=delimiter), [])
    missing = [name for name in FORM.columns if name not in names]
    if names and missing:
        raise DecisionError(
            f"{path}, line 1: no column {', '.join(missing)}; let this line be {','.join(FORM.columns)}"
        )
    return names, delimiter


def _sync(folder: Path) -> None:
    """Let the name of a new file reach the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
