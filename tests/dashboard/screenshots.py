"""Pictures of every page of a home's dashboard, wide and on a phone: `python -m tests.dashboard.screenshots FOLDER`."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import CHROMIUM, PHONE, WIDE, WITHOUT_CHROMIUM, opened_browser, wait_until_drawn

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = {
    **{name: name for name in ("streamers", "games", "growth", "revenue", "product", "operations")},
    "live": "",
    "explain": "explain?table=mart_top_streamers&column=hours_watched&key=ranking_window=all_time,+streamer_rank=1",
}
WIDTHS = (WIDE, PHONE)
_MOST_PIXELS = 6000
_FIRST_SCREEN = 1000
_PATIENCE = 180_000  # milliseconds


def main(folder: Path) -> None:
    """Write the pictures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if CHROMIUM is None:
        sys.exit(f"No pictures: {WITHOUT_CHROMIUM}")
    with _serving() as address, opened_browser() as browser:
        for width in WIDTHS:
            page = browser.new_page(viewport={"width": width, "height": 900})
            page.set_default_timeout(_PATIENCE)
            for name, path in PAGES.items():
                picture = folder / f"{name}_{width}.png"
                _take(page, f"{address}{path}", width, picture)
                sys.stdout.write(f"{picture}\n")


def _take(page: Page, url: str, width: int, picture: Path) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(url)
    wait_until_drawn(page)
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
