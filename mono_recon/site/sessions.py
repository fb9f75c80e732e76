"""Who is signed in, and until when.

Here belong sessions: they live in this process alone, and end with it. How a person proves who they are is in
``users``, the forms are in ``signing``.
"""

import hashlib
import secrets
from dataclasses import dataclass
from threading import Lock

from mono_recon.site.attempts import Clock
from mono_recon.site.users import User, Users

IDLE = 60 * 60.0
"""Seconds without a request after which a session ends."""

LONGEST = 12 * 60 * 60.0
"""Seconds after which it ends in any case."""

_MOST = 10_000


@dataclass(slots=True)
class Session:
    """One sign-in.

    Attributes:
        user: Who, with the password hash of that moment.
        form_token: What the session's own forms must carry.
        begun_at: By the clock of the site.
        seen_at: Last request.
    """

    user: User
    form_token: str
    begun_at: float
    seen_at: float


class Sessions:
    """The open sessions by the hash of their token; the token itself is known to the browser alone."""

    def __init__(self, users: Users, clock: Clock) -> None:
        self._users = users
        self._clock = clock
        self._lock = Lock()
        self._open: dict[str, Session] = {}

    def begin(self, user: User) -> str:
        """Open a session and return its token, which was never used before."""
        token, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            self._open = {key: held for key, held in self._open.items() if not self._is_over(held, now)}
            if len(self._open) >= _MOST:
                del self._open[next(iter(self._open))]
            self._open[_key(token)] = Session(user, secrets.token_urlsafe(32), now, now)
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token, unless it is over, or its user was removed or given another password."""
        now = self._clock()
        with self._lock:
            session = self._open.get(_key(token))
            if session is None:
                return None
            if self._is_over(session, now) or self._users.find(session.user.name) != session.user:
                del self._open[_key(token)]
                return None
            session.seen_at = now
            return session

    def end(self, token: str) -> None:
        """Close a session."""
        with self._lock:
            self._open.pop(_key(token), None)

    @staticmethod
    def _is_over(session: Session, now: float) -> bool:
        return now >= session.seen_at + IDLE or now >= session.begun_at + LONGEST


def _key(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
