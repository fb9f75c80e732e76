"""Harmful texts of Mono, payers and clients are shown on the site and do nothing there."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from itertools import cycle
from typing import Any

import pytest

from mono_recon.pipeline.reports import issue_dates
from mono_recon.site.display import Display, cut, harmless, last_digits, size
from tests.hostile.texts import HOSTILE
from tests.pipeline.archives import ACCOUNT, Archive, delivery, ident, payload
from tests.site.visits import visiting
from tests.soaking import SOAKING

EMAIL = "persona.apellido+pagos@correo.example.co"
TEXTS = [*HOSTILE, "x" * 10_000, EMAIL, f"<a href='mailto:{EMAIL}'>", f"{'a' * 9000}@{'b' * 900}.co"]
ADDRESSES = ("/", "/breaks", "/transfers", "/dates/2026-03-02", "/webhooks", "/reports")


class Elements(HTMLParser):
    """What a browser finds on a page: elements, attributes that act, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.acting: list[str] = []
        self.links: list[str] = []
        self.said = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag in ("script", "iframe", "object", "embed", "img", "base", "svg:script"):
            self.scripts.append(given.get("src"))
        self.acting += [name for name in given if name.startswith("on") or name in ("style", "srcdoc")]
        self.links += [given[name] or "" for name in ("href", "action", "src") if name in given]

    def handle_data(self, data: str) -> None:
        self.said += data


def elements(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    return found


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A visitor of a site whose transfers bear the texts in every free field, and whose breaks name them."""
    archive = Archive(tmp_path_factory.mktemp("hostile"))
    for number, text in enumerate(TEXTS):
        batch = {"account_id": ACCOUNT, "state": "processed", "reference": text}
        data = payload(number, payee={"name": text})
        free = dict.fromkeys(("reference", "description", "declination_reason", "external_id", "entity_id"), text)
        data["event"]["data"] |= free
        data["event"]["data"]["batch"] |= batch
        archive.write(f"webhooks/{number}.jsonl", delivery(data))
    archive.write("webhooks/<b>odd name=1+1.jsonl", '{"<script>": "alert(1)"}', "<script>alert(1)</script>")
    archive.ingest()
    now = datetime(2026, 6, 1, tzinfo=UTC)
    issue_dates(archive.settings, [date(2026, 3, 2)], as_of="latest", replay=False, now=now)
    with visiting(archive.settings) as client:
        yield client


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_text_becomes_a_part_of_a_page(hostile: Any, address: str) -> None:
    answer = hostile.get(address)
    assert answer.status_code == 200
    found = elements(answer.text)
    assert len(found.scripts) == 1
    assert str(found.scripts[0]).startswith("/static/")
    assert found.acting == []
    assert [link for link in found.links if not link.startswith(("/", "#", "data:,"))] == []
    assert "@" not in found.said.replace("[e-mail]", "").replace("@SUM(A1:A9)", "")


def test_every_story_shows_its_text_and_nothing_of_it_acts(hostile: Any) -> None:
    for number, text in list(enumerate(TEXTS))[:: 1 if SOAKING else 3]:
        answer = hostile.get("/lookup", params={"id": ident("trn", number)})
        assert answer.status_code == 200, text[:40]
        found = elements(answer.text)
        assert (len(found.scripts), found.acting) == (1, []), text[:40]
        assert EMAIL not in answer.text
        shown = str(harmless(text))[:60].strip()
        assert shown in found.said, text[:40]


def test_a_text_that_is_looked_for_is_given_back_harmless(hostile: Any) -> None:
    fields = cycle([("/lookup", "id"), ("/breaks", "q"), ("/transfers", "q"), ("/reports", "verdict")])
    for text, (address, name) in zip(TEXTS, fields, strict=False):
        answer = hostile.get(address, params={name: text[:1000]})
        assert answer.status_code == 200, text[:40]
        found = elements(answer.text)
        assert (len(found.scripts), found.acting) == (1, []), text[:40]
        assert not {"\u202e", "\x1b", "\x07"} & {*answer.text}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u202egnp.exe", "⟨U+202E⟩gnp.exe"),
        ("\x1b[2J\x07", "\ufffd[2J\ufffd"),
        ("a\tb\nc", "a\tb\nc"),
        ("a@b", "a@b"),
        (f"from {EMAIL}.", "from [e-mail]."),
        ("ñandú 😀", "ñandú 😀"),
        ("", ""),
        (None, ""),
        (7, 7),
    ],
)
def test_marks_that_steer_and_addresses_are_taken_out_of_texts(text: object, shown: object) -> None:
    assert harmless(text) == shown


def test_figures_have_the_form_of_their_language() -> None:
    spanish, english = Display("es", "America/Bogota"), Display("en", "America/Bogota")
    assert (spanish.money(-123456789, "COP"), english.money(-123456789)) == ("COP -1.234.567,89", "-1,234,567.89")
    assert (spanish.money(None), spanish.number(None), spanish.span(None), spanish.share(1, 0)) == ("—",) * 4
    assert (spanish.number(1234567), english.number(1234567)) == ("1.234.567", "1,234,567")
    assert [spanish.share(part, 10_000) for part in (0, 1, 3, 2500, 10_000)] == [
        "0,0 %",
        "< 0,1 %",
        "< 0,1 %",
        "25,0 %",
        "100,0 %",
    ]
    moment = datetime(2026, 3, 3, 4, 59, 59, 123, tzinfo=UTC)
    assert (spanish.instant(moment), spanish.instant(None)) == ("2026-03-02 23:59:59", "")
    assert spanish.utc(moment) == "2026-03-03T04:59:59.000123Z"
    assert [spanish.span(seconds) for seconds in (0.2, 59.6, 3600, 90_061)] == ["0 s", "1 min", "1 h", "1 d 1 h"]
    assert [size(count) for count in (0, 999, 1000, 1_500_000, 3_000_000_000)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "1.5 MB",
        "3.0 GB",
    ]
    assert (cut("abc", 3), cut("abcd", 3), cut(None)) == ("abc", "abc…", "")
    assert (last_digits("00123456"), last_digits(None)) == ("…3456", "")
