"""What was asked of Mono's API, read from a request's address.

Here belongs the meaning of paths and of query keys: which resource, which account, which window, and
whether anything else narrowed the answer. What was answered belongs to ``exports``.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from mono_recon.archive.instants import read_instant

_RESOURCES = {
    "transfers": re.compile(r"transfers"),
    "accounts": re.compile(r"accounts"),
    "accounts/{id}/balances": re.compile(r"accounts/([^/]+)/balances"),
    "collection_intents": re.compile(r"collection_intents"),
    "collection_links": re.compile(r"collection_links"),
    "banks": re.compile(r"banks"),
    "ledger/accounts/{id}/transactions": re.compile(r"ledger/accounts/([^/]+)/transactions"),
}
"""Resources that are read, by the path below the version."""

_PATH = re.compile(r"/?(?:v[0-9]+/)?(.*?)/?")
_NOT_NARROWING = re.compile(r"page_number|page_size|sort\[[^\]]*\]")
_WITHOUT_WINDOW = "collection_intents"
"""Mono documents no dates for it: whoever asks by them cannot know what was left out."""

_FROM, _UNTIL = "inserted_at[from]", "inserted_at[until]"


@dataclass(frozen=True, slots=True)
class Question:
    """A request to Mono's API.

    Attributes:
        resource: One of the resources that are read; None for any other.
        account_id: Account of the filter or of the path.
        page_number: Page asked for, from 1; None where the address does not say.
        window_from: ``inserted_at[from]``, UTC.
        window_until: ``inserted_at[until]``, UTC.
        is_narrowed: A filter besides account and window, or one that cannot be read, applies.
        request_key: Path and sorted decoded query without ``page_number``.
        kind: ``kind`` of a question about banks.
    """

    resource: str | None
    account_id: str | None
    page_number: int | None
    window_from: datetime | None
    window_until: datetime | None
    is_narrowed: bool
    request_key: str
    kind: str | None


def read_question(url: str) -> Question | None:
    """The question that an address puts; None for a text that is no address."""
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return None
    resource, path_account = _resource(parts.path)
    has_window = resource != _WITHOUT_WINDOW
    window = {key: read_instant(_with_plus(_only(query, key))) if has_window else None for key in (_FROM, _UNTIL)}
    filters = [key for key, _ in query if not _NOT_NARROWING.fullmatch(key)]
    understood = {key for key in filters if _is_understood(key, query, window)}
    named = "&".join(sorted(f"{key}={value}" for key, value in query if key != "page_number"))
    return Question(
        resource=resource,
        account_id=path_account or _only(query, "account_id") or None,
        page_number=_page_number(_only(query, "page_number")),
        window_from=window[_FROM],
        window_until=window[_UNTIL],
        is_narrowed=not understood.issuperset(filters),
        request_key=f"{parts.path}?{named}",
        kind=_only(query, "kind"),
    )


def _resource(path: str) -> tuple[str | None, str | None]:
    matched = _PATH.fullmatch(path)
    for resource, pattern in _RESOURCES.items():
        if matched and (found := pattern.fullmatch(matched[1])):
            return resource, found[1] if found.groups() else None
    return None, None


def _only(query: Sequence[tuple[str, str]], key: str) -> str | None:
    values = [value for name, value in query if name == key]
    return values[0] if len(values) == 1 else None


def _is_understood(key: str, query: Sequence[tuple[str, str]], window: dict[str, datetime | None]) -> bool:
    return bool(_only(query, key)) if key == "account_id" else window.get(key) is not None


def _with_plus(text: str | None) -> str | None:
    # An offset's plus that was not percent-encoded decodes to a space.
    return None if text is None else re.sub(r" (?=[0-9]{2}:?[0-9]{2}$)", "+", text)


def _page_number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"0*[1-9][0-9]{0,17}", text, re.ASCII) else None
