import shutil
from pathlib import Path

import pytest

from mono_recon.warehouse.connect import open_warehouse
from tests.pipeline.archives import Archive


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root with an empty warehouse; making one takes longer than copying it."""
    archive = Archive(tmp_path_factory.mktemp("template"))
    open_warehouse(archive.settings.warehouse, read_only=False).close()
    return archive.root


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Archive:
    """An empty archive with an empty warehouse."""
    return Archive(Path(shutil.copytree(template, tmp_path / "data")))
