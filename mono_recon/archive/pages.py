"""Shapes in which an API response is archived: a captured page, or the bare response body.

Here belongs what has to be known to take a response out of a record: what was asked, when, and with which
status. The rows of a response are read in ``exports``.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mono_recon.archive.instants import microseconds, read_instant
from mono_recon.archive.questions import Question, read_question
from mono_recon.archive.refusals import Refused, RefusedError, decode_noting, refuse
from mono_recon.archive.schema_rules import INSTANT_RULE, Failure, missing, text_failure, wrong
from mono_recon.archive.strict_json import compact, decode

_OK = 200
_STATUSES = range(100, 600)
_BARE_RESOURCES = ("transfers", "collection_intents", "collection_links", "accounts")


@dataclass(slots=True)
class RefusedRow:
    """A row of an accepted page that breaks its schema, as compact JSON."""

    refused: Refused
    raw: bytes


@dataclass(slots=True)
class Page:
    """A record that was read: the columns of ``raw.export_pages`` that lie in it, and its rows, read or refused.

    Moments are microseconds since 1970 UTC. ``content`` is the answer of a page that is read, at ``path``; each of
    the ``objects`` comes with its index on the page.
    """

    page_id: str
    body: str
    export_id: None = None
    status: str = "unused"
    resource: str | None = None
    page_number: int | None = None
    http_status: int | None = None
    fetched_at: int | None = None
    url: str | None = None
    items: int = 0
    declared_export_id: str | None = None
    declared_started_at: int | None = None
    request_key: str | None = None
    account_id: str | None = None
    window_from: int | None = None
    window_until: int | None = None
    is_narrowed: bool = True
    total_items: int | None = None
    total_pages: int | None = None
    content: object = None
    path: str = ""
    bank_kind: str | None = None
    objects: list[tuple[int, object]] = field(default_factory=list)
    refused_rows: list[RefusedRow] = field(default_factory=list)


def open_page(
    raw: bytes,
    path_fetched_at: datetime | None,
    duplicates: list[Failure],
    *,
    is_element: bool,
    shortened: bytes | None = None,
) -> tuple[Page, list[Failure]]:
    """The page that a record holds, its rows unread, and what is wrong with it so far.

    Args:
        raw: The record's bytes without line ending or byte-order mark.
        path_fetched_at: Fetch time that the file's path names, the clock of a bare page.
        duplicates: Takes note of keys that occur twice.
        is_element: The record is an element of an array and has no raw bytes of its own.
        shortened: The record without its rows, if they are read by themselves.

    Raises:
        RefusedError: ``invalid_utf8``, ``malformed_json`` or ``unknown_shape``.
    """
    record = decode_noting(shortened or raw, "", duplicates)
    if not isinstance(record, dict):
        raise refuse("unknown_shape", "not a page: not an object")
    page_id = _hash(record) if is_element else hashlib.sha256(raw).hexdigest()
    page = Page(page_id=page_id, body=raw.decode())
    if "request" in record and "response" in record:
        return page, _open_captured(page, record, duplicates)
    return page, _open_bare(page, record, path_fetched_at)


def content_id(body: str) -> str:
    """SHA-256, in hex, of what a page's record says, in whatever spelling: the id of one without raw bytes."""
    return _hash(decode(body.encode()))


def _hash(record: object) -> str:
    return hashlib.sha256(compact(record).encode()).hexdigest()


def _open_bare(page: Page, record: dict[str, Any], path_fetched_at: datetime | None) -> list[Failure]:
    page.fetched_at = _micros(path_fetched_at)
    if "code" in record and "errors" in record:
        return [Failure("error_response", "the body is an error")]
    page.resource = next((key for key in _BARE_RESOURCES if _is_bare(record, key)), None)
    if page.resource is None:
        return []
    page.status = "accepted"
    page.content = record
    if path_fetched_at is None:
        return [Failure("no_fetch_time", "no folder fetched_at=<instant> in the path of a bare page")]
    return []


def _is_bare(record: dict[str, Any], key: str) -> bool:
    if key != "accounts":
        return key in record
    rows = record.get(key)
    return isinstance(rows, list) and any(isinstance(row, dict) and "number" in row for row in rows)


def _open_captured(page: Page, record: dict[str, Any], duplicates: list[Failure]) -> list[Failure]:
    request, response = record["request"], record["response"]
    fetched_at = read_instant(request.get("fetched_at")) if isinstance(request, dict) else None
    if not isinstance(request, dict) or not isinstance(response, dict):
        raise refuse("unknown_shape", "not a page: request and response must be objects", _micros(fetched_at))
    page.fetched_at = _micros(fetched_at)
    status = response.get("status")
    page.http_status = status if _is_status(status) else None
    failures, question = _ask(page, request)
    if question is None or question.resource is None or str(request.get("method") or "GET").upper() != "GET":
        return failures
    page.resource, page.status, page.path = question.resource, "accepted", "response.body"
    page.bank_kind = question.kind
    if fetched_at is None:
        failures.append(_field_failure(request, "fetched_at", "request.fetched_at", INSTANT_RULE))
    failures += _declare(page, record.get("export"))
    if page.http_status is None:
        return [*failures, _field_failure(response, "status", "response.status", "must be an HTTP status")]
    if page.http_status != _OK:
        # What a proxy says in place of Mono need not be JSON.
        return [*failures, Failure("error_response", f"response.status: {page.http_status}")]
    try:
        page.content = _body(response.get("body"), duplicates)
    except RefusedError as error:
        failures.append(Failure(error.refused.reason, error.refused.detail))
    return failures


def _ask(page: Page, request: dict[str, Any]) -> tuple[list[Failure], Question | None]:
    url = request.get("url")
    question = read_question(url) if isinstance(url, str) else None
    if question is None:
        return [], None
    page.url = url
    page.request_key, page.account_id = question.request_key, question.account_id
    page.window_from, page.window_until = _micros(question.window_from), _micros(question.window_until)
    page.is_narrowed, page.page_number = question.is_narrowed, question.page_number
    texts = (str(url), question.request_key, question.account_id or "", question.kind or "")
    return [failure for text in texts if (failure := text_failure("request.url", text))][:1], question


def _declare(page: Page, export: object) -> list[Failure]:
    if export is None:
        return []
    if not isinstance(export, dict):
        return [wrong("export", "must be an object", export)]
    failures: list[Failure | None] = []
    export_id, started_at = export.get("id"), export.get("started_at")
    if isinstance(export_id, str):
        page.declared_export_id = export_id
        failures.append(text_failure("export.id", export_id))
    elif export_id is not None:
        failures.append(wrong("export.id", "must be a text", export_id))
    page.declared_started_at = _micros(read_instant(started_at))
    if started_at is not None and page.declared_started_at is None:
        failures.append(wrong("export.started_at", INSTANT_RULE, started_at))
    return [failure for failure in failures if failure is not None]


def _body(body: object, duplicates: list[Failure]) -> object:
    if not isinstance(body, str):
        return body
    try:
        raw = body.encode()
    except UnicodeEncodeError as error:
        raise refuse("malformed_json", f"response.body: character {error.start}: a lone surrogate") from None
    return decode_noting(raw, "response.body: ", duplicates)


def _field_failure(holder: dict[str, Any], key: str, path: str, phrase: str) -> Failure:
    return wrong(path, phrase, holder[key]) if holder.get(key) is not None else missing(path)


def _is_status(status: object) -> bool:
    return isinstance(status, int) and not isinstance(status, bool) and status in _STATUSES


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)
