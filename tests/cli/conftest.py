"""The demonstration as the commands meet it."""

import shutil
from pathlib import Path

import pytest

from tests.demonstration import BALANCED, BREAKS

__all__ = ["BALANCED", "BREAKS"]


@pytest.fixture
def own_demo(demo: Path, tmp_path: Path) -> Path:
    """The demonstration, to be changed."""
    return Path(shutil.copytree(demo, tmp_path / "demo"))
