"""One browser for the tests of a file; each test has a context of its own, without cookies and without network."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.programs import needed

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Opened = Callable[..., Page]
"""Opens an address in a new context: viewport, colours and so on are those of Playwright's ``new_context``."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, until the tests of a file are done: its loop of events would be in Dagster's way."""
    chromium = needed("chromium", "Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """Open pages; none may complain, ask for anything from elsewhere or show a dialog.

    What a page complains of is in the test's failure: errors of scripts, refusals by its policy, requests.
    """
    contexts, complaints = [], []

    def open_page(address: str, **context: Any) -> Page:
        contexts.append(browser.new_context(**context))
        page = contexts[-1].new_page()
        origin = address.partition("://")[0]
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on(
            "request",
            lambda asked: complaints.append(asked.url) if not asked.url.startswith((origin, "data:")) else None,
        )
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
