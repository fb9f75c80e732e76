"""The picture of the asset graph in the README: Dagster's page on a data root, taken by a browser.

    python -m bench.asset_graph [--data DIR] [--chromium FILE]

Everything is on this machine; the page is served on the loopback address and the browser looks nowhere else.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import ViewportSize, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs/images"
PATIENCE_SECONDS = 120
SIZE = ViewportSize(width=1400, height=520)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def main() -> None:
    """Serve the page, take the picture, and end both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("demo"))
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(  # noqa: S603  Dagster's own page
        [Path(sys.executable).with_name("dagster-webserver"), "-p", str(port), "-m", "mono_recon.definitions"],
        env=os.environ | {"MONO_RECON_DATA": str(options.data.absolute())},
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _wait_for(f"{address}/server_info", server)
            _picture(address, options.chromium, IMAGES / "asset-graph.png")
        finally:
            server.terminate()


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    latest = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < latest and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310  the loopback address
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise SystemExit("dagster-webserver does not answer")


def _picture(address: str, chromium: str, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport=SIZE)
        page.goto(f"{address}/asset-groups?expanded=", wait_until="networkidle", timeout=PATIENCE_SECONDS * 1000)
        page.get_by_text("report", exact=True).first.wait_for(timeout=PATIENCE_SECONDS * 1000)
        page.get_by_text("fetching statuses").first.wait_for(state="hidden", timeout=PATIENCE_SECONDS * 1000)
        page.wait_for_timeout(4000)  # until the graph has come to rest
        page.screenshot(path=target)
        browser.close()


if __name__ == "__main__":
    main()
