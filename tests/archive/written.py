"""Records as an archive holds them, for tests to write."""

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mono_recon.archive.decoded import Decoded
from mono_recon.archive.rules import Rules, Secret

PAYLOADS = Path(__file__).parents[1] / "fixtures/payloads"
KEY = b"whsec_test"
SECRETS = Rules(secrets=(Secret("main", KEY),))
RECEIVED = "2026-03-02T01:12:09.114Z"
Put = Callable[[str, bytes], Path]
Read = Callable[..., Decoded]


def payload(name: str = "bank_transfer_approved") -> dict[str, Any]:
    text = next(PAYLOADS.glob(f"webhook_*_{name}.json")).read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def raw(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def signed(body: bytes, key: bytes = KEY) -> str:
    return f"t=1772413929,v1={hmac.digest(key, b'1772413929.' + body, 'sha256').hex()}"


def delivery(body: bytes, /, **fields: object) -> dict[str, Any]:
    return {"received_at": RECEIVED, "headers": {"Mono-Signature": signed(body)}, "body": body.decode()} | fields


def lines(*records: object) -> bytes:
    return b"".join(raw(record) + b"\n" for record in records)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
