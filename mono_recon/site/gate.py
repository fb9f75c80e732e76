"""What every request passes: the name it was sent to, who sends it, the headers of its answer, a line in the log.

Here belong the rules that hold for all pages alike. Signing in and out is in ``signing``.
"""

import logging
import time
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mono_recon.pipeline.logs import tell
from mono_recon.site.sessions import Session, Sessions
from mono_recon.site.users import UserError, Users

log = logging.getLogger("mono_recon.site")

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
"""Content-Security-Policy of every page but those of packs, which bring their own."""

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
SIGN_IN = "/login"
METRICS = "/metrics"
"""Programs ask for it, which sign in with each request."""

_ASSETS = "/static/"
_LONGEST_LOGGED = 200


def is_loopback(host: str) -> bool:
    """Whether a name or address is reached from this machine alone."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Door:
    """Who may come in.

    Attributes:
        users: The people; where there are any, every page needs one of them.
        sessions: Those who are signed in.
        is_local: Whether the site is bound to loopback.
    """

    users: Users
    sessions: Sessions
    is_local: bool

    @property
    def is_shut(self) -> bool:
        """Whether people must sign in."""
        return not self.is_local or bool(self.users.names())

    def has_secure_cookies(self, connection: HTTPConnection) -> bool:
        """Whether cookies go over HTTPS alone: everywhere but on loopback without a proxy that speaks it."""
        return not self.is_local or connection.scope.get("scheme") == "https"

    def cookie(self, connection: HTTPConnection) -> str:
        """Name of the session's cookie; with its prefix a browser takes it from this very host alone."""
        return "__Host-mono_recon" if self.has_secure_cookies(connection) else "mono_recon"

    def session(self, connection: HTTPConnection) -> Session | None:
        """The session of a request."""
        token = connection.cookies.get(self.cookie(connection))
        return self.sessions.find(token) if token else None

    def knows(self, host: str) -> bool:
        """Whether a request was meant for this site: on loopback no other name may lead here.

        Else a page from elsewhere could give its own name this address, and read the site as if it were itself.
        """
        if not self.is_local:
            return True
        try:
            return is_loopback(urlsplit(f"//{host}").hostname or "")
        except ValueError:
            return False


class Gate:
    """The middleware; written against ASGI itself, since it must also see answers that are sent in pieces."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            refusal = self._refusal(HTTPConnection(scope))
            await (refusal or self._app)(scope, receive, send_guarded)
        finally:
            path = quote(scope["path"])[:_LONGEST_LOGGED]  # never the query, which holds what people look for
            milliseconds = round(1000 * (time.perf_counter() - started))
            tell(log, "request", method=scope["method"], path=path, status=status, milliseconds=milliseconds)

    def _refusal(self, connection: HTTPConnection) -> Response | None:
        """What a request is answered that may not go on; else its session is noted."""
        connection.scope["session"] = None
        if not self._door.knows(connection.headers.get("host", "")):
            return PlainTextResponse("This site answers to localhost only.\n", 400)
        if connection.scope["path"].startswith(_ASSETS):
            return None
        try:
            is_shut = self._door.is_shut
            connection.scope["session"] = session = self._door.session(connection) if is_shut else None
        except UserError:
            log.exception("the file of users cannot be read")
            return PlainTextResponse("Nobody can sign in: the file of users cannot be read.\n", 503)
        return _sent_to_sign_in(connection) if is_shut and session is None else None


def _sent_to_sign_in(connection: HTTPConnection) -> Response | None:
    path, query = connection.scope["path"], connection.url.query
    if path in (SIGN_IN, METRICS):
        return None
    if connection.scope["method"] not in ("GET", "HEAD"):
        return PlainTextResponse("Sign in first.\n", 401)
    wanted = f"{path}?{query}" if query else path
    return RedirectResponse(SIGN_IN if wanted == "/" else f"{SIGN_IN}?{urlencode({'next': wanted})}", 303)
