"""Many people read the site while a run writes: nobody sees an error, and the run is not held up."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlsplit

import pytest

from tests.demonstration import BREAKS
from tests.site.visits import served, settings_of
from tests.soaking import SOAKING

ROOT = Path(__file__).parents[2]
READERS, PAGES, PAUSE = (200, 30, 2.0) if SOAKING else (20, 5, 0.1)
"""People, how many pages each reads, and the seconds for which one is looked at: a minute in a soak."""

PATHS = (
    "/",
    "/breaks",
    "/breaks?class=review",
    f"/dates/{BREAKS}",
    "/transfers",
    "/accounts",
    "/webhooks",
    "/reports",
    f"/packs/{BREAKS}/v2/mono_recon_{BREAKS}_v2.xlsx",
)
RUN = """
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from mono_recon.pipeline.reports import issue_dates
from mono_recon.settings import load_settings

settings = load_settings(Path(sys.argv[1]), None, {})
for number in range(int(sys.argv[2])):
    day = date(2026, 3, 4) + timedelta(days=number)
    issue_dates(settings, [day], as_of=None, replay=True, now=datetime.now(UTC))
print("issued")
"""


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def fetched(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> tuple[int, bytes]:
    """Status and content of one answer, over a connection that is kept."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = next(int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length:"))
    return int(head.split()[1]), await reader.readexactly(length)


async def read_on(address: str, person: int) -> list[tuple[int, float]]:
    """What one person sees: the status of each page and the seconds until it was there."""
    seen = []
    await asyncio.sleep(PAUSE * person / READERS)
    async with connected(address) as (reader, writer):
        for path in islice(cycle(PATHS), person, person + PAGES):
            asked = time.monotonic()
            status, content = await fetched(reader, writer, path)
            seen.append((status if content else 0, time.monotonic() - asked))
            await asyncio.sleep(PAUSE)
    return seen


async def crowd(address: str) -> list[tuple[int, float]]:
    people = (read_on(address, person) for person in range(READERS))
    return [each for seen in await asyncio.gather(*people) for each in seen]


@pytest.fixture
def running(own_demo: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that issues dates of the demonstration one after the other."""
    days = "20" if SOAKING else "2"
    called = [sys.executable, "-c", RUN, str(own_demo), days]
    with subprocess.Popen(called, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield process


def test_readers_see_no_error_while_reports_are_issued(
    own_demo: Path, running: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with served(settings_of(own_demo)) as address:
        seen = asyncio.run(crowd(address))
        said, _ = running.communicate()
        pages = asyncio.run(_pages(address))
    assert (running.returncode, said) == (0, "issued\n")
    assert {status for status, _ in seen} == {200}
    assert len(seen) == READERS * PAGES
    assert "2026-03-05" in pages[0]
    if SOAKING:
        p50, p95 = (1000 * quantiles([seconds for _, seconds in seen], n=20)[each] for each in (9, 18))
        with capsys.disabled():
            sys.stderr.write(f"\n{READERS} readers, {len(seen)} pages: p50 {p50:.0f} ms, p95 {p95:.0f} ms\n")


async def _pages(address: str) -> list[str]:
    async with connected(address) as streams:
        return [(await fetched(*streams, path))[1].decode() for path in islice(PATHS, 2)]
