import shutil
from pathlib import Path

import pytest

from mono_recon.warehouse.connect import open_warehouse
from tests.warehouse.lakes import places


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with an empty warehouse; making one takes longer than copying it."""
    root = tmp_path_factory.mktemp("template")
    open_warehouse(places(root), read_only=False).close()
    return root


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    """A data root of its own, with an empty warehouse."""
    return Path(shutil.copytree(template, tmp_path / "data"))
