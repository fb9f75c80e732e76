"""The archive on disk.

Here belongs how deliveries and captured pages become files: signed bodies, one record a line, gzip
without a time stamp so that equal worlds give equal bytes.
"""

import gzip
import hashlib
import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from mono_recon.demo import payloads
from mono_recon.demo.pages import Export
from mono_recon.demo.world import FORGER, MONO, Body, Event, World

SECRET = b"whsec_DEMOdemoDEMOdemoDEMOdemoDEMOdemo"

_KEYS = {MONO: SECRET, FORGER: b"whsec_somebodyElse"}
_COMPRESSION = 1
_URL = "https://hooks.example.com/mono"

_Arrival = tuple[datetime, int, Event | bytes]


def write_webhooks(world: World, folder: Path) -> int:
    """Write every delivery into the file of the hour it arrived in.

    Returns:
        How many lines were written.
    """
    zone = ZoneInfo(world.calendar.timezone)

    def file_of(arrival: _Arrival) -> str:
        return arrival[0].astimezone(zone).strftime("%Y-%m-%d/%H")

    written = 0
    for name, arrivals in groupby(_arrivals(world), key=file_of):
        written += write_lines(folder / f"{name}.jsonl.gz", map(_line, arrivals))
    return written


def write_export(export: Export, folder: Path) -> int:
    """Write the pages of one export into one file; how many were written."""
    lines = map(msgspec.json.encode, export.pages())
    return write_lines(folder / export.fetched_on.isoformat() / f"{export.name}.jsonl.gz", lines)


def write_pages(pages: Iterable[Body], path: Path) -> int:
    """Write captured pages that belong to no paged export; how many were written."""
    return write_lines(path, map(msgspec.json.encode, pages))


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write lines to a gzip file whose bytes depend on the lines alone; how many were written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", compresslevel=_COMPRESSION, fileobj=file, mtime=0) as packed,
    ):
        for line in lines:
            packed.write(line + b"\n")
            written += 1
    return written


def _arrivals(world: World) -> Iterator[_Arrival]:
    """Everything the endpoint wrote down until the end, in the order of arrival."""
    arrivals: list[_Arrival] = [
        (received_at, place, event)
        for place, event in enumerate(world.events)
        for received_at in event.received
        if received_at <= world.end
    ]
    arrivals += [(at, -1, line) for at, line in world.feeds.debris]
    return iter(sorted(arrivals, key=itemgetter(0, 1)))


def _line(arrival: _Arrival) -> bytes:
    received_at, _, event = arrival
    if isinstance(event, bytes):
        return event
    body = msgspec.json.encode(payloads.envelope(event))
    delivery = {
        "received_at": received_at,
        "headers": {"Content-Type": "application/json", "Mono-Signature": _signature(event, body)},
        "url": _URL,
        "body": body.decode(),
    }
    return msgspec.json.encode(delivery)


def _signature(event: Event, body: bytes) -> str:
    moment = str(int(event.at.timestamp()))
    message = f"{moment}.".encode() + body
    digests = (hmac.new(_KEYS[signer], message, hashlib.sha256).hexdigest() for signer in event.signers)
    return ",".join([f"t={moment}", *(f"v1={digest}" for digest in digests)])
