"""Chromium for whoever looks at pages: where it is, what to do where it is not, and pages that tell their faults."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WITHOUT_CHROMIUM = "there is no Chromium here: apt-get install chromium"
PHONE, WIDE = 390, 1400
AXE = Path(sys.prefix) / "axe/node_modules/axe-core/axe.min.js"

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason=WITHOUT_CHROMIUM)
needs_playwright = pytest.mark.skipif(find_spec("playwright") is None, reason="playwright is not installed: make lint")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests; while it is open, Playwright's event loop keeps other loops from starting."""
    with opened_browser() as opened:
        yield opened


@contextmanager
def opened_browser() -> Iterator[Browser]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def looking(
    browser: Browser, address: str, is_fault: Callable[[Any], bool] = lambda said: said.type == "error", **chosen: Any
) -> Iterator[Page]:
    """A page that ends in a failure where it complained or asked another host.

    Args:
        browser: Chromium.
        address: Of what is looked at; another scheme, host or port is a fault.
        is_fault: Whether a line of the console is one.
        chosen: Of the page, as Playwright names it: viewport, color_scheme, base_url.
    """
    faults: list[str] = []
    host = "/".join(address.split("/")[:3])
    context = browser.new_context(**chosen)
    opened = context.new_page()
    opened.on("console", lambda said: faults.append(said.text) if is_fault(said) else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on(
        "request",
        lambda sent: None if sent.url.startswith((f"{host}/", "data:", "blob:")) else faults.append(sent.url),
    )
    yield opened
    context.close()
    assert not faults, faults


def wait_until_drawn(page: Page) -> None:
    """Wait until a page of the dashboard shows all that it has."""
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton], [data-stale=true]')")


def find_barriers(page: Page) -> dict[str, list[str]]:
    """What axe finds serious on a page as it is; nothing where npm has not brought it."""
    if not AXE.exists():
        return {}
    page.add_script_tag(path=str(AXE))
    found = page.evaluate("axe.run().then((result) => result.violations)")
    return {
        one["id"]: [node["failureSummary"] + node["html"][:300] for node in one["nodes"][:3]]
        for one in found
        if one["impact"] in ("serious", "critical")
    }
