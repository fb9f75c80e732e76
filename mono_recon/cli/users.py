"""``user``: who may sign in to the site."""

import getpass
import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from mono_recon.cli.answer import Answer
from mono_recon.cli.failures import UsageError
from mono_recon.cli.session import Session, Shared

if TYPE_CHECKING:
    from mono_recon.site.users import Users


def add(name: str, /, *, password_stdin: Annotated[bool, Parameter(negative=())] = False, session: Shared) -> Answer:
    """Add a user; the password is asked for twice.

    Args:
        name: Letters, digits, '.', '_' and '-'.
        password_stdin: Take the password from the first line of standard input.
        session: Global options.
    """
    users = _users(session)
    users.add(name, sys.stdin.readline().rstrip("\r\n") if password_stdin else _asked_twice())
    return Answer({"added": name.lower()}, lambda console: console.print(f"{name.lower()} can sign in."))


def remove(name: str, /, *, session: Shared) -> Answer:
    """Remove a user; whoever is signed in under the name is signed out.

    Args:
        name: The user.
        session: Global options.
    """
    _users(session).remove(name)
    return Answer({"removed": name.lower()}, lambda console: console.print(f"{name.lower()} can no longer sign in."))


def list_users(*, session: Shared) -> Answer:
    """List the users.

    Args:
        session: Global options.
    """
    names = _users(session).names()
    return Answer(names, lambda console: console.print("\n".join(names) or "There is no user yet."))


def _users(session: Session) -> "Users":
    from mono_recon.site.users import FILE_NAME, Users  # noqa: PLC0415  help needs it not

    return Users(session.settings().paths.data / FILE_NAME)


def _asked_twice() -> str:
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask for the password; give it with --password-stdin")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise UsageError("the two passwords differ; nothing was changed")
    return password
