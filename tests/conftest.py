"""What all tests have in common."""

from collections.abc import Iterator

import pytest

from mono_recon.warehouse import attach
from tests.demonstration import demo

__all__ = ["demo"]


@pytest.fixture(scope="session", autouse=True)
def _one_thread_of_the_database() -> Iterator[None]:
    """The lakes of tests are small and tests run side by side: a second thread takes more than it gives."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(attach._CONFIG, "threads", 1)
        yield
