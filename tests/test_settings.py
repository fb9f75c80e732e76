"""Settings: defaults, places, overrides, secrets, and what a pack keeps of them."""

import dataclasses
import json
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mono_recon.calendar import BusinessCalendar, Limit
from mono_recon.settings import (
    Fee,
    Gmf,
    KnownPayer,
    Settings,
    SettingsError,
    WebhookSecret,
    load_settings,
    resolve_secret,
)

REPOSITORY = Path(__file__).parents[1]
SIGNED = '[[webhooks.secrets]]\nname = "main"\nenv = "KEY"\n'
ACCOUNT = "acc_16ktUqSO7G0qTHDz8I3qrG"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder without a settings file of its own."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)


def load(tmp_path: Path, text: str = "", environ: Mapping[str, str] | None = None) -> Settings:
    (tmp_path / "mono_recon.toml").write_text(text, encoding="utf-8")
    return load_settings(tmp_path, None, environ or {})


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, None, {})

    assert settings.business.calendar == BusinessCalendar("America/Bogota", time(0))
    assert (settings.business.issue_at, settings.business.reissue_at) == (time(6), time(9, 45))
    assert settings.business.own_documents == ()
    assert settings.business.own_bank_codes == ("066",)
    assert settings.business.currencies == ("COP",)
    assert settings.archive.max_record_bytes == 8 * 1024**2
    assert settings.archive.max_file_bytes == 2 * 1024**3
    assert settings.webhooks.horizon == timedelta(hours=9, minutes=30)
    assert settings.webhooks.since is None
    assert settings.webhooks.require_signature is False
    assert settings.webhooks.secrets == ()
    assert settings.transfers.export_lag == timedelta(minutes=5)
    assert settings.transfers.stuck_after == {
        "ach": Limit(2),
        "turbo": Limit(span=timedelta(hours=1)),
        "transfiya": Limit(span=timedelta(hours=1)),
        "default": Limit(2),
    }
    assert settings.batches.authorization_after == Limit(1)
    assert settings.credits.return_window == Limit(5)
    assert settings.credits.unidentified == "review"
    assert settings.credits.known_payers == ()
    assert settings.balance.snapshot_tolerance == timedelta(hours=2)
    assert settings.balance.debit_at == "approved"
    assert settings.balance.fees == ()
    assert settings.balance.gmf == ()
    assert dataclasses.astuple(settings.report) == ("es", ",", ";", 100_000)
    assert settings.severity.high_minor == 100_000_000


def test_places_lie_under_the_data_root_unless_set(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, None, {})
    assert settings.paths.data == tmp_path
    assert settings.paths.archive == tmp_path / "archive"
    assert settings.paths.resolutions == tmp_path / "resolutions"
    assert settings.paths.adjustments == tmp_path / "adjustments"
    assert settings.paths.reports == tmp_path / "reports"
    assert settings.warehouse.catalog == tmp_path / "warehouse" / "catalog.sqlite"
    assert settings.warehouse.files == tmp_path / "warehouse" / "files"


def test_the_example_file_holds_every_key_at_its_default(tmp_path: Path) -> None:
    example = (REPOSITORY / "mono_recon.toml").read_text(encoding="utf-8")
    written = tomllib.loads(example)
    effective = load_settings(tmp_path / "empty", None, {}).effective()
    lists = {"known_payers", "fees", "gmf"}
    assert {
        section: {key: value for key, value in table.items() if key not in lists}
        for section, table in effective.items()
    } == {section: table for section, table in written.items() if section in effective}
    assert set(written) - set(effective) == {"paths", "warehouse", "schedule", "alerts", "site"}


def test_the_commented_entries_of_the_example_file_can_be_uncommented(tmp_path: Path) -> None:
    example = (REPOSITORY / "mono_recon.toml").read_text(encoding="utf-8")
    header, sections = example.split("[business]")
    settings = load(tmp_path, header + "[business]" + re.sub(r"(?m)^# ", "", sections))
    assert settings.webhooks.secrets == (
        WebhookSecret("main-2026", "MONO_WEBHOOK_SECRET", None, datetime(2026, 1, 1, tzinfo=UTC), None),
    )
    assert settings.credits.known_payers == (
        KnownPayer(
            label="treasury funding",
            document_number="900123456",
            name_pattern=".*FIDUCIA.*",
            reference_pattern="FUND-[0-9]+",
            description_pattern="(?i)funding.*",
            account_id=ACCOUNT,
        ),
    )
    assert settings.balance.fees == (Fee("ach", 238_000, date(2026, 1, 1)),)
    assert settings.balance.gmf == (Gmf(4, date(2026, 1, 1), (ACCOUNT,)),)
    assert settings.as_issued(settings.effective()) == settings


def test_criteria_of_a_known_payer_that_are_not_given_have_no_value(tmp_path: Path) -> None:
    settings = load(tmp_path, '[[credits.known_payers]]\nlabel = "x"\naccount_id = "a"\n')
    assert settings.credits.known_payers == (KnownPayer("x", None, None, None, None, "a"),)


def test_stuck_after_keeps_the_limits_that_are_not_given(tmp_path: Path) -> None:
    settings = load(tmp_path, '[transfers]\nstuck_after = { ach = "3bd", breb = "10m" }\n')
    assert settings.transfers.stuck_after == {
        "ach": Limit(3),
        "turbo": Limit(span=timedelta(hours=1)),
        "transfiya": Limit(span=timedelta(hours=1)),
        "default": Limit(2),
        "breb": Limit(span=timedelta(minutes=10)),
    }


def test_a_file_is_looked_for_from_the_nearest_to_the_farthest(tmp_path: Path) -> None:
    named, by_variable, data, here = tmp_path / "a.toml", tmp_path / "b.toml", tmp_path / "data", Path.cwd()
    data.mkdir()
    files = [named, by_variable, data / "mono_recon.toml", here / "mono_recon.toml"]
    for position, file in enumerate(files, start=1):
        file.write_text(f"severity.high_minor = {position}\n", encoding="utf-8")
    environ = {"MONO_RECON_CONFIG": str(by_variable)}

    def found(config: Path | None, variables: Mapping[str, str]) -> int:
        return load_settings(data, config, variables).severity.high_minor

    assert found(named, environ) == 1
    assert found(None, environ) == 2
    assert found(None, {}) == 3
    files[2].unlink()
    assert found(None, {}) == 4
    files[3].unlink()
    assert found(None, {}) == 100_000_000


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    missing = tmp_path / "missing.toml"
    with pytest.raises(SettingsError, match=re.escape(f"--config names {missing}")):
        load_settings(tmp_path, missing, {})
    with pytest.raises(SettingsError, match=re.escape(f"MONO_RECON_CONFIG names {missing}")):
        load_settings(tmp_path, None, {"MONO_RECON_CONFIG": str(missing)})


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    file = folder / "settings.toml"
    file.write_text(
        '[paths]\narchive = "in"\nreports = "/srv/out"\n[warehouse]\nfiles = "lake"\n'
        '[[webhooks.secrets]]\nname = "a"\nfile = "key"\n',
        encoding="utf-8",
    )
    settings = load_settings(tmp_path / "data", file, {})
    assert settings.paths.archive == folder / "in"
    assert settings.paths.reports == Path("/srv/out")
    assert settings.paths.resolutions == tmp_path / "data" / "resolutions"
    assert settings.warehouse.files == folder / "lake"
    assert settings.webhooks.secrets[0].file == folder / "key"


def test_a_file_that_is_named_from_the_working_folder_gives_absolute_paths(tmp_path: Path) -> None:
    Path("settings.toml").write_text('[paths]\narchive = "in"\n', encoding="utf-8")
    assert load_settings(tmp_path, Path("settings.toml"), {}).paths.archive == Path.cwd() / "in"


def test_relative_paths_of_the_environment_start_at_the_working_folder(tmp_path: Path) -> None:
    settings = load(tmp_path, '[paths]\narchive = "in"\n', {"MONO_RECON_PATHS__ARCHIVE": "there"})
    assert settings.paths.archive == Path.cwd() / "there"


@pytest.mark.parametrize(
    ("variable", "value", "section", "expected"),
    [
        ("BUSINESS__CUTOFF", "18:00", "business.cutoff", time(18)),
        ("BUSINESS__CUTOFF", '"18:00"', "business.cutoff", time(18)),
        ("BUSINESS__OWN_DOCUMENTS", '["900", "901"]', "business.own_documents", ("900", "901")),
        ("ARCHIVE__MAX_FILE_BYTES", "1024", "archive.max_file_bytes", 1024),
        ("WEBHOOKS__REQUIRE_SIGNATURE", "true", "webhooks.require_signature", True),
        ("WEBHOOKS__SINCE", "2026-01-01T00:00:00Z", "webhooks.since", datetime(2026, 1, 1, tzinfo=UTC)),
        ("CREDITS__UNIDENTIFIED", "break", "credits.unidentified", "break"),
        ("REPORT__DECIMAL_SEPARATOR", ".", "report.decimal_separator", "."),
        ("BALANCE__FEES", '[{"routing": "ach", "amount_minor": 5}]', "balance.fees", (Fee("ach", 5, date.min),)),
        ("BALANCE__FEES", '[{routing = "ach", amount_minor = 5}]', "balance.fees", (Fee("ach", 5, date.min),)),
    ],
)
def test_the_environment_overrides_the_file(
    tmp_path: Path, variable: str, value: str, section: str, expected: object
) -> None:
    settings = load(tmp_path, '[business]\ncutoff = "12:00"\n', {f"MONO_RECON_{variable}": value})
    name, key = section.split(".")
    assert getattr(getattr(settings, name), key) == expected


def test_a_table_from_the_environment_takes_the_place_of_the_files(tmp_path: Path) -> None:
    environ = {"MONO_RECON_TRANSFERS__STUCK_AFTER": '{ach = "4h"}'}
    settings = load(tmp_path, '[transfers.stuck_after]\nturbo = "9h"\n', environ)
    assert settings.transfers.stuck_after["ach"] == Limit(span=timedelta(hours=4))
    assert settings.transfers.stuck_after["turbo"] == Limit(span=timedelta(hours=1))


def test_variables_that_are_no_settings_are_left_alone(tmp_path: Path) -> None:
    environ = {"MONO_RECON_DATA": "x", "MONO_RECON_DEBUG": "1", "OTHER_MONO_RECON_A__B": "1"}
    assert load(tmp_path, "", environ) == load(tmp_path)


def test_a_byte_order_mark_is_tolerated(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff[severity]\nhigh_minor = 7\n").severity.high_minor == 7


def test_a_secret_is_read_from_its_variable() -> None:
    secret = WebhookSecret("main", "KEY", None, None, None)
    assert resolve_secret(secret, {"KEY": "whsec_abc"}) == b"whsec_abc"


def test_a_secret_is_read_from_its_file_without_the_line_ending(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"whsec_abc \r\n")
    assert resolve_secret(WebhookSecret("main", "", file, None, None), {}) == b"whsec_abc "


@pytest.mark.parametrize("secret", [WebhookSecret("main", "whsec_abc"), WebhookSecret("main", "", Path("whsec_abc"))])
def test_a_secret_that_is_not_there_is_named_and_not_shown(secret: WebhookSecret) -> None:
    with pytest.raises(SettingsError, match=r"webhooks\.secrets main: there is no secret") as caught:
        resolve_secret(secret, {"whsec_abc": ""})
    assert "whsec_abc" not in str(caught.value)


def test_effective_settings_are_those_that_can_change_a_figure(tmp_path: Path) -> None:
    effective = load(tmp_path, SIGNED + '[paths]\narchive = "in"\n[warehouse]\nfiles = "lake"\n').effective()
    assert list(effective) == [
        "business",
        "archive",
        "webhooks",
        "transfers",
        "batches",
        "credits",
        "balance",
        "report",
        "severity",
    ]
    assert effective["webhooks"] == {"horizon": "9h30m", "since": "", "require_signature": False}
    assert "main" not in json.dumps(effective)


def test_places_and_secrets_do_not_change_the_hash_and_figures_do(tmp_path: Path) -> None:
    usual = load(tmp_path).sha256()
    assert load(tmp_path, SIGNED + '[paths]\narchive = "in"\n').sha256() == usual
    assert load(tmp_path, "[severity]\nhigh_minor = 1\n").sha256() != usual
    assert re.fullmatch("[0-9a-f]{64}", usual)


def test_the_hash_does_not_see_how_a_value_was_spelled(tmp_path: Path) -> None:
    one = load(tmp_path, '[webhooks]\nhorizon = "90m"\nsince = "2026-01-01T00:00:00Z"\n')
    other = load(tmp_path, '[webhooks]\nsince = "2025-12-31T19:00:00-05:00"\nhorizon = "1h30m"\n')
    assert one.effective() == other.effective()
    assert one.sha256() == other.sha256()


def test_the_hash_does_not_see_the_order_of_routings(tmp_path: Path) -> None:
    one = load(tmp_path, '[transfers]\nstuck_after = { breb = "1h", pse = "2h" }\n')
    other = load(tmp_path, '[transfers]\nstuck_after = { pse = "2h", breb = "1h" }\n')
    assert one.sha256() == other.sha256()


@given(
    cutoff=st.times().map(lambda moment: f"{moment:%H:%M}"),
    horizon=st.integers(0, 10**7).map(lambda seconds: str(Limit(span=timedelta(seconds=seconds)))),
    payer=st.dictionaries(st.sampled_from(["document_number", "account_id"]), st.text(min_size=1), min_size=1),
    amount=st.integers(0, 2**63 - 1),
)
def test_settings_come_back_from_what_a_pack_keeps_of_them(
    tmp_path_factory: pytest.TempPathFactory, cutoff: str, horizon: str, payer: dict[str, str], amount: int
) -> None:
    environ = {
        "MONO_RECON_BUSINESS__CUTOFF": cutoff,
        "MONO_RECON_WEBHOOKS__HORIZON": horizon,
        "MONO_RECON_CREDITS__KNOWN_PAYERS": json.dumps([{"label": "x"} | payer]),
        "MONO_RECON_SEVERITY__HIGH_MINOR": str(amount),
    }
    data = tmp_path_factory.getbasetemp()
    settings = load_settings(data, None, environ)
    kept = json.loads(json.dumps(settings.effective()))
    assert load_settings(data, None, {}).as_issued(kept) == settings
