"""One demonstration with the default arguments, written once for all tests of it."""

import pytest

from mono_recon.demo.write import write_demo
from tests.demo.reading import Archive, read_archive


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    root = tmp_path_factory.mktemp("demo")
    write_demo(root)
    return read_archive(root)
