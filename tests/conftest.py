"""What all tests have in common."""

import signal
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


@pytest.fixture(scope="session", autouse=True)
def _interrupts_arrive() -> Iterator[None]:
    """A shell makes what it starts in the background deaf to interrupts, and all that this starts in turn."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
