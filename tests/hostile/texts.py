"""Texts that somebody may send to do harm, put into every field of every documented object."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parents[1] / "fixtures/payloads"
MOMENT = "2026-03-02T15:00:00Z"
FETCHED = "2026-03-02T16:00:00Z"

FORMULAS = ['=HYPERLINK("http://x.example","click")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1:A9)", "\t=1+1", "\r=1+1"]
STATEMENTS = ["'; DROP TABLE mono.raw.deliveries; --", '" OR 1=1 --', "$1 ?1 :x {0} %s ${HOME} `id`"]
MARKS = [
    "<script>alert(1)</script>",
    "</td>]]>&amp;",
    "[bold]x[/nothing]",
    "{{ 7 * 7 }}",
    "a;b,c|d",
    'say "x"',
    "a\r\nb\nc",
]
CONTROLS = [
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe",
    "\ufeffx",
    "\x01\x0b\x7f\x85\u2028",
    "\U0001f600" * 9,
    "\ufffe\uffff",
]
SHAPES = [
    "",
    " ",
    "007",
    "1e5",
    "NULL",
    "true",
    "2026-03-02",
    "\\",
    "x" * 40_000,
    "http://x.example/?q=1",
    "../../etc/passwd",
]
HOSTILE = [*FORMULAS, *STATEMENTS, *MARKS, *CONTROLS, *SHAPES]
UNSTORABLE = ["\0", "a\0b", "\ud800", "x\udfff"]

_ID = re.compile(r"[A-Za-z]{2,7}_[A-Za-z0-9_-]{22}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z")
_STATED = {"state", "previous_state"}

Leaf = tuple[str | int, ...]


def events() -> Iterator[dict[str, Any]]:
    """Every documented webhook of a used type, of one business date."""
    for path in sorted(PAYLOADS.glob("webhook_[bc]*.json")):
        if "breb" not in path.name:
            payload: dict[str, Any] = json.loads(path.read_text("utf-8"))
            yield {"event": _on_the_day(payload["event"]), "timestamp": MOMENT}


def answers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every documented list answer of a resource that is read, with the end of its path."""
    names = {"transfers": "transfers", "accounts": "accounts", "collection_intents": "collection_intents"}
    names |= {"collection_links": "collection_links", "banks": "banks_kind_transfers"}
    for path, name in names.items():
        yield path, _on_the_day(json.loads((PAYLOADS / f"api_get_v1_{name}.json").read_text("utf-8")))


def text_leaves(value: Any, above: Leaf = ()) -> Iterator[Leaf]:
    """Places of all texts that are free: no id, moment or currency, and no state."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        is_form = isinstance(member, str) and (_ID.fullmatch(member) or _MOMENT.fullmatch(member))
        if isinstance(member, str) and not is_form and key not in {*_STATED, "currency"}:
            yield (*above, key)
        yield from text_leaves(member, (*above, key))


def state_leaves(value: dict[str, Any]) -> list[Leaf]:
    """Places of the states of an object itself."""
    return [(key,) for key in value if key in _STATED]


def with_text(value: dict[str, Any], leaves: list[Leaf], text: str) -> dict[str, Any]:
    """A copy with a text at some places."""
    copied: dict[str, Any] = json.loads(json.dumps(value))
    for *above, key in leaves:
        place: Any = copied
        for step in above:
            place = place[step]
        place[key] = text
    return copied


def renamed(value: dict[str, Any], number: int) -> dict[str, Any]:
    """A copy of which every id but those of accounts is another one."""

    def other(found: re.Match[str]) -> str:
        return found[0] if found[0].startswith("acc_") else f"{found[0][:-6]}{number:06d}"

    copied: dict[str, Any] = json.loads(re.sub(f'(?<="){_ID.pattern}(?=")', other, json.dumps(value)))
    return copied


def _on_the_day(value: Any) -> Any:
    return json.loads(re.sub(r'"[0-9]{4}-[0-9]{2}-[0-9]{2}T[^"]*Z"', f'"{MOMENT}"', json.dumps(value)))
