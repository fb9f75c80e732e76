"""What has been told and what is still to be told: one file a message under ``alerts/`` of the data root.

Here belongs that nothing is told twice and nothing is forgotten. A message lies in ``outbox/`` until every
channel has taken it, and in ``sent/`` afterwards; its name is its key.
"""

import fcntl
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from mono_recon.alerts.channels import UndeliveredError, channels, send
from mono_recon.alerts.message import Message
from mono_recon.settings import Settings

_LOG = logging.getLogger(__name__)
_OUTBOX, _SENT = "outbox", "sent"


class _Kept(msgspec.Struct, frozen=True):
    """A message and the names of the channels that have not taken it."""

    message: Message
    to: tuple[str, ...] = ()


def alerts_folder(settings: Settings) -> Path:
    """Where messages lie."""
    return settings.paths.data / "alerts"


def waiting(settings: Settings) -> list[str]:
    """Keys of messages that some channel has not taken yet."""
    return sorted(path.stem for path in (alerts_folder(settings) / _OUTBOX).glob("*.json"))


def tell(settings: Settings, messages: list[Message], environ: Mapping[str, str]) -> None:
    """Put messages into the outbox, if they say something new, and hand over all that lies there.

    A channel that fails stops nobody: its message stays and is tried again next time.

    Args:
        settings: Channels and data root.
        messages: What to tell, oldest first.
        environ: The environment, for addresses and passwords.
    """
    folder = alerts_folder(settings)
    for name in (_OUTBOX, _SENT):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        for message in messages:
            if not _is_told(folder, message):
                names = tuple(channel.name for channel in channels(settings.alerts))
                _write(folder / _OUTBOX / f"{message.key}.json", _Kept(message, names))
        for path in sorted((folder / _OUTBOX).glob("*.json")):
            _hand_over(settings, path, environ)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait for others who are telling."""
    with (folder / ".lock").open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_told(folder: Path, message: Message) -> bool:
    """Whether the message, or that of an earlier version of its date which says the same, has been told."""
    day, _, version = message.key.rpartition("_v")
    if not day:
        return any((folder / name / f"{message.key}.json").exists() for name in (_OUTBOX, _SENT))
    told = {
        int(path.stem.rpartition("_v")[2]): path
        for name in (_OUTBOX, _SENT)
        for path in (folder / name).glob(f"{day}_v*.json")
    }
    return int(version) in told or (bool(told) and _says(told[max(told)]) == message.says)


def _hand_over(settings: Settings, path: Path, environ: Mapping[str, str]) -> None:
    try:
        kept, left = _read(path), []
    except msgspec.MsgspecError:
        _LOG.warning("%s is no message; delete it", path)
        return
    for channel in channels(settings.alerts):
        if channel.name in kept.to:
            try:
                send(channel, kept.message, environ)
            except UndeliveredError as error:
                left.append(channel.name)
                _LOG.warning(
                    "alert %s was not sent to %s: %s; the next run tries again", path.stem, channel.name, error
                )
    _write(path, _Kept(kept.message, tuple(left)))
    if not left:
        path.rename(path.parent.parent / _SENT / path.name)


def _says(path: Path) -> tuple[str, ...] | None:
    try:
        return _read(path).message.says
    except msgspec.MsgspecError:
        return None


def _read(path: Path) -> _Kept:
    return msgspec.json.decode(path.read_bytes(), type=_Kept)


def _write(path: Path, kept: _Kept) -> None:
    aside = path.with_suffix(".tmp")
    aside.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
    aside.replace(path)
