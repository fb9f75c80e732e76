"""The application: its addresses, and what leads from each to its page.

Here belong routes and the answers to what goes wrong. What a page shows is in ``pages``, who may see it in ``gate``.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from mono_recon.pipeline.metrics import CONTENT_TYPE, exposition
from mono_recon.report.page import PAGE
from mono_recon.settings import Settings
from mono_recon.site.attempts import Attempts, Clock
from mono_recon.site.desk import Desk, NothingIssuedError
from mono_recon.site.gate import METRICS, Door, Gate, log
from mono_recon.site.memory import Memory
from mono_recon.site.packs import ChangedError, NotHandedOutError, PackFile, Packs, page_policy
from mono_recon.site.pages.accounts import accounts
from mono_recon.site.pages.breaks import breaks
from mono_recon.site.pages.day import day_page
from mono_recon.site.pages.lines import CREDITS, TRANSFERS, collections, lines
from mono_recon.site.pages.lookup import lookup
from mono_recon.site.pages.overview import overview
from mono_recon.site.pages.reports import reports
from mono_recon.site.pages.webhooks import webhooks
from mono_recon.site.render import Renderer
from mono_recon.site.sessions import Sessions
from mono_recon.site.signing import Signing
from mono_recon.site.users import FILE_NAME, Users
from mono_recon.warehouse.errors import WarehouseError
from mono_recon.warehouse.shared import SharedLake

Context = Mapping[str, Any] | None
Build = Callable[[Desk, Request], Context]

_ASSETS = {
    "style.css": ("mono_recon.report", "web", "text/css; charset=utf-8"),
    "site.css": ("mono_recon.site", "assets", "text/css; charset=utf-8"),
    "site.js": ("mono_recon.site", "assets", "text/javascript; charset=utf-8"),
}
_FOREVER = "public, max-age=31536000, immutable"


class Site:
    """Everything that answers requests, for one data root."""

    def __init__(self, settings: Settings, *, is_local: bool, clock: Clock = time.monotonic) -> None:
        users = Users(settings.paths.data / FILE_NAME)
        self._settings = settings
        self._memory = Memory()
        self._lake = SharedLake(settings.warehouse)
        self._packs = Packs(settings.paths.reports, self._memory)
        self._assets = {name: _asset(name) for name in _ASSETS}
        self._renderer = Renderer(settings, {name: f"/static/{tag}/{name}" for name, (_, tag) in self._assets.items()})
        door = Door(users, Sessions(users, clock), is_local)
        self._signing = Signing(door, Attempts(clock), self._renderer)
        pages = Starlette(
            routes=[*self._routes(), *self._signing.routes()],
            exception_handlers={
                HTTPException: self._refused,
                NothingIssuedError: self._empty,
                WarehouseError: self._unreadable,
                Exception: self._failed,
            },
        )
        pages.router.redirect_slashes = False
        self.app = Gate(pages, door)
        """The ASGI application; the gate is around all of it, answers to errors too."""

    def close(self) -> None:
        """Let go of the warehouse."""
        self._lake.close()

    def _routes(self) -> list[Route]:
        page = self._page
        return [
            Route("/", page("overview", lambda desk, request: overview(desk, request.query_params))),
            Route("/breaks", page("breaks", lambda desk, request: breaks(desk, request.query_params))),
            Route("/transfers", page("transfers", lambda desk, request: lines(desk, request.query_params, TRANSFERS))),
            Route("/credits", page("credits", lambda desk, request: lines(desk, request.query_params, CREDITS))),
            Route("/collections", page("collections", lambda desk, request: collections(desk, request.query_params))),
            Route("/accounts", page("accounts", lambda desk, request: accounts(desk, request.query_params))),
            Route("/webhooks", page("webhooks", lambda desk, _: webhooks(desk))),
            Route("/reports", page("reports", lambda desk, request: reports(desk, request.query_params))),
            Route("/lookup", page("lookup", lambda desk, request: lookup(desk, request.query_params.get("id", "")))),
            Route("/dates", self._find_date),
            Route("/dates/{day}", page("day", self._day, rests_on_state=False)),
            Route("/dates/{day}/v{version:int}", page("day", self._day, rests_on_state=False)),
            Route("/packs/{day}/v{version:int}/{name}", self._pack_file),
            Route("/static/{tag}/{name}", self._static),
            Route(METRICS, self._metrics),
        ]

    def _page(self, section: str, build: Build, *, rests_on_state: bool = True) -> Callable[[Request], Response]:
        """An endpoint; it is no coroutine, so that Starlette gives each request a thread.

        A page that rests on the state of the warehouse alone is made once for all who ask for it.
        """

        def endpoint(request: Request) -> Response:
            with self._lake.reading() as reading:
                if reading is None:
                    return self._empty(request, None)
                desk = Desk(reading, self._memory, self._settings)

                def made() -> str:
                    context = build(desk, request)
                    if context is None:
                        raise HTTPException(404)
                    return self._renderer.text(f"{section}.html.j2", context, section=section)

                address = f"{request.url.path}?{request.url.query}"
                text = desk.worked_out(address, made) if rests_on_state else made()
            return self._renderer.answer(request, text)

        return endpoint

    def _day(self, desk: Desk, request: Request) -> Context:
        return day_page(desk, self._packs, _day_of(request), request.path_params.get("version"))

    def _find_date(self, request: Request) -> Response:
        """The date that a form asks for, which has the calendar of the browser."""
        try:
            return RedirectResponse(f"/dates/{date.fromisoformat(request.query_params.get('date', ''))}", 303)
        except ValueError:
            return RedirectResponse("/reports", 303)

    def _pack_file(self, request: Request) -> Response:
        day, version, name = _day_of(request), request.path_params["version"], request.path_params["name"]
        try:
            file = self._packs.file(day, version, name)
        except NotHandedOutError as error:
            raise HTTPException(404) from error
        except ChangedError as error:
            log.error("%s", error)
            return self._renderer.page(request, "problem.html.j2", {"problem": "changed", "day": day}, status=409)
        return _handed_out(request, file)

    def _metrics(self, request: Request) -> Response:
        """The figures that a monitoring system asks for."""
        if not self._signing.admits(request):
            return PlainTextResponse("Sign in.\n", 401, headers={"WWW-Authenticate": 'Basic realm="mono_recon"'})
        return Response(exposition(self._settings, datetime.now(UTC)), headers={"Content-Type": CONTENT_TYPE})

    def _static(self, request: Request) -> Response:
        content, tag = self._assets.get(request.path_params["name"], (b"", ""))
        if not content or request.path_params["tag"] != tag:
            raise HTTPException(404)
        media_type = _ASSETS[request.path_params["name"]][2]
        return Response(content, media_type=media_type, headers={"Cache-Control": _FOREVER})

    def _refused(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        problem = "not_found" if status == 404 else "refused"  # noqa: PLR2004  of HTTP
        return self._renderer.page(request, "problem.html.j2", {"problem": problem}, status=status)

    def _empty(self, request: Request, _error: Exception | None) -> HTMLResponse:
        return self._renderer.page(request, "problem.html.j2", {"problem": "empty"})

    def _unreadable(self, request: Request, error: Exception) -> Response:
        log.error("%s", error)
        return self._renderer.page(request, "problem.html.j2", {"problem": "unreadable"}, status=503)

    def _failed(self, request: Request, _error: Exception) -> Response:
        return self._renderer.page(request, "problem.html.j2", {"problem": "failed"}, status=500)


def _asset(name: str) -> tuple[bytes, str]:
    """An asset and the beginning of its hash, which its address bears."""
    package, folder, _ = _ASSETS[name]
    content = (resources.files(package) / folder / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:12]


def _day_of(request: Request) -> date:
    text = request.path_params["day"]
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise HTTPException(404) from error
    if day.isoformat() != text:
        raise HTTPException(404)
    return day


def _handed_out(request: Request, file: PackFile) -> Response:
    """A file to keep; the page of a pack to look at, in a sandbox of its own."""
    tag = f'"{file.sha256}"'
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers={"ETag": tag})
    if file.name == PAGE and "download" not in request.query_params:
        content = file.path.read_bytes()
        headers = {"ETag": tag, "Content-Security-Policy": page_policy(content)}
        return Response(content, media_type=file.media_type, headers=headers)
    return FileResponse(file.path, media_type=file.media_type, filename=file.name, headers={"ETag": tag})
