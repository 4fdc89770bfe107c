"""Pictures of every page of a home's dashboard, wide and on a phone: `python -m tests.dashboard.screenshots FOLDER`."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = {
    **{name: name for name in ("streamers", "games", "growth", "revenue", "product", "operations")},
    "live": "",
    "explain": "explain?table=mart_top_streamers&column=hours_watched&key=ranking_window=all_time,+streamer_rank=1",
}
WIDTHS = (1400, 390)
_MOST_PIXELS = 6000
_FIRST_SCREEN = 1000
_PATIENCE = 180_000  # milliseconds


def main(folder: Path) -> None:
    """Write the pictures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    browser_program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser_program is None:
        sys.exit("There is no Chromium here: apt-get install chromium")
    with _serving() as address, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=browser_program, args=["--no-sandbox"])
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.set_default_timeout(_PATIENCE)
            for name, path in PAGES.items():
                picture = folder / f"{name}_{width}.png"
                _take(page, f"{address}{path}", width, picture)
                sys.stdout.write(f"{picture}\n")
        browser.close()


def _take(page: Page, url: str, width: int, picture: Path) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(url)
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton], [data-stale=true]')")
    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(height, _MOST_PIXELS)})
    page.wait_for_timeout(1500)  # charts are drawn anew for the new height
    page.screenshot(path=picture)
    if width == WIDTHS[0]:  # what is seen first, as the README shows it
        clip = {"x": 0, "y": 0, "width": width, "height": _FIRST_SCREEN}
        page.screenshot(path=picture.with_name(f"{picture.stem}_first.png"), clip=clip)


@contextmanager
def _serving() -> Iterator[str]:
    """`snowcast dashboard` of the home that the environment names, at an address."""
    command = [sys.executable, "-m", "flows.cli", "dashboard"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = process.stdout.readline()
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", said)
        if found is None:
            sys.exit("snowcast dashboard did not start")
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
