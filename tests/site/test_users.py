"""The file of users: who is in it, what is kept of a password, and how it is changed."""

import json
import threading
from pathlib import Path

import pytest

from mono_recon.site.users import FILE_NAME, LONGEST_PASSWORD, UserError, Users
from tests.commands import command
from tests.site.visits import SECRET


@pytest.fixture
def users(tmp_path: Path) -> Users:
    return Users(tmp_path / "data" / FILE_NAME)


def test_without_a_file_there_is_nobody(users: Users) -> None:
    assert users.names() == []
    assert users.find("ana") is None
    assert users.check("ana", SECRET) is None


def test_a_password_is_kept_as_an_argon2id_hash_that_its_owner_alone_may_read(users: Users) -> None:
    users.add("Ana", SECRET)
    kept = json.loads(users.path.read_text("utf-8"))["users"]
    assert [user["name"] for user in kept] == ["ana"]
    assert kept[0]["argon2"].startswith("$argon2id$")
    assert SECRET not in users.path.read_text("utf-8")
    assert users.path.stat().st_mode & 0o777 == 0o600


def test_the_right_password_is_known_and_no_other(users: Users) -> None:
    users.add("ana", SECRET)
    users.add("luis", "another secret")
    assert users.check("ANA ", SECRET) == users.find("ana")
    assert users.check("ana", "another secret") is None
    assert users.check("nobody", SECRET) is None
    assert users.check("ana", "") is None


def test_a_name_that_nobody_has_takes_the_work_of_one_that_somebody_has(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.add("ana", SECRET)
    hashes = []
    monkeypatch.setattr(type(users._hasher), "verify", lambda _self, held, _given: hashes.append(held))
    users.check("ana", "x")
    users.check("nobody", "x")
    known, stand_in = hashes
    assert known != stand_in
    assert known.rpartition("$")[0].rpartition("$")[0] == stand_in.rpartition("$")[0].rpartition("$")[0]


@pytest.mark.parametrize("name", ["", " ", "-x", "a b", "ana@example.com", "../x", "x" * 65, "ñandú", "a\n"])
def test_a_name_that_could_be_taken_for_something_else_is_refused(users: Users, name: str) -> None:
    with pytest.raises(UserError, match="a name has letters"):
        users.add(name, SECRET)
    assert not users.path.exists()


@pytest.mark.parametrize("password", ["", "short", "x" * (LONGEST_PASSWORD + 1)])
def test_a_password_that_is_too_short_or_endless_is_refused(users: Users, password: str) -> None:
    with pytest.raises(UserError, match="must have 8 to 1024 characters"):
        users.add("ana", password)


def test_a_name_is_taken_once_and_removed_once(users: Users) -> None:
    users.add("ana", SECRET)
    with pytest.raises(UserError, match="ana is there already"):
        users.add("ANA", "something else")
    users.remove("Ana")
    assert users.names() == []
    with pytest.raises(UserError, match="there is no such user"):
        users.remove("ana")


def test_a_change_by_another_process_is_seen(users: Users) -> None:
    users.add("ana", SECRET)
    assert users.names() == ["ana"]
    Users(users.path).add("luis", SECRET)
    assert users.names() == ["ana", "luis"]
    users.path.unlink()
    assert users.names() == []


@pytest.mark.parametrize("content", ["", "{}", '{"users": [{"name": "ana"}]}', "\x00", '{"users": 1, "more": 2}'])
def test_a_file_that_is_none_of_users_lets_nobody_in(users: Users, content: str) -> None:
    users.path.parent.mkdir()
    users.path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match="cannot be read as a file of users"):
        users.check("ana", SECRET)
    with pytest.raises(UserError, match="cannot be read as a file of users"):
        users.add("ana", SECRET)
    assert users.path.read_text("utf-8") == content


def test_people_who_are_added_at_the_same_time_are_all_there(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(users._hasher), "hash", lambda _self, _given: "$argon2id$")
    names = [f"user{number}" for number in range(8)]
    threads = [threading.Thread(target=Users(users.path).add, args=(name, SECRET)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert users.names() == names


def test_the_commands_add_list_and_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", given := _Lines([f"{SECRET}\n"]))
    added = command("--data", tmp_path, "user", "add", "Ana", "--password-stdin")
    assert (added.code, added.out) == (0, "ana can sign in.\n")
    assert given.left == []
    assert Users(tmp_path / FILE_NAME).check("ana", SECRET) is not None
    assert command("--data", tmp_path, "--json", "user", "list").json == ["ana"]
    assert command("--data", tmp_path, "user", "remove", "ana").code == 0
    assert command("--data", tmp_path, "user", "list").out == "There is no user yet.\n"


def test_a_password_is_not_taken_from_a_pipe_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", _Lines([f"{SECRET}\n"]))
    done = command("--data", tmp_path, "user", "add", "ana")
    assert (done.code, "--password-stdin" in done.err) == (2, True)


def test_two_passwords_that_differ_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = iter([SECRET, "correct house", SECRET, SECRET])
    monkeypatch.setattr("sys.stdin", _Lines([], is_terminal=True))
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    assert command("--data", tmp_path, "user", "add", "ana").code == 2
    assert not (tmp_path / FILE_NAME).exists()
    assert command("--data", tmp_path, "user", "add", "ana").code == 0


class _Lines:
    """A standard input."""

    def __init__(self, lines: list[str], *, is_terminal: bool = False) -> None:
        self.left = lines
        self._is_terminal = is_terminal

    def readline(self) -> str:
        return self.left.pop(0)

    def isatty(self) -> bool:
        return self._is_terminal
