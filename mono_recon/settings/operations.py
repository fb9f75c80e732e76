"""The sections of the settings about operations: when runs begin by themselves, and who is told.

Here belong keys that change no figure. Secrets are named by the environment variable that holds them and
never stand here.
"""

# ruff: noqa: RUF009  setting() makes a dataclass field

from dataclasses import dataclass
from datetime import timedelta

from mono_recon.settings import kinds, tables
from mono_recon.settings.kinds import RefusedError
from mono_recon.settings.tables import setting

FAILURE, VERDICT, NEW_BREAKS, FEED_MISSING = "failure", "verdict", "new_breaks", "feed_missing"
REASONS = (FAILURE, VERDICT, NEW_BREAKS, FEED_MISSING)
"""What a message may be about."""

_LINK = ("http://", "https://")
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_LARGEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Schedule:
    """What Dagster's daemon does by itself; the hours of the runs are those of ``business``."""

    enabled: bool = setting(kinds.boolean, default=False)
    overdue_after: timedelta = setting(kinds.span, "1h")
    silent_after: timedelta = setting(kinds.span, "26h")
    late_files_every: timedelta = setting(kinds.span, "5m")

    def __post_init__(self) -> None:
        """Refuse spans that Dagster cannot keep."""
        if not _MINUTE <= self.overdue_after < _DAY:
            raise RefusedError("must be from 1m to less than 24h", "overdue_after")
        for key in ("silent_after", "late_files_every"):
            if getattr(self, key) < _MINUTE:
                raise RefusedError("must be 1m or longer", key)


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """A Slack channel, by the variable that holds the address of its incoming webhook."""

    env: str = setting(kinds.name)


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """Mailboxes, and the server that takes mail for them."""

    host: str = setting(kinds.name)
    sender: str = setting(kinds.name, key="from")
    to: tuple[str, ...] = setting(kinds.texts)
    port: int = setting(kinds.integer(at_least=1, at_most=_LARGEST_PORT), 587)
    security: str = setting(kinds.choice("starttls", "tls", "none"), "starttls")
    user: str = setting(kinds.text, "")
    password_env: str = setting(kinds.text, "")

    def __post_init__(self) -> None:
        """Refuse mail to nobody, and a user without a password."""
        if not self.to:
            raise RefusedError("must name at least one mailbox", "to")
        if bool(self.user) != bool(self.password_env):
            raise RefusedError("must have both user and password_env, or neither")


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Any program that takes JSON, by the variables that hold its address and, if it asks for one, a token."""

    env: str = setting(kinds.name)
    token_env: str = setting(kinds.text, "")


@dataclass(frozen=True, slots=True)
class Alerts:
    """What people are told of, and where."""

    on: tuple[str, ...] = setting(kinds.choices(*REASONS), list(REASONS))
    new_breaks: int = setting(kinds.integer(), 0)
    new_breaks_minor: int = setting(kinds.integer(), 0)
    link: str = setting(kinds.text, "")
    slack: tuple[SlackChannel, ...] = setting(tables.records(SlackChannel), [])
    email: tuple[EmailChannel, ...] = setting(tables.records(EmailChannel), [])
    webhook: tuple[WebhookChannel, ...] = setting(tables.records(WebhookChannel), [])

    def __post_init__(self) -> None:
        """Refuse a link that leads nowhere."""
        if self.link and not self.link.startswith(_LINK):
            raise RefusedError('must be empty or an address such as "https://recon.example.com/dates/{date}"', "link")

    @property
    def is_on(self) -> bool:
        """Whether there is anybody to tell."""
        return bool(self.slack or self.email or self.webhook)
