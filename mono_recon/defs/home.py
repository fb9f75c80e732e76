"""Dagster's home: where its instance lies, and whether it is set up as runs need it.

Here belongs the folder with ``dagster.yaml``. What runs there is in ``launch``.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import dagster as dg

HOME_VARIABLE = "DAGSTER_HOME"
DEFAULT_HOME = "dagster_home"
_SETTINGS = "dagster.yaml"
_NEEDED: Mapping[tuple[str, ...], tuple[object, str]] = {
    ("telemetry", "enabled"): (False, "Dagster sends nothing anywhere"),
    ("concurrency", "pools", "default_limit"): (1, "one run writes at a time"),
    ("run_monitoring", "enabled"): (True, "a run whose process died is noticed"),
    ("run_retries", "enabled"): (True, "and is tried again"),
    ("run_retries", "retry_on_asset_or_op_failure"): (False, "a step that failed is not"),
    ("freshness", "enabled"): (True, "overdue reports are shown"),
}


def dagster_home(data: Path, environ: Mapping[str, str]) -> Path:
    """The absolute folder of Dagster's instance: the environment's, ``./dagster_home``, or one under the data root."""
    named = environ.get(HOME_VARIABLE)
    if named:
        return Path(named).absolute()
    beside = Path(DEFAULT_HOME).absolute()
    return beside if beside.is_dir() else data.absolute() / DEFAULT_HOME


@contextmanager
def instance_in(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance in a folder, which is made if it is not there.

    Two processes that make one at the same moment stop each other: whoever may not be the only one waits before.
    """
    home.mkdir(parents=True, exist_ok=True)
    if not (home / _SETTINGS).exists():
        with resources.as_file(resources.files("mono_recon.defs") / _SETTINGS) as default:
            shutil.copy(default, home / _SETTINGS)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def faults_of(home: Path) -> list[str]:
    """What is wrong with a home, in words; none if it is well, or not made yet."""
    if not (home / _SETTINGS).exists():
        return []
    if not os.access(home, os.W_OK):
        return [f"{home} cannot be written to; give its owner the right to, or name another place in {HOME_VARIABLE}"]
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            given = {path[0]: instance.get_settings(path[0]) for path in _NEEDED}
    except dg.DagsterError as error:
        return [f"{home / _SETTINGS} cannot be used: {' '.join(str(error).split())}"]
    return [
        f"{'.'.join(path)} is {_at(given, path)!r}, not {wanted!r}, in {home / _SETTINGS}; change it, so that {reason}"
        for path, (wanted, reason) in _NEEDED.items()
        if _at(given, path) != wanted
    ]


def _at(tree: Any, path: tuple[str, ...]) -> Any:  # noqa: ANN401  what a settings file holds
    for key in path:
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree
