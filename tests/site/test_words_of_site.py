"""Every word of the site is there in both languages, and none is there for nothing."""

import re
import string
from pathlib import Path

import mono_recon.site
from mono_recon.schemas.raw import QUARANTINE_REASONS, SIGNATURE_STATUSES
from mono_recon.schemas.report import VERDICTS
from mono_recon.site import words
from mono_recon.site.render import MENU

FOLDER = Path(mono_recon.site.__file__).parent
SOURCES = [
    path.read_text("utf-8") for path in [*FOLDER.rglob("*.j2"), *FOLDER.rglob("*.py")] if path.name != "words.py"
]
CODED = re.compile(
    r"(?:menu|lines_note|order|filter|verdict|versions|month|weekday|signature|reason|channel|standing|code|problem"
    r"|identity|input|signing)[_.].+"
)


def test_every_word_that_a_template_says_is_known() -> None:
    said = {name for source in SOURCES for name in re.findall(r"say\('([\w.]+)'[,)]", source)}
    assert len(said) > 100
    assert said - {*words._WORDS} == set()


def test_every_word_is_said_somewhere() -> None:
    text = "\n".join(SOURCES)
    assert [name for name in words._WORDS if f"'{name}'" not in text and not CODED.fullmatch(name)] == []


def test_every_code_has_its_word() -> None:
    coded = [
        *(f"verdict_{verdict}" for verdict in VERDICTS),
        *(f"signature_{status}" for status in SIGNATURE_STATUSES),
        *(f"reason_{reason}" for reason in QUARANTINE_REASONS),
        *(f"menu_{name}" for name, _ in MENU),
    ]
    assert [name for name in coded if name not in words._WORDS] == []


def test_both_languages_put_the_same_figures() -> None:
    def figures(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}

    assert [name for name, (spanish, english) in words._WORDS.items() if figures(spanish) != figures(english)] == []
    assert [name for name, said in words._WORDS.items() if not all(said)] == []
