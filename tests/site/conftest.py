from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import own_demo
from tests.pipeline.conftest import template
from tests.site.visits import settings_of, visiting

__all__ = ["own_demo", "template"]


@pytest.fixture(scope="session")
def visitor(demo: Path) -> Iterator[Any]:
    """A visitor of the demonstration's site, on the machine itself."""
    with visiting(settings_of(demo)) as client:
        yield client


@pytest.fixture(scope="session")
def english_visitor(demo: Path) -> Iterator[Any]:
    """The same where the settings ask for English."""
    with visiting(settings_of(demo, MONO_RECON_REPORT__LANGUAGE="en")) as client:
        yield client
