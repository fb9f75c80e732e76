"""Export records: from bytes to a page with its rows, or to the reason against it.

Here belongs the reading of a page's rows, each accepted or refused by itself. The shapes of a page belong
to ``pages``, what a row must be to ``payloads``; which pages form an export is decided later, over all of
them.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import msgspec

from mono_recon.archive.forms import convert_plainly
from mono_recon.archive.pages import Page, RefusedRow, open_page
from mono_recon.archive.payloads import Account, Balance, Bank, Intent, LedgerTransaction, Link, Pagination, Transfer
from mono_recon.archive.plain import UNUSUAL, cut_out
from mono_recon.archive.refusals import Refused, RefusedError, outranked, weigh
from mono_recon.archive.schema_rules import (
    BrokenRulesError,
    Failure,
    convert_exactly,
    missing,
    wrong,
)
from mono_recon.archive.strict_json import NotPlainError, compact, is_odd, is_storable

_OK = 200
_TEXT = msgspec.json.Decoder(str)
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw])
_ROWS: dict[str, tuple[str | None, type[msgspec.Struct]]] = {
    "transfers": ("transfers", Transfer),
    "accounts": ("accounts", Account),
    "accounts/{id}/balances": (None, Balance),
    "collection_intents": ("collection_intents", Intent),
    "collection_links": ("collection_links", Link),
    "banks": ("banks", Bank),
    "ledger/accounts/{id}/transactions": ("transactions", LedgerTransaction),
}
"""Per resource the key of its rows and their type; without a key the answer itself is the one row."""
_NAME = {"banks": "code"}
"""What names a row of a resource, where it is not its ``id``."""


class _Answer(msgspec.Struct, gc=False):
    body: msgspec.Raw


class _Captured(msgspec.Struct, gc=False):
    response: _Answer


_CAPTURED = msgspec.json.Decoder(_Captured)
_LISTS = msgspec.json.Decoder(
    msgspec.defstruct(
        "_Lists", [(key, msgspec.Raw, msgspec.field(default_factory=msgspec.Raw)) for key, _ in _ROWS.values() if key]
    )
)


class RowsApart(NamedTuple):
    """A page, and its rows as they are written, unread."""

    page: Page
    wanted: type[msgspec.Struct]
    rows: list[bytes]


def read_page(raw: bytes, path_fetched_at: datetime | None, *, is_element: bool) -> Page:
    """The page that a record holds.

    Args:
        raw: The record's bytes without line ending or byte-order mark.
        path_fetched_at: Fetch time that the file's path names, the clock of a bare page.
        is_element: The record is an element of an array and has no raw bytes of its own.

    Raises:
        RefusedError: With the first reason that applies.
    """
    duplicates: list[Failure] = []
    try:
        page, failures = open_page(raw, path_fetched_at, duplicates, is_element=is_element)
    except RefusedError as error:
        raise outranked(error, duplicates) from None
    items = [] if failures or page.resource is None else _items(page, failures)
    if failures or duplicates:
        raise _refused(page, [*failures, *duplicates])
    page.items = len(items)
    read_rows(page, list(enumerate(items)), needs_care=is_odd(page.body.encode()))
    page.content = None  # Its rows are read, and it is large.
    return page


def take_rows_apart(raw: bytes, path_fetched_at: datetime | None) -> RowsApart | None:
    """The page that a record holds and its rows unread; None where it needs the complete reading.

    Its rows may hold anything: only where each of them turns out to be strict JSON is it the page that was meant.
    """
    duplicates: list[Failure] = []
    try:
        shortened, rows = _cut_rows(raw)
        page, failures = open_page(raw, path_fetched_at, duplicates, is_element=False, shortened=shortened)
        is_cut = page.resource is not None and not failures and not _items(page, failures)
    except UNUSUAL:
        return None
    if not is_cut or failures or duplicates:
        return None
    page.items, page.content = len(rows), None
    return RowsApart(page, _ROWS[str(page.resource)][1], rows)


def _cut_rows(raw: bytes) -> tuple[bytes, list[bytes]]:
    """A record with an empty list in place of its rows, and these.

    Raises:
        NotPlainError: It has no rows, or something else stands where they should.
        msgspec.MsgspecError: It is not JSON.
    """
    try:
        answer = bytes(_CAPTURED.decode(raw).response.body)
    except msgspec.ValidationError:
        answer = raw
    content = _TEXT.decode(answer).encode() if answer.startswith(b'"') else answer
    lists = [(key, bytes(written)) for key, written in msgspec.structs.asdict(_LISTS.decode(content)).items()]
    found = [(key, written) for key, written in lists if written.startswith(b"[")]
    if len(found) != 1:
        raise NotPlainError
    key, written = found[0]
    rest = cut_out(content, f'"{key}":'.encode(), written, b"[]")
    shortened = rest if answer is raw else cut_out(raw, b'"body":', answer, rest)
    return shortened, [bytes(row) for row in _ELEMENTS.decode(written)]


def _refused(page: Page, failures: list[Failure]) -> RefusedError:
    reason, detail = weigh(failures)
    refused = Refused(reason, detail, page.fetched_at)
    if page.http_status in {None, _OK} or page.resource is None:
        return RefusedError(refused)
    # An error page counts for the completeness of its export, so what it answered stays known.
    subject_id = page.declared_export_id or page.request_key or ""
    is_held = is_storable(subject_id)
    return RefusedError(replace(refused, subject_id=subject_id if is_held else None, row_index=page.page_number or 1))


def _items(page: Page, failures: list[Failure]) -> list[object]:
    key, _ = _ROWS[page.resource or ""]
    content, path = page.content, page.path
    if not isinstance(content, dict):
        failures.append(missing(path) if content is None else wrong(path, "must be an object", content))
        return []
    if key is None:
        page.page_number = page.page_number or 1
        return [content]
    place = f"{path}.{key}" if path else key
    _paginate(page, content.get("pagination"), failures)
    if page.resource == "banks" and isinstance(content.get("kind"), str) and is_storable(content["kind"]):
        page.bank_kind = content["kind"]
    items = content.get(key)
    if isinstance(items, list):
        return items
    failures.append(wrong(place, "must be a list", items) if key in content else missing(place))
    return []


def _paginate(page: Page, stated: object, failures: list[Failure]) -> None:
    if stated is not None:
        path = f"{page.path}.pagination" if page.path else "pagination"
        try:
            pagination = convert_plainly([stated], Pagination)[0] or convert_exactly(stated, Pagination, path)
        except BrokenRulesError as error:
            failures += error.failures
        else:
            page.total_items, page.total_pages = pagination.total_items, pagination.total_pages
            page.page_number = page.page_number or pagination.page_number
    page.page_number = page.page_number or 1


def read_rows(page: Page, items: Sequence[tuple[int, object]], *, needs_care: bool) -> None:
    """Read rows of a page one by one, each with its index; what is refused is noted on the page."""
    if page.resource is None or page.fetched_at is None:
        return
    wanted = _ROWS[page.resource][1]
    plain = [None] * len(items) if needs_care else convert_plainly([item for _, item in items], wanted)
    for (index, item), value in zip(items, plain, strict=True):
        try:
            page.objects.append((index, value or convert_exactly(item, wanted, "")))
        except BrokenRulesError as error:
            named = item.get(_NAME.get(page.resource, "id")) if isinstance(item, dict) else None
            page.refused_rows.append(_refused_row(item, named, index, error, page.fetched_at))


def _refused_row(item: object, named: object, index: int, error: BrokenRulesError, fetched_at: int) -> RefusedRow:
    reason, detail = weigh(error.failures)
    subject_id = named if isinstance(named, str) and is_storable(named) else None
    return RefusedRow(Refused(reason, detail, fetched_at, subject_id, index), compact(item).encode())
