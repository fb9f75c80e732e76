"""The ways to people: Slack, e-mail, and any program that takes JSON.

Here belongs how a message is handed over. An address may be a secret, so what went wrong is said without it.
"""

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from http.client import HTTPException
from typing import Any

from mono_recon.alerts.message import Message
from mono_recon.settings.operations import Alerts, EmailChannel

TIMEOUT_SECONDS = 10
"""How long a channel may take; a run waits no longer for it."""

_ADDRESSES = ("http://", "https://")
_SLACK_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class UndeliveredError(RuntimeError):
    """A channel did not take a message; says why, without a secret."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to people.

    Attributes:
        name: Its kind, and its number where there are several of a kind.
        variables: Environment variables that it needs.
        send: Hands a message over, with the values of these variables; raises ``UndeliveredError``.
    """

    name: str
    variables: tuple[str, ...]
    send: Callable[[Message, Mapping[str, str]], None]


def channels(alerts: Alerts) -> list[Channel]:
    """The channels of the settings, in their order."""
    return [
        *_numbered("slack", [((each.env,), _to_slack(each.env)) for each in alerts.slack]),
        *_numbered("email", [((each.password_env,) * bool(each.user), _to_mailboxes(each)) for each in alerts.email]),
        *_numbered(
            "webhook",
            [
                ((each.env, *((each.token_env,) * bool(each.token_env))), _to_program(each.env, each.token_env))
                for each in alerts.webhook
            ],
        ),
    ]


def missing_variables(channel: Channel, environ: Mapping[str, str]) -> list[str]:
    """Environment variables that a channel needs and that are not set."""
    return [name for name in channel.variables if not environ.get(name)]


def send(channel: Channel, message: Message, environ: Mapping[str, str]) -> None:
    """Hand a message over.

    Raises:
        UndeliveredError: The channel did not take it; says why, without a secret.
    """
    if missing := missing_variables(channel, environ):
        raise UndeliveredError(f"environment variable {missing[0]} is not set")
    try:
        channel.send(message, environ)
    except urllib.error.HTTPError as error:
        error.close()
        raise UndeliveredError(f"it answered HTTP {error.code}") from None
    except smtplib.SMTPResponseException as error:
        raise UndeliveredError(f"the server answered {error.smtp_code}") from None
    except (OSError, HTTPException, smtplib.SMTPException, ValueError) as error:
        # The text of such an error may hold the address.
        raise UndeliveredError(f"it cannot be reached ({type(error).__name__})") from None


def _numbered(kind: str, found: list[tuple[tuple[str, ...], Callable[..., None]]]) -> Iterator[Channel]:
    for number, (variables, hand_over) in enumerate(found, start=1):
        yield Channel(kind if len(found) == 1 else f"{kind} {number}", variables, hand_over)


def _to_slack(env: str) -> Callable[[Message, Mapping[str, str]], None]:
    def hand_over(message: Message, environ: Mapping[str, str]) -> None:
        text = f"*{message.subject.translate(_SLACK_ESCAPES)}*\n{message.text.translate(_SLACK_ESCAPES)}"
        _post(environ[env], {"text": text}, token="")

    return hand_over


def _to_program(env: str, token_env: str) -> Callable[[Message, Mapping[str, str]], None]:
    def hand_over(message: Message, environ: Mapping[str, str]) -> None:
        _post(environ[env], message.to_dict() | {"text": message.text}, token=environ[token_env] if token_env else "")

    return hand_over


def _post(address: str, content: Mapping[str, Any], *, token: str) -> None:
    if not address.startswith(_ADDRESSES):
        raise UndeliveredError("its address does not begin with http:// or https://")
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = json.dumps(content, ensure_ascii=False).encode()
    request = urllib.request.Request(address, data=body, headers=headers, method="POST")  # noqa: S310  http or https, checked above
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310  http or https, checked above
        pass


def _to_mailboxes(channel: EmailChannel) -> Callable[[Message, Mapping[str, str]], None]:
    def hand_over(message: Message, environ: Mapping[str, str]) -> None:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = message.subject, channel.sender, ", ".join(channel.to)
        mail.set_content(message.text)
        with _connected(channel) as server:
            if channel.user:
                server.login(channel.user, environ[channel.password_env])
            server.send_message(mail)

    return hand_over


def _connected(channel: EmailChannel) -> smtplib.SMTP:
    if channel.security == "tls":
        return smtplib.SMTP_SSL(
            channel.host, channel.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    server = smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT_SECONDS)
    if channel.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server
