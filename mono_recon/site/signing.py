"""Signing in and out: two forms, and what they must carry.

Here belong the pages of the forms. Who may sign in is in ``users``, how often it may fail in ``attempts``.
"""

import base64
import hmac
import secrets
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from mono_recon.site.attempts import Attempts
from mono_recon.site.gate import SIGN_IN, Door
from mono_recon.site.render import Renderer
from mono_recon.site.sessions import LONGEST
from mono_recon.site.users import User

_FORM_COOKIE = "mono_recon_form"
_LONGEST_FORM = 8192
_FORM_SECONDS = 3600


class Signing:
    """The sign-in page and what its form and that of signing out lead to."""

    def __init__(self, door: Door, attempts: Attempts, renderer: Renderer) -> None:
        self._door = door
        self._attempts = attempts
        self._renderer = renderer

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(SIGN_IN, self.ask),
            Route(SIGN_IN, self.sign_in, methods=["POST"]),
            Route("/logout", self.sign_out, methods=["POST"]),
        ]

    def ask(self, request: Request) -> Response:
        """The form; who is signed in, or need not be, is led on."""
        if request.scope["session"] is not None or not self._door.is_shut:
            return RedirectResponse("/", 303)
        return self._form(request, request.query_params.get("next", ""))

    async def sign_in(self, request: Request) -> Response:
        """Take the form."""
        form = await _read_form(request)
        if form is None:
            return PlainTextResponse("The form is too long.\n", 413)
        return await run_in_threadpool(self._signed_in, request, form)

    async def sign_out(self, request: Request) -> Response:
        """End the session whose own form this is."""
        form, session = await _read_form(request) or {}, request.scope["session"]
        if session is None or not _equal(form.get("token", ""), session.form_token):
            return PlainTextResponse("This form is out of date; go back and load the page again.\n", 403)
        name = self._door.cookie(request)
        self._door.sessions.end(request.cookies[name])
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(name, httponly=True, samesite="strict", secure=self._door.has_secure_cookies(request))
        return answer

    def admits(self, request: Request) -> bool:
        """Whether a program may come in: its request bears the name and password of a user, or none is needed."""
        if request.scope["session"] is not None or not self._door.is_shut:
            return True
        name, password = _credentials(request.headers.get("authorization", ""))
        return bool(name) and isinstance(self._known(request, name, password), User)

    def _known(self, request: Request, name: str, password: str) -> User | int | None:
        """The person of a name and password; else, if it must wait, for how many seconds."""
        address = request.client.host if request.client else ""
        if wait := self._attempts.begin(name, address):
            return wait
        user = self._door.users.check(name, password)
        if user is not None:
            self._attempts.succeeded(name, address)
        return user

    def _signed_in(self, request: Request, form: dict[str, str]) -> Response:
        door, next_path = self._door, form.get("next", "")
        if not _equal(form.get("token", ""), request.cookies.get(_FORM_COOKIE, "")):
            return self._form(request, next_path, "signing_stale", status=403)
        user = self._known(request, form.get("name", ""), form.get("password", ""))
        if isinstance(user, int):
            answer = self._form(request, next_path, "signing_wait", status=429)
            answer.headers["Retry-After"] = str(user)
            return answer
        if user is None:
            return self._form(request, next_path, "signing_wrong", status=403)
        cookie = door.cookie(request)
        if earlier := request.cookies.get(cookie):
            door.sessions.end(earlier)
        answer = RedirectResponse(_local(next_path), 303)
        answer.set_cookie(
            cookie,
            door.sessions.begin(user),
            max_age=int(LONGEST),
            httponly=True,
            samesite="strict",
            secure=door.has_secure_cookies(request),
        )
        answer.delete_cookie(_FORM_COOKIE, path=SIGN_IN)
        return answer

    def _form(self, request: Request, next_path: str, problem: str = "", status: int = 200) -> Response:
        token = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(32)
        context = {"token": token, "next": _local(next_path), "problem": problem}
        answer = self._renderer.page(request, "login.html.j2", context, status=status)
        answer.set_cookie(
            _FORM_COOKIE,
            token,
            max_age=_FORM_SECONDS,
            path=SIGN_IN,
            httponly=True,
            samesite="strict",
            secure=self._door.has_secure_cookies(request),
        )
        return answer


def _local(path: str) -> str:
    """A path of this site to go on to; anything that could lead elsewhere is its first page."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\", SIGN_IN)) and path.isprintable()
    return path if is_ours else "/"


def _equal(given: str, held: str) -> bool:
    return bool(held) and hmac.compare_digest(given.encode(), held.encode())


def _credentials(header: str) -> tuple[str, str]:
    """Name and password of HTTP's basic authentication; empty where there are none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return "", ""
    return name, password


async def _read_form(request: Request) -> dict[str, str] | None:
    """The fields of a form, the first of each name; None if it is longer than any of ours."""
    content = bytearray()
    try:
        async for part in request.stream():
            content += part
            if len(content) > _LONGEST_FORM:
                return None
        fields = parse_qs(content.decode("utf-8"), keep_blank_values=True, max_num_fields=16)
    except (ClientDisconnect, UnicodeDecodeError, ValueError):
        return {}
    return {name: values[0] for name, values in fields.items()}
