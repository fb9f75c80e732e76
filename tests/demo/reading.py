"""A written demonstration, read back from its files alone.

Here a second, small reading of the archive makes the labels checkable: nothing in it comes from the
package that wrote them, nor from the reconciler.
"""

import gzip
import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

RANKS = {"created": 0, "in_progress": 1, "approved_in_provider": 2}
Json = dict[str, Any]
Label = tuple[str, str]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def lines(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*.jsonl.gz")):
        yield from filter(None, gzip.decompress(path.read_bytes()).splitlines())


@dataclass
class Sight:
    """One appearance of a transfer or collection in a channel."""

    channel: str
    nested: bool
    told_at: datetime
    data: Json

    @property
    def at(self) -> datetime:
        return instant(self.data["updated_at"])

    @property
    def state(self) -> str:
        return str(self.data["state"])


def in_order(sights: list[Sight]) -> list[Sight]:
    coarse = any(sight.at.microsecond == 0 for sight in sights)

    def place(sight: Sight) -> tuple[datetime, int, datetime]:
        at = sight.at.replace(microsecond=0) if coarse else sight.at
        return at, RANKS.get(sight.state, 3), sight.told_at

    return sorted(sights, key=place)


@dataclass
class Story:
    """A transfer or collection: its appearances in the order of what happened."""

    sights: list[Sight]

    @property
    def last(self) -> Json:
        return self.sights[-1].data

    @property
    def runs(self) -> list[tuple[str, datetime]]:
        steps: list[tuple[str, datetime]] = []
        for sight in self.sights:
            if not steps or steps[-1][0] != sight.state:
                steps.append((sight.state, sight.at))
        return steps

    def seen_in(self, channel: str) -> list[Sight]:
        return [sight for sight in self.sights if sight.channel == channel]


@dataclass
class Archive:
    """A demonstration as it lies on disk."""

    root: Path
    truth: list[Json]
    deliveries: list[tuple[datetime, Json]] = field(default_factory=list)
    refused: int = 0
    broken: int = 0
    exports: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))

    def labelled(self, *break_types: str) -> set[Label]:
        return {(row["break_type"], row["subject_id"]) for row in self.truth if row["break_type"] in break_types}

    @property
    def stories(self) -> list[tuple[str, Story]]:
        return [*self.transfers().items(), *self.collections().items()]

    def pages(self, *resources: str) -> Iterator[tuple[datetime, Json]]:
        for name, pages in self.exports.items():
            if name.startswith(resources):
                for page in pages:
                    if page["response"]["status"] == 200:
                        yield instant(page["request"]["fetched_at"]), page["response"]["body"]

    def events(self, prefix: str) -> Iterator[tuple[datetime, datetime, Json]]:
        for received, body in self.deliveries:
            if body["event"]["type"].startswith(prefix):
                yield received, instant(body["timestamp"]), body["event"]["data"]

    def sights(self, prefix: str, resource: str) -> dict[str, list[Sight]]:
        seen: dict[str, list[Sight]] = defaultdict(list)
        for _, told_at, data in self.events(prefix):
            if isinstance(data["amount"]["amount"], int):
                seen[data["id"]].append(Sight("webhook", nested=False, told_at=told_at, data=data))
        one = resource.removesuffix("s")
        for fetched_at, body in self.pages(resource, f"{one}-"):
            for row in body[resource.replace("-", "_")]:
                seen[row["id"]].append(Sight("export", nested=False, told_at=fetched_at, data=row))
        return seen

    def transfers(self) -> dict[str, "Story"]:
        seen = self.sights("bank_transfer_", "transfers")
        for _, told_at, batch in self.events("batch_"):
            for row in batch["transfers"]:
                data = {**row, "batch": {k: v for k, v in batch.items() if k != "transfers"}}
                seen[row["id"]].append(Sight("webhook", nested=True, told_at=told_at, data=data))
        return {key: Story(in_order(sights)) for key, sights in seen.items()}

    def collections(self) -> dict[str, "Story"]:
        seen = self.sights("collection_intent_", "collection-intents")
        return {key: Story(in_order(sights)) for key, sights in seen.items()}

    def credits(self) -> dict[str, Json]:
        known: dict[str, Json] = {}
        for _, _, data in self.events("account_credited"):
            known.setdefault(data["id"], data)
        return known


def read_archive(root: Path) -> Archive:
    truth = [json.loads(line) for line in (root / "truth.jsonl").read_text().splitlines()]
    archive, secret = Archive(root, truth), (root / "webhook_secret.txt").read_bytes()
    for line in lines(root / "archive" / "webhooks"):
        try:
            delivery = json.loads(line)
        except ValueError:
            archive.broken += 1
            continue
        moment, *digests = (part.split("=")[1] for part in delivery["headers"]["Mono-Signature"].split(","))
        signed = f"{moment}.{delivery['body']}".encode()
        if hmac.new(secret, signed, hashlib.sha256).hexdigest() not in digests:
            archive.refused += 1
            continue
        archive.deliveries.append((instant(delivery["received_at"]), json.loads(delivery["body"])))
    archive.deliveries.sort(key=lambda delivery: delivery[0])
    for line in lines(root / "archive" / "exports"):
        page = json.loads(line)
        archive.exports[page["export"]["id"]].append(page)
    return archive
