"""The process that serves the site.

Here belong the address it is bound to, and who may be let in there. What it serves is in ``app``.
"""

import logging
import socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import uvicorn

from mono_recon.settings import Settings
from mono_recon.site.app import Site
from mono_recon.site.gate import is_loopback
from mono_recon.site.users import FILE_NAME, Users

_AT_ONCE = 1000
_LAST_PORT = 65_535
_SECONDS_TO_END = 5


class ServeError(ValueError):
    """The site cannot be served there; the message says why and what to do."""


def serve(
    settings: Settings,
    host: str,
    port: int,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    started: Callable[[str], None],
) -> None:
    """Serve the site until the process is told to end.

    Args:
        settings: Settings in force.
        host: Name or address to bind to; other than loopback only if there are users.
        port: Port; 0 takes any that is free.
        certificate: Certificate for HTTPS, in PEM.
        key: Its private key, in PEM.
        started: Told the address once it can be reached.

    Raises:
        ServeError: It cannot be bound, or nobody could sign in.
        UserError: The file of users cannot be read.
    """
    is_local = is_loopback(host)
    if not is_local and not Users(settings.paths.data / FILE_NAME).names():
        raise ServeError(
            f"--host {host} can be reached from other machines, so people must sign in, and there is no user yet;"
            " add one with mono-recon user add NAME, or leave --host out"
        )
    if bool(certificate) != bool(key):
        raise ServeError("HTTPS needs --certificate and --key together")
    bound = _bound(host, port, is_local=is_local)
    site = Site(settings, is_local=is_local)
    config = uvicorn.Config(
        site.app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        limit_concurrency=_AT_ONCE,
        timeout_graceful_shutdown=_SECONDS_TO_END,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    with bound:
        shown = f"[{host}]" if ":" in host else host
        started(f"{'https' if certificate else 'http'}://{shown}:{bound.getsockname()[1]}")
        try:
            uvicorn.Server(config).run(sockets=[bound])
        except KeyboardInterrupt:
            return
        finally:
            site.close()


def _bound(host: str, port: int, *, is_local: bool) -> socket.socket:
    """A socket that listens; bound to loopback if that is what the name promised."""
    if not 0 <= port <= _LAST_PORT:
        raise ServeError(f"--port {port} is no port; give one from 0 to {_LAST_PORT}")
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        if is_local and not ip_address(place[0]).is_loopback:
            raise ServeError(f"--host {host} does not lead to this machine alone; give 127.0.0.1")
        return socket.create_server((str(place[0]), port), family=family)
    except OSError as error:
        raise ServeError(
            f"{host} port {port} cannot be used ({error.strerror}); name another --port or --host"
        ) from error
