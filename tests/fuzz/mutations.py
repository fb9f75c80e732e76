"""Records that are almost right: valid ones with a value, a key or some bytes changed."""

import json
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from tests.fuzz.reading import valid_records

Path = tuple[str | int, ...]

ODD_LITERALS = [
    *("1600.50", "1600.0", "1e6", "1E+2", "-0", "-1", "0", "true", "false", "null", '"1600000"', '""', "[]", "{}"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808", "9" * 400, "1e400", "NaN", "-Infinity"),
    *("0x10", "01", "1_000", "+1", ".5", '"COP "', '"cop"', '"C\\u004fP"', '"\\ud800"', '"\\u0000"', '"\\\\ud800"'),
    *('"trn_2PVWOx9dZKJMBZw7opjrrs\\n"', '"TRN-2PVWOx9dZKJMBZw7opjrrs"', '"t\\u0072n_2PVWOx9dZKJMBZw7opjrrs"'),
    *('"2026-02-30T00:00:00Z"', '"2026-03-01T00:00:00"', '"2026-03-01"', '"2026-03-01T24:00:00Z"', "1772413929"),
    *(
        '"2026-03-01T00:00:60Z"',
        '"2026-03-01T00:00:00.9999999Z"',
        '"2026-03-01t00:00:00.1z"',
        '"0001-01-01T00:00:00+14:00"',
    ),
    *('"9999-12-31T23:59:59.999999-12:00"', '"2026-03-01T00:00:00-05:00"', '"2026-03-01T00:00:00+0530"'),
    *('"2026-03-01 00:00:00Z"', '"2026-03-01T00:00Z"', '"２０２６-03-01T00:00:00Z"', '"1969-12-31T23:59:59.9999999Z"'),
    *(
        "[" * 63 + "]" * 63,
        "[" * 5000 + "]" * 5000,
        '{"a":' * 200 + "1" + "}" * 200,
        '{"a":1,"a":2}',
        '{"a":1,"\\u0061":2}',
    ),
]
"""What stands where something else should."""

DECISIVE = {
    *("id", "account_id", "collection_link_id", "amount", "currency", "inserted_at", "updated_at", "transaction_at"),
    *("timestamp", "received_at", "fetched_at"),
}
_MARK = "\x7fhere\x7f"
KINDS = ("webhooks", "exports")
VALID = {kind: valid_records(kind) for kind in KINDS}


@st.composite
def changed(draw: st.DrawFn, kind: str) -> bytes:
    """A valid record in which one value or key is another, or stands there twice."""
    record = deepcopy(draw(st.sampled_from(VALID[kind])))
    if isinstance(record.get("body"), str):
        payload = json.loads(record["body"])
        return json.dumps(record | {"body": _change(draw, payload)}).encode()
    return _change(draw, record).encode()


@st.composite
def damaged(draw: st.DrawFn, kind: str) -> bytes:
    """The bytes of a record with some of them cut out, put in or replaced."""
    raw = draw(changed(kind))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        piece = draw(st.sampled_from([b"", b'"', b"\\", b"0", b"\xff", b"\xc3\xb1", b",", b"}", b"\x00"]))
        raw = raw[:start] + piece + raw[start + draw(st.integers(0, 3)) :]
    return raw


def anything() -> st.SearchStrategy[bytes]:
    """Any bytes, any text, any JSON."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    keys = st.text() | st.sampled_from(
        ["event", "timestamp", "body", "body_base64", "headers", "type", "data", "request", "response"]
    )
    values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20)
    texts = st.text().map(lambda text: text.encode("utf-8", "surrogatepass"))
    return st.binary() | texts | values.map(lambda value: json.dumps(value).encode())


def with_odd_values(record: dict[str, Any]) -> Iterator[bytes]:
    """A record with each odd value in the place of each value that decides about money."""
    for *above, key in _paths(record):
        if key in DECISIVE:
            copied = deepcopy(record)
            _at(copied, above)[key] = _MARK
            head, tail = json.dumps(copied).split(json.dumps(_MARK))
            yield from (f"{head}{literal}{tail}".encode() for literal in ODD_LITERALS)


def _change(draw: st.DrawFn, record: dict[str, Any]) -> str:
    path = draw(st.sampled_from(list(_paths(record))))
    *above, key = path
    place = _at(record, above)
    action = draw(st.sampled_from(["replace", "replace", "replace", "drop", "repeat", "more"]))
    literal = draw(st.sampled_from(ODD_LITERALS))
    if action == "drop" or not isinstance(place, dict):
        del place[key]
        return json.dumps(record)
    if action == "more":
        place[f"{key}_"] = _MARK
    elif action == "repeat":
        value = json.dumps(place[key])
        place[key] = _MARK
        literal = f"{value},{json.dumps(key)}:{draw(st.sampled_from([value, literal]))}"
    else:
        place[key] = _MARK
    return json.dumps(record).replace(json.dumps(_MARK), literal)


def _at(value: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value


def _paths(value: Any, above: Path = ()) -> Iterator[Path]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*above, key)
        yield from _paths(member, (*above, key))
