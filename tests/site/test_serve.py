"""The command that serves the site: where it may be bound, and how it begins and ends."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.commands import command
from tests.site.visits import settings_of, with_ana

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "recon.example"])  # noqa: S104  what is refused
def test_without_users_no_other_machine_is_served(tmp_path: Path, host: str) -> None:
    done = command("--data", tmp_path, "serve", "--host", host)
    assert done.code == 2
    assert "mono-recon user add NAME" in done.err
    assert done.out == ""


def test_a_file_without_a_user_is_no_user(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text('{"users": []}', encoding="utf-8")
    assert command("--data", tmp_path, "serve", "--host", "0.0.0.0").code == 2  # noqa: S104  what is refused


def test_with_a_user_any_address_of_the_machine_can_be_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uvicorn.Server.run", lambda _self, sockets: sockets[0].getsockname())
    with_ana(settings_of(tmp_path))
    done = command("--data", tmp_path, "serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104  what is tested
    assert (done.code, "at http://0.0.0.0:" in done.err) == (0, True)


def test_a_name_that_only_sounds_like_loopback_is_not_served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    elsewhere = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("192.0.2.1", 0))]
    monkeypatch.setattr("mono_recon.site.server.socket.getaddrinfo", lambda *_args, **_options: elsewhere)
    done = command("--data", tmp_path, "serve", "--host", "localhost")
    assert (done.code, "give 127.0.0.1" in done.err) == (2, True)


def test_a_port_that_is_taken_is_said_and_left_alone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command("--data", tmp_path, "serve", "--port", taken.getsockname()[1])
    assert (done.code, "name another --port" in done.err) == (2, True)
    done = command("--data", tmp_path, "serve", "--port", "70000")
    assert (done.code, "is no port" in done.err) == (2, True)


def test_https_needs_a_certificate_and_its_key(tmp_path: Path) -> None:
    done = command("--data", tmp_path, "serve", "--port", "0", "--certificate", "x.pem")
    assert (done.code, "--certificate and --key" in done.err) == (2, True)


def test_it_says_where_it_serves_and_ends_in_peace(tmp_path: Path) -> None:
    called = [sys.executable, "-m", "mono_recon", "--data", str(tmp_path), "serve", "--port", "0"]
    bare = {name: value for name, value in os.environ.items() if not name.startswith("MONO_RECON")}
    with subprocess.Popen(called, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=bare) as process:
        assert process.stderr is not None
        address = process.stderr.readline().split(" at ")[1].split(";")[0]
        with urllib.request.urlopen(f"{address}/lookup?id=somebody") as answer:  # noqa: S310  on loopback
            assert "mono-recon run" in answer.read().decode()
        process.send_signal(signal.SIGINT)
        logged = process.stderr.read()
        assert process.wait() == 0
    assert "path=/lookup status=200" in logged
    assert "somebody" not in logged
    assert "Traceback" not in logged
