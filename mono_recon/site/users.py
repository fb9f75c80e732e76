"""Who may sign in: a file of names and password hashes.

Here belong the file, its one form and the check of a password. What a signed-in person may see, and how long, is not
known here.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import BoundedSemaphore

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

FILE_NAME = "users.json"
"""Name of the file under the data root."""

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PRIVATE = 0o600
_AT_ONCE = BoundedSemaphore(2)
"""A hash takes 64 MiB: a crowd at the door must not take the machine's memory."""


class UserError(ValueError):
    """A name, a password or a file of users that cannot be used; the message says what to do."""


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person: the name in lower case, and an argon2id hash of the password."""

    name: str
    argon2: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    users: list[User]


class Users:
    """The people of one file. It is read anew whenever it has changed, so that a site need not be started again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._hasher = PasswordHasher()
        self._read: tuple[tuple[int, int, int] | None, dict[str, User]] | None = None

    def names(self) -> list[str]:
        """Every name, sorted.

        Raises:
            UserError: The file cannot be read.
        """
        return sorted(self._known())

    def find(self, name: str) -> User | None:
        """The person of a name, whatever the case of its letters."""
        return self._known().get(name.strip().lower())

    def add(self, name: str, password: str) -> None:
        """Add a person.

        Raises:
            UserError: The name or the password will not do, or the name is taken.
        """
        if not _NAME.fullmatch(name.lower()):
            raise UserError(f"{name!r}: a name has letters, digits, '.', '_' and '-', and 64 of them at most")
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise UserError(f"the password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
        with self._changing() as known:
            if name.lower() in known:
                raise UserError(f"{name.lower()} is there already; remove it first to give it another password")
            known[name.lower()] = User(name.lower(), self._hasher.hash(password))

    def remove(self, name: str) -> None:
        """Remove a person; what is signed in under the name ends.

        Raises:
            UserError: There is no such person.
        """
        with self._changing() as known:
            if known.pop(name.lower(), None) is None:
                raise UserError(f"{name}: there is no such user; see mono-recon user list")

    def check(self, name: str, password: str) -> User | None:
        """The person whose password this is; it takes as long for a name that nobody has."""
        user = self.find(name)
        with _AT_ONCE:
            try:
                self._hasher.verify(user.argon2 if user else self._stand_in, password[:LONGEST_PASSWORD])
            except (Argon2Error, InvalidHashError):
                return None
        return user

    @cached_property
    def _stand_in(self) -> str:
        """A hash that no password has been given for."""
        return self._hasher.hash(secrets.token_urlsafe())

    def _known(self) -> dict[str, User]:
        try:
            found = self.path.stat()
            stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
        except FileNotFoundError:
            return {}
        if self._read is None or self._read[0] != stamp:
            self._read = (stamp, self._load())
        return self._read[1]

    def _load(self) -> dict[str, User]:
        try:
            users = msgspec.json.decode(self.path.read_bytes(), type=_File).users
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UserError(
                f"{self.path} cannot be read as a file of users ({error}); mend it, or remove it and add them again"
            ) from error
        return {user.name: user for user in users}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, User]]:
        """The people, to be changed by nobody else meanwhile; a reader sees the old file or the new one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_name(f".{self.path.name}.tmp")
        with self.path.with_name(f".{self.path.stem}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self._load() if self.path.exists() else {}
            yield known
            ordered = _File(sorted(known.values(), key=lambda user: user.name))
            aside.unlink(missing_ok=True)
            with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            aside.replace(self.path)
