import pytest

from mono_recon.reconcile.catalogue import CATALOGUE
from mono_recon.reconcile.restatement import CODE, FEEDS
from mono_recon.report.labels import MARKS, label, marked, money_text, table_label
from mono_recon.report.model import pack_schemas
from mono_recon.schemas import report

CODES = {
    *CATALOGUE,
    *FEEDS,
    CODE,
    *report.VERDICTS,
    *report.CONTROL_STATUSES,
    *report.RECON_STATUSES,
    *report.BREAK_CLASSES,
    *report.SEVERITIES,
    *report.SUBJECT_TYPES,
    *report.DIRECTIONS,
    *report.MOVEMENTS,
    *report.PROOF_STATUSES,
    *report.SECTIONS,
}


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_words_in_both_languages(code: str) -> None:
    for language in ("es", "en"):
        words = label(code, language)
        assert words[0].isupper()
        assert "_" not in words
    assert label(code, "es") != code


def test_two_break_types_never_have_the_same_words() -> None:
    for language in ("es", "en"):
        assert len({label(name, language) for name in CATALOGUE}) == len(CATALOGUE)


def test_a_code_nobody_knows_is_shown_as_it_is() -> None:
    assert label("sent_to_bank", "es") == label("sent_to_bank", "en") == "sent_to_bank"


def test_every_status_that_a_reader_must_tell_apart_has_a_mark_of_its_own() -> None:
    for statuses in (report.RECON_STATUSES, report.VERDICTS, report.PROOF_STATUSES, report.BREAK_CLASSES):
        assert len({MARKS[status] for status in statuses}) == len(statuses)
    assert marked("break", "es") == "✗ Descuadre"


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_table_has_a_name_of_its_own(language: str) -> None:
    assert len({table_label(name, language) for name in pack_schemas()}) == len(pack_schemas())


def test_amounts_are_written_as_in_the_language() -> None:
    assert (money_text(-123_456_789, "es"), money_text(123_456_789, "en")) == ("-1.234.567,89", "1,234,567.89")
