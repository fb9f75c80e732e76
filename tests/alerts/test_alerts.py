"""People are told once of what matters, over every channel, without a secret and without anybody's data."""

import email
import email.policy
import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mono_recon.alerts.channels import UndeliveredError, channels, send
from mono_recon.alerts.digest import Digest, Sum, latest_digest
from mono_recon.alerts.message import Message, about_failure, about_version
from mono_recon.alerts.outbox import tell, waiting
from mono_recon.alerts.telling import tell_failure, tell_issued, told_error
from mono_recon.settings import Settings, load_settings
from mono_recon.settings.operations import Alerts
from tests.alerts.conftest import Taken

DAY = date(2026, 3, 4)
QUIET = Digest(DAY, 1, "2026-03-05T11:00:00.000000Z", "balanced", (), Sum(), (), 0, (), ())
LOUD = replace(
    QUIET,
    verdict="breaks",
    new_breaks=(("amount_mismatch", Sum(2, (("COP", 123_456),))), ("missing_webhook", Sum(1, (("COP", 100),)))),
    open_breaks=Sum(5, (("COP", 999_900),)),
    missing_feeds=("balance:acc_16ktUqSO7G0qTHDz8I3qrG", "exports"),
    quarantined=3,
    unexplained=(("COP", -50),),
)
SETTINGS = """
[report]
language = "en"
[alerts]
link = "https://recon.example.com/{date}/v{version}"
[[alerts.slack]]
env = "SLACK"
[[alerts.email]]
host = "127.0.0.1"
port = 0
security = "none"
user = "recon"
password_env = "PASSWORD"
from = "recon@example.com"
to = ["finance@example.com", "audit@example.com"]
[[alerts.webhook]]
env = "HOOK"
token_env = "TOKEN"
"""


def settings(root: Path, text: str = SETTINGS) -> Settings:
    (root / "mono_recon.toml").write_text(text, encoding="utf-8")
    return load_settings(root, None, {})


def told(digest: Digest, language: str = "en", **chosen: object) -> Message | None:
    return about_version(digest, replace(Alerts(), **chosen), language)  # type: ignore[arg-type]  # a key and its value


def message(digest: Digest = LOUD) -> Message:
    made = told(digest)
    assert made is not None
    return made


def test_a_balanced_date_without_new_breaks_is_not_told_of() -> None:
    assert told(QUIET) is None
    assert told(replace(QUIET, quarantined=7, open_breaks=Sum(9, (("COP", 9),)))) is None


@pytest.mark.parametrize(
    ("digest", "reasons"),
    [
        (replace(QUIET, verdict="awaiting"), ("verdict",)),
        (replace(QUIET, new_breaks=(("stuck_batch", Sum(1)),)), ("new_breaks",)),
        (replace(QUIET, missing_feeds=("webhooks",)), ("feed_missing",)),
        (LOUD, ("verdict", "new_breaks", "feed_missing")),
    ],
)
def test_a_message_says_why_it_is_sent(digest: Digest, reasons: tuple[str, ...]) -> None:
    assert message(digest).reasons == reasons
    for reason in reasons:
        rest = tuple(each for each in reasons if each != reason)
        made = told(digest, on=("failure", *rest))
        assert (made.reasons if made else ()) == rest


@pytest.mark.parametrize(
    ("count", "minor", "is_told"), [(3, 123_556, False), (2, 123_556, True), (3, 123_555, True), (0, 0, True)]
)
def test_new_breaks_are_told_of_above_either_limit(count: int, minor: int, *, is_told: bool) -> None:
    digest = replace(QUIET, new_breaks=LOUD.new_breaks)
    assert (told(digest, new_breaks=count, new_breaks_minor=minor) is not None) == is_told


def test_a_message_has_figures_and_a_link() -> None:
    made = told(LOUD, link="https://recon.example.com/{date}/v{version}")
    assert made is not None
    assert made.subject == "mono_recon 2026-03-04: breaks"
    assert made.lines == (
        "Verdict: breaks (version 1, as of 2026-03-05T11:00:00.000000Z)",
        "New breaks: 3, COP 1.235,56",
        "  amount_mismatch: 2, COP 1.234,56",
        "  missing_webhook: 1, COP 1,00",
        "Open breaks in all: 5, COP 9.999,00",
        "Nothing came from: balance:acc_16ktUqSO7G0qTHDz8I3qrG, exports",
        "Records refused: 3",
        "Unexplained in balances: COP -0,50",
        "See: https://recon.example.com/2026-03-04/v1",
    )
    assert message(replace(QUIET, verdict="awaiting")).lines[-1] == "Open breaks in all: 0"


@pytest.mark.parametrize("verdict", ["awaiting", "breaks", "incomplete"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_a_message_is_in_the_language_of_the_report(verdict: str, language: str) -> None:
    made = told(replace(LOUD, verdict=verdict), language)
    assert made is not None
    assert ("Veredicto" in made.text) == (language == "es")
    failed = about_failure("run", "no room", language)
    assert ("falló" in failed.text) == (language == "es")
    assert "no room" in failed.text


def test_every_channel_takes_the_message(tmp_path: Path, web: Taken, post_office: Taken) -> None:
    text = SETTINGS.replace("port = 0", f"port = {post_office.port}")
    environ = {"SLACK": web.address, "HOOK": web.address, "TOKEN": "t0ken", "PASSWORD": "hunter2"}
    tell(settings(tmp_path, text), [message()], environ)
    (_, _, slack), (path, headers, hook) = web.posts
    assert slack == {"text": f"*{message().subject}*\n{message().text}"}
    assert (path, headers["Authorization"]) == ("/secret-path", "Bearer t0ken")
    assert (hook["key"], hook["reasons"]) == ("2026-03-04_v1", ["verdict", "new_breaks", "feed_missing"])
    assert hook["figures"]["unexplained"] == [["COP", -50]]
    assert hook["figures"]["new_breaks"][0] == ["amount_mismatch", {"count": 2, "minor": [["COP", 123_456]]}]
    (mail,) = (email.message_from_string(each, policy=email.policy.default) for each in post_office.mails)
    assert (mail["Subject"], mail["From"]) == (message().subject, "recon@example.com")
    assert mail["To"] == "finance@example.com, audit@example.com"
    assert mail.get_content().strip() == message().text
    kept = "".join(path.read_text() for path in (tmp_path / "alerts").rglob("*.json"))
    assert json.loads(kept)["message"]["key"] == "2026-03-04_v1"
    for secret in ("t0ken", "hunter2", "secret-path"):
        assert secret not in kept


HOOK = '[[alerts.webhook]]\nenv = "HOOK"\n'


def test_nothing_is_told_twice_and_a_later_version_only_if_it_says_something_else(tmp_path: Path, web: Taken) -> None:
    there, environ = settings(tmp_path, HOOK), {"HOOK": web.address}
    for _ in range(2):
        tell(there, [message()], environ)
    tell(there, [message(replace(LOUD, version=2, as_of="later", quarantined=4))], environ)
    assert [post[2]["key"] for post in web.posts] == ["2026-03-04_v1"]
    tell(there, [message(replace(LOUD, version=3, missing_feeds=()))], environ)
    tell(there, [message()], environ)
    tell(there, [message(replace(LOUD, version=10))], environ)
    tell(there, [message(replace(LOUD, version=11))], environ)
    assert [post[2]["key"] for post in web.posts] == ["2026-03-04_v1", "2026-03-04_v3", "2026-03-04_v10"]
    for _ in range(2):
        tell_failure(there, "run-1", "no room", environ)
    assert web.posts[-1][2]["key"] == "failure_run-1"
    assert len(web.posts) == 4


def test_what_a_channel_did_not_take_is_sent_with_the_next_run_to_that_channel_alone(
    tmp_path: Path, web: Taken, caplog: pytest.LogCaptureFixture
) -> None:
    there = settings(tmp_path, f'{HOOK}[[alerts.slack]]\nenv = "SLACK"\n')
    environ = {"HOOK": web.address, "SLACK": "http://127.0.0.1:1/hidden"}
    tell(there, [message()], environ)
    assert waiting(there) == ["2026-03-04_v1"]
    assert "alert 2026-03-04_v1 was not sent to slack: it cannot be reached" in caplog.text
    assert "hidden" not in caplog.text
    web.answer = 500
    tell(there, [], environ | {"SLACK": web.address})
    assert "it answered HTTP 500" in caplog.text
    web.answer = 204
    tell(there, [], environ | {"SLACK": web.address})
    tell(there, [], environ | {"SLACK": web.address})
    assert waiting(there) == []
    assert [("key" in post[2]) for post in web.posts] == [True, False, False]


def test_what_waits_for_a_channel_that_the_settings_no_longer_name_waits_no_longer(tmp_path: Path) -> None:
    tell(settings(tmp_path, HOOK), [message()], {})
    there = settings(tmp_path, '[[alerts.slack]]\nenv = "SLACK"\n')
    assert waiting(there) == ["2026-03-04_v1"]
    tell(there, [], {})
    assert waiting(there) == []


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "environment variable HOOK is not set"),
        ({"HOOK": ""}, "environment variable HOOK is not set"),
        ({"HOOK": "file:///etc/passwd"}, "its address does not begin with http:// or https://"),
        ({"HOOK": "http://secret host"}, "it cannot be reached (InvalidURL)"),
        ({"HOOK": "http://[::secret"}, "it cannot be reached (ValueError)"),
        ({"HOOK": "http://127.0.0.1:1/secret"}, "it cannot be reached (URLError)"),
    ],
)
def test_why_a_channel_failed_is_said_without_its_address(environ: dict[str, str], said: str) -> None:
    (channel,) = channels(
        load_settings(Path(os.devnull), None, {"MONO_RECON_ALERTS__WEBHOOK": '[{"env": "HOOK"}]'}).alerts
    )
    with pytest.raises(UndeliveredError) as caught:
        send(channel, message(), environ)
    assert str(caught.value) == said


def test_a_mail_server_that_refuses_is_told_by_its_number(tmp_path: Path, post_office: Taken) -> None:
    post_office.answer = 535
    text = SETTINGS.replace("port = 0", f"port = {post_office.port}")
    mailbox = channels(settings(tmp_path, text).alerts)[1]
    with pytest.raises(UndeliveredError) as caught:
        send(mailbox, message(), {"PASSWORD": "hunter2"})
    assert str(caught.value) == "the server answered 535"
    no_encryption = channels(settings(tmp_path, text.replace('"none"', '"starttls"')).alerts)[1]
    with pytest.raises(UndeliveredError, match="SMTPNotSupportedError"):
        send(no_encryption, message(), {"PASSWORD": "hunter2"})
    assert post_office.mails == []


def test_of_an_error_only_what_was_written_for_people_is_told() -> None:
    assert told_error("WarehouseError", "no\n room") == "no room"
    assert told_error("KeyError", "'900123456'") == "unexpected KeyError; see the log of the run"


def test_without_a_channel_nothing_is_kept(tmp_path: Path) -> None:
    tell_failure(load_settings(tmp_path, None, {}), "run-1", "no room", {})
    assert list(tmp_path.iterdir()) == []


def test_slack_reads_nothing_as_a_mention(tmp_path: Path, web: Taken) -> None:
    there = settings(tmp_path, '[[alerts.slack]]\nenv = "SLACK"\n')
    tell_failure(there, "run-1", "<!channel> & more", {"SLACK": web.address})
    assert "&lt;!channel&gt; &amp; more" in web.posts[0][2]["text"]


def test_a_damaged_message_holds_no_other_up(tmp_path: Path, web: Taken, caplog: pytest.LogCaptureFixture) -> None:
    there = settings(tmp_path, HOOK)
    (tmp_path / "alerts/outbox").mkdir(parents=True)
    (tmp_path / "alerts/outbox/2026-03-04_v1.json").write_text("{}")
    tell(there, [message(replace(LOUD, version=2))], {"HOOK": web.address})
    assert [post[2]["key"] for post in web.posts] == ["2026-03-04_v2"]
    assert "2026-03-04_v1.json is no message; delete it" in caplog.text


def test_packs_that_cannot_be_read_fail_no_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tell_issued(settings(tmp_path, HOOK), [(DAY, 1)], {})
    assert "alerts were not sent: " in caplog.text
    assert latest_digest(tmp_path, DAY) is None
    (tmp_path / "2026-03-04/v1").mkdir(parents=True)
    (tmp_path / "2026-03-04/v1.old").mkdir()
    assert latest_digest(tmp_path, DAY) is None
