"""Settings that cannot be used: the error names the line or variable, the key, and what to write."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from mono_recon.settings import SettingsError, load_settings


def refusal(tmp_path: Path, text: str = "", environ: Mapping[str, str] | None = None) -> str:
    (tmp_path / "mono_recon.toml").write_text(text, encoding="utf-8", newline="")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, None, environ or {})
    return str(caught.value).removeprefix(f"{tmp_path / 'mono_recon.toml'}, ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[business]\n\ncutof = "00:00"', "line 3: business.cutof is not a setting; did you mean cutoff?"),
        ("[severity]\nxyz = 1", "line 2: severity.xyz is not a setting; what can be set here: high_minor"),
        ("\n[busines]", "line 2: busines is not a setting; did you mean business?"),
        ("[alerts]\nmail = 1", "line 2: alerts.mail is not a setting; did you mean email?"),
        ("business = 3", "line 1: business must be a table of keys and values"),
        ('[business]\nown_documents = [\n "a = b",\n]\ncutoff = 18', "line 5: business.cutoff must be a local time"),
        ('[business]\nx = """\ncutoff = 1\n"""', "line 2: business.x is not"),
        ('[archive]\nmax_record_bytes = "9"', "line 2: archive.max_record_bytes must be a whole number"),
        ("[archive]\nmax_record_bytes = true", "line 2: archive.max_record_bytes must be a whole number"),
        ("[archive]\nmax_record_bytes = 1.0", "line 2: archive.max_record_bytes must be a whole number"),
        ("[archive]\nmax_record_bytes = 0", "line 2: archive.max_record_bytes must be a whole number of at least 1"),
        (
            "[report]\nworkbook_max_rows = 2000000",
            "line 2: report.workbook_max_rows must be a whole number from 1 to 1048575",
        ),
        ("[webhooks]\nrequire_signature = 1", "line 2: webhooks.require_signature must be true or false"),
        ('[business]\nown_bank_codes = "066"', "line 2: business.own_bank_codes must be a list of texts"),
        ("[business]\nown_bank_codes = [66]", "line 2: business.own_bank_codes must be a list of texts"),
        ('[business]\ncurrencies = ["cop"]', "line 2: business.currencies must be a list of currencies"),
        ('[business]\ntimezone = "Bogota"', "line 2: business.timezone must be the name of a time zone"),
        ('[business]\ntimezone = "../etc"', "line 2: business.timezone must be the name of a time zone"),
        ('[business]\ncutoff = "24:00"', "line 2: business.cutoff must be a local time"),
        ('[business]\nissue_at = "6:00"', "line 2: business.issue_at must be a local time"),
        ('[webhooks]\nhorizon = "1bd"', "line 2: webhooks.horizon must be a span of time without business days"),
        ('[webhooks]\nhorizon = "soon"', "line 2: webhooks.horizon must be"),
        ('[webhooks]\nsince = "2026-01-01"', "line 2: webhooks.since must be a moment with its zone"),
        ("[webhooks]\nsince = 2026-01-01", "line 2: webhooks.since must be a text in quotes"),
        ('[batches]\nauthorization_after = "1 day"', "line 2: batches.authorization_after must be business days"),
        ('[transfers]\nstuck_after = { ach = "x" }', "line 2: transfers.stuck_after.ach must be business days"),
        ('[transfers.stuck_after]\n\nach = "x"', "line 3: transfers.stuck_after.ach must be business days"),
        ('[credits]\nunidentified = "timing"', 'line 2: credits.unidentified must be one of "review", "break"'),
        ('[balance]\ndebit_at = "declined"', 'line 2: balance.debit_at must be one of "approved", "in_progress"'),
        ('[report]\nlanguage = "fr"', 'line 2: report.language must be one of "es", "en"'),
        ('[report]\ndecimal_separator = ";"', 'line 2: report.decimal_separator must be one of ",", "."'),
        ('[report]\ncsv_delimiter = ";;"', "line 2: report.csv_delimiter must be one character"),
        ('[report]\ncsv_delimiter = "ñ"', "line 2: report.csv_delimiter must be one character"),
        ('[report]\n\ncsv_delimiter = ","', "line 3: report.csv_delimiter must differ from decimal_separator"),
        ("[severity]\nhigh_minor = -1", "line 2: severity.high_minor must be a whole number of at least 0"),
        ("[severity]\nhigh_minor = 9223372036854775808", "line 2: severity.high_minor must be a whole number"),
        ('[[webhooks.secrets]]\nname = "a"', "line 1: webhooks.secrets must have either env"),
        ('[[webhooks.secrets]]\nname = "a"\nenv = "A"\nfile = "b"', "line 1: webhooks.secrets must have either env"),
        ('[[webhooks.secrets]]\nenv = "A"', "line 1: webhooks.secrets lacks the key name"),
        ('[webhooks]\nsecrets = "x"', "line 2: webhooks.secrets must be a list of tables"),
        (
            '[[webhooks.secrets]]\nname="a"\nenv="A"\nvalid_from = "2026-01-01T00Z"\n\nvalid_until="2026-01-01T00Z"',
            "line 6: webhooks.secrets.valid_until must be later than valid_from",
        ),
        (
            '[[balance.fees]]\nrouting = "ach"\namount_minor = 1\n\n[[balance.fees]]\nrouting = "turbo"',
            "line 5: balance.fees lacks the key amount_minor",
        ),
        ('[[balance.fees]]\nrouting = ""\namount_minor = 1', "line 2: balance.fees.routing must not be empty"),
        ('[[balance.gmf]]\nper_thousand = "4"', "line 2: balance.gmf.per_thousand must be a whole number"),
        ('[[balance.gmf]]\nper_thousand = 4\nfrom = "2026-02-30"', "line 3: balance.gmf.from must be a date"),
        ('[[credits.known_payers]]\nlabel = "all"', "line 1: credits.known_payers must have at least one of"),
        (
            '[[credits.known_payers]]\nlabel = "x"\nname_pattern = "("',
            "line 3: credits.known_payers.name_pattern must be a regular expression",
        ),
        ('[paths]\narchive = "s3://bucket/prefix"', "line 2: paths.archive must be a path on this machine"),
        ('[warehouse]\ncatalog = "postgres:dbname=x"', "line 2: warehouse.catalog must be a path on this machine"),
        ('[warehouse]\nfiles = "s3://bucket"', "line 2: warehouse.files must be a path on this machine"),
        ("[business]\ncutoff = 18:00", "line 2: cutoff cannot be read as TOML; a text must stand in quotes"),
        ("[business]\r\n\r\ncutoff = 1", "line 3: business.cutoff must be a local time"),
    ],
)
def test_an_error_names_the_line_and_the_key_and_says_what_to_write(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message)


@pytest.mark.parametrize("text", ['[paths]\narchive = "s3://b"', '[warehouse]\ncatalog = "postgres:x"'])
def test_what_the_cluster_mode_brings_is_announced(tmp_path: Path, text: str) -> None:
    assert refusal(tmp_path, text).endswith("come later, with the cluster mode")


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("BUSINESS__CUTOFF", "25:00", "business.cutoff must be a local time"),
        ("BUSINESS__CUTOF", "18:00", "business.cutof is not a setting; did you mean cutoff?"),
        ("BUSYNESS__CUTOFF", "18:00", "busyness is not a setting; did you mean business?"),
        ("ARCHIVE__MAX_FILE_BYTES", "many", "archive.max_file_bytes must be a whole number"),
        ("BUSINESS__OWN_DOCUMENTS", "900", "business.own_documents must be a list of texts"),
        ("BALANCE__FEES", '[{routing = "ach"}]', "balance.fees lacks the key amount_minor"),
        ("SEVERITY__HIGH_MINOR", "1\nb = 2", "severity.high_minor must be a whole number"),
    ],
)
def test_an_error_names_the_variable_that_holds_the_value(
    tmp_path: Path, variable: str, value: str, message: str
) -> None:
    said = refusal(tmp_path, '[business]\ncutoff = "12:00"', {f"MONO_RECON_{variable}": value})
    assert said.startswith(f"environment variable MONO_RECON_{variable}: {message}")


def test_an_error_of_the_file_is_not_put_on_a_variable_of_its_section(tmp_path: Path) -> None:
    said = refusal(tmp_path, "\nbusiness = 3", {"MONO_RECON_BUSINESS__CUTOFF": "18:00"})
    assert said.startswith("line 2: business must be a table")


def test_a_file_that_is_not_utf8_is_an_error_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "mono_recon.toml").write_bytes(b'[business]\ntimezone = "Bogot\xe1"\n')
    with pytest.raises(SettingsError, match="line 2: is not UTF-8"):
        load_settings(tmp_path, None, {})


@pytest.mark.parametrize("text", ['[webhooks]\nsecret = "{}"', "{}", '[[webhooks.secrets]]\nname = "a"\nenv = ["{}"]'])
def test_a_secret_in_the_wrong_place_is_not_repeated(tmp_path: Path, text: str) -> None:
    assert "whsec_abc" not in refusal(tmp_path, text.format("whsec_abc"))
