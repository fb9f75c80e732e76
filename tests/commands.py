"""Commands called as a person calls them, without a process of their own."""

import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from mono_recon.cli import main


@dataclass(frozen=True)
class Done:
    """What a command left: exit code and what it printed."""

    code: int
    raw: bytes
    err: str

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


def command(*args: object, home: Path | None = None, environ: Mapping[str, str] | None = None) -> Done:
    """Call ``mono-recon`` with these arguments, in an environment that says nothing else about places.

    Without a home for Dagster a run fails, rather than leave its traces in the checkout.
    """
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("MONO_RECON", "DAGSTER"))}
    named = {"DAGSTER_HOME": str(home or Path(os.devnull, "home"))}
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with (
        mock.patch.dict(os.environ, bare | named | dict(environ or {}), clear=True),
        mock.patch.object(sys, "argv", ["mono-recon", *map(str, args)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    out.flush()
    assert isinstance(code, int)
    return Done(code, out.buffer.getvalue(), err.getvalue())
