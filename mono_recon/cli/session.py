"""What every command is given: the global options, and the settings they lead to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mono_recon.pipeline.progress import listening
from mono_recon.settings import Settings, load_settings

DATA_VARIABLE = "MONO_RECON_DATA"
DEFAULT_DATA = Path("data")


@dataclass(frozen=True, slots=True)
class Session:
    """The global options of one call.

    Attributes:
        data: The data root given, if any.
        config: The settings file given, if any.
        is_quiet: Whether progress and words are left out.
        progress_console: Where progress is shown.
    """

    data: Path | None
    config: Path | None
    is_quiet: bool
    progress_console: Console

    def settings(self) -> Settings:
        """Read the settings.

        Raises:
            SettingsError: They cannot be read.
        """
        root = self.data or Path(os.environ.get(DATA_VARIABLE) or DEFAULT_DATA)
        return load_settings(data=root, config=self.config, environ=os.environ)

    @contextmanager
    def progress(self) -> Iterator[None]:
        """Show progress of what is done inside, on a terminal; nothing in a pipe."""
        # A setting may call a pipe a terminal for its colours; a bar that moves is no use in one all the same.
        if self.is_quiet or not (self.progress_console.is_terminal and self.progress_console.file.isatty()):
            yield
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.progress_console, transient=True) as bar:
            tasks = {}

            def listener(doing: str, done: int, total: int) -> None:
                if doing not in tasks:
                    tasks[doing] = bar.add_task(doing)
                bar.update(tasks[doing], completed=done, total=total)

            with listening(listener):
                yield


Shared = Annotated[Session, Parameter(parse=False)]
"""A command's session; it is no option of its own."""
