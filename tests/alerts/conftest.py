"""Servers of this machine that take messages, and what they took."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest


@dataclass
class Taken:
    """What a server took, and how it answers."""

    port: int = 0
    answer: int = 200
    posts: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/secret-path"


@contextmanager
def served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def web() -> Iterator[Taken]:
    taken = Taken()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            taken.posts.append((self.path, dict(self.headers), body))
            self.send_response(taken.answer)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        taken.port = server.server_address[1]
        with served(server):
            yield taken


class _Postman(socketserver.StreamRequestHandler):
    """As much of a mail server as a client asks for."""

    taken: Taken

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline().decode().strip():
            self.answer(line.split()[0].upper())

    def answer(self, word: str) -> None:
        if word == "AUTH" and self.taken.answer != HTTPStatus.OK:
            self.say(f"{self.taken.answer} no")
        elif word == "DATA":
            self.say("354 go on")
            self.taken.mails.append("\n".join(iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")))
            self.say("250 taken")
        else:
            self.say(
                {"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": "235 welcome", "QUIT": "221 bye"}.get(word, "250 well")
            )

    def say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def post_office() -> Iterator[Taken]:
    taken = Taken()
    handler = type("_Handler", (_Postman,), {"taken": taken})
    with socketserver.TCPServer(("127.0.0.1", 0), handler) as server:
        taken.port = server.server_address[1]
        with served(server):
            yield taken
