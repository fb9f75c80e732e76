"""A site that tests visit: without a server, or served as people meet it."""

import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from mono_recon.settings import Settings, load_settings
from mono_recon.site.app import Site
from mono_recon.site.users import FILE_NAME, Users

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it asks for a package that is named otherwise
    from starlette.testclient import TestClient

ANA, SECRET = "ana", "correct horse"
TOKEN = re.compile(r'name="token" value="([^"]+)"')


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def settings_of(root: Path, data: Path | None = None, **environ: str) -> Settings:
    """The settings of a data root; with another folder for what the site itself keeps."""
    settings = load_settings(root, None, environ)
    return replace(settings, paths=replace(settings.paths, data=data)) if data else settings


def with_ana(settings: Settings) -> Settings:
    """The same with a user."""
    Users(settings.paths.data / FILE_NAME).add(ANA, SECRET)
    return settings


@contextmanager
def visiting(settings: Settings, *, is_local: bool = True, clock: Clock | None = None, **form: Any) -> Iterator[Any]:
    """A client of a site that no server stands before."""
    site = Site(settings, is_local=is_local, clock=clock or Clock())
    address = "http://localhost" if is_local else "https://recon.example"
    with TestClient(site.app, base_url=address, client=("127.0.0.1", 50000), follow_redirects=False, **form) as client:
        yield client
    site.close()


def sign_in(client: Any, name: str = ANA, password: str = SECRET, **fields: str) -> Any:
    """Fill in the form and send it."""
    token = TOKEN.search(client.get("/login").text)
    assert token is not None
    return client.post("/login", data={"token": token[1], "name": name, "password": password} | fields)


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    """The address of a site that is served on loopback."""
    site = Site(settings, is_local=True)
    config = uvicorn.Config(site.app, port=0, log_config=None, access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            thread.join(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join()
        site.close()
