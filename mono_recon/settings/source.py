"""Where settings are written: the file, its lines, the variables of the environment.

Here belongs finding the file, reading it into tables with the environment's overrides in their place,
and naming the line or variable of a key in an error. What a key may hold is not known here.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from mono_recon.settings.kinds import RefusedError
from mono_recon.settings.tables import Override

FILE_NAME = "mono_recon.toml"
PREFIX = "MONO_RECON_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"

KeyPath = tuple[str | int, ...]


class SettingsError(ValueError):
    """Settings that cannot be used; the message says where, what, and what to write."""


@dataclass(frozen=True)
class Source:
    """Settings as they were written.

    Attributes:
        file: The file that was read, absolute; none: defaults alone.
        text: Its text.
        tables: Section, key, TOML value; an ``Override`` where the environment has the last word.
        variables: Names of those variables by section and key.
    """

    file: Path | None
    text: str = field(repr=False)
    tables: dict[str, Any] = field(repr=False)
    variables: Mapping[KeyPath, str] = field(repr=False)

    def error(self, refusal: RefusedError) -> SettingsError:
        """Say where the refused value was written."""
        key = ".".join(part for part in refusal.path if isinstance(part, str))
        if variable := self.variables.get(refusal.path[:2]):
            return SettingsError(f"environment variable {variable}: {key} {refusal.problem}")
        lines = _lines(self.text)
        line = next(lines[path] for path in _upwards(refusal.path) if path in lines)
        return SettingsError(f"{self.file}, line {line}: {key} {refusal.problem}")

    def folder(self, *path: str) -> Path:
        """The folder from which a relative path is meant: the file's, or where the process runs."""
        if self.file is None or path in self.variables:
            return Path.cwd()
        return self.file.parent


def read_source(data: Path, config: Path | None, environ: Mapping[str, str]) -> Source:
    """Find and read settings.

    Args:
        data: The data root, whose file is third in order.
        config: A file named on the command line; it is first in order.
        environ: ``MONO_RECON_CONFIG`` is second in order, ``MONO_RECON_<SECTION>__<KEY>`` overrides.

    Raises:
        SettingsError: A file that was named is not there, or the file is not TOML.
    """
    file = _find(data, config, environ)
    text = _read(file) if file else ""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(file, text, error) from None
    variables: dict[KeyPath, str] = {}
    for variable in sorted(environ):
        section, separator, key = variable.removeprefix(PREFIX).lower().partition("__")
        if variable.startswith(PREFIX) and separator:
            variables[section, key] = variable
            if section not in tables:
                variables[section,] = variable
            if isinstance(table := tables.setdefault(section, {}), dict):
                table[key] = Override(environ[variable])
    return Source(file, text, tables, variables)


def _find(data: Path, config: Path | None, environ: Mapping[str, str]) -> Path | None:
    by_variable = environ.get(CONFIG_VARIABLE, "")
    for named, by in ((config, "--config"), (Path(by_variable) if by_variable else None, CONFIG_VARIABLE)):
        if named is not None:
            if not named.is_file():
                raise SettingsError(f"{by} names {named}, which is not a file; name one that is there")
            return named.resolve()
    usual = (data / FILE_NAME, Path(FILE_NAME))
    return next((file.resolve() for file in usual if file.is_file()), None)


def _read(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}; check its permissions") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{file}, line {line}: is not UTF-8; save the file as UTF-8") from None


def _not_toml(file: Path | None, text: str, error: tomllib.TOMLDecodeError) -> SettingsError:
    """Name the line and the key of a syntax error; texts without quotes are the usual cause."""
    lines = text.split("\n")
    found = re.search(r"\(at line (\d+)", str(error))
    number = int(found[1]) if found else len(lines)
    key = re.match(r"\s*([\w.-]+)\s*=", lines[number - 1])
    what = key[1] if key else "this"
    return SettingsError(f"{file}, line {number}: {what} cannot be read as TOML; a text must stand in quotes ({error})")


def _upwards(path: KeyPath) -> Iterator[KeyPath]:
    for length in range(len(path), -1, -1):
        yield path[:length]


def _lines(text: str) -> dict[KeyPath, int]:
    """The line on which each table, key and list entry of a valid document begins, from 1.

    ``tomllib`` does not say where it found a value. A statement is the shortest run of lines that is
    a document by itself, so each is parsed alone and belongs under the header before it.
    """
    found: dict[KeyPath, int] = {(): 1}
    header: KeyPath = ()
    statement, start = "", 1
    for number, line in enumerate(re.split(r"\r?\n", text), start=1):
        start, statement = (start, f"{statement}\n{line}") if statement else (number, line)
        try:
            parsed = tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        if statement.lstrip().startswith("["):
            header = _entered(max(_paths(parsed), key=len), found)
            named = [header, *_upwards(header)]
        else:
            named = [header + path for path in _paths(parsed)]
        found = dict.fromkeys(named, start) | found
        statement = ""
    return found


def _paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of a value and of everything in it."""
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(inner, (*path, key))


def _entered(header: KeyPath, found: Mapping[KeyPath, int]) -> KeyPath:
    """The path of a header; one of a list of tables is the next entry of that list."""
    if not isinstance(header[-1], int):
        return header
    return next((*header[:-1], position) for position in count() if (*header[:-1], position) not in found)
