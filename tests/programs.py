"""Programs that a test needs and Python does not bring: a test without them is left out by name, or fails in CI."""

import os
import shutil

import pytest


def needed(program: str, name: str) -> str:
    """The path of a program; without it the test is skipped, and where ``CI`` is set it fails."""
    if path := shutil.which(program):
        return path
    reason = f"needs {name}, and no {program} is installed"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
