"""What stands in the way of readers, by the rules of axe-core."""

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Page

_SERIOUS = {"serious", "critical"}


def serious_violations(page: Page) -> list[str]:
    """Serious and critical violations of a page as it stands, each with the element that it is about."""
    return [
        f"{each['id']}: {node['html']} {node['any'][:1]}"
        for each in Axe().run(page).response["violations"]
        if each["impact"] in _SERIOUS
        for node in each["nodes"]
    ]
