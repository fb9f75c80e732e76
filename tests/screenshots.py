"""Pictures of the site for the README, of a data root that was reconciled; needs Chromium.

``python -m tests.screenshots demo`` writes them to ``docs/images``.
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from mono_recon.settings import load_settings
from mono_recon.warehouse.connect import open_warehouse
from tests.browser.conftest import FLAGS
from tests.programs import needed
from tests.site.visits import served

IMAGES = Path(__file__).parents[1] / "docs" / "images"
DESK, PHONE = ViewportSize(width=1080, height=720), ViewportSize(width=360, height=720)
_BUSIEST = """
    SELECT business_date FROM mono.report.latest_control WHERE metric = 'open.break'
    GROUP BY business_date ORDER BY sum("count") DESC, business_date LIMIT 1
"""
_VERSION = "SELECT max(version) FROM mono.report.issues WHERE business_date = $day"
_STORY = """
    SELECT subject_id FROM mono.report.latest_breaks WHERE break_type = 'amount_mismatch' AND subject_type = 'transfer'
    ORDER BY business_date DESC, subject_id LIMIT 1
"""


def main(root: Path) -> None:
    """Take every picture.

    Args:
        root: A data root with issued reports.
    """
    settings = load_settings(root, None, {})
    with open_warehouse(settings.warehouse, read_only=True) as warehouse:
        day, story = (warehouse.query(question).item() for question in (_BUSIEST, _STORY))
        version = warehouse.query(_VERSION, {"day": day}).item()
    IMAGES.mkdir(exist_ok=True)
    with served(settings) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needed("chromium", "Chromium"), args=FLAGS)
        desk, phone = browser.new_page(viewport=DESK), browser.new_page(viewport=PHONE)
        take(desk, f"{address}/", "site-overview")
        take(desk, f"{address}/dates/{day}", "site-date")
        take(desk, f"{address}/breaks?class=break", "site-breaks")
        take(desk, f"{address}/lookup?id={story}", "site-story")
        take(phone, f"{address}/", "site-phone")
        page = settings.paths.reports / str(day) / f"v{version}" / "index.html"
        if page.exists():
            take(desk, page.as_uri(), "page")
        browser.close()


def take(page: Page, address: str, name: str) -> None:
    """Take the picture of what a window shows first."""
    page.goto(address)
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
