"""The built site in a real browser: the lineage lights up what a click asks for, search answers, nothing leaves."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flows.docs_site.site import find_libraries
from tests.browser import PHONE, WIDE, find_barriers, looking, needs_chromium, needs_playwright
from tests.docs_site.conftest import LIBRARIES
from transforms.catalog import select_models

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [
    needs_playwright,
    needs_chromium,
    pytest.mark.skipif(not find_libraries(LIBRARIES), reason="npm has not brought cytoscape and elkjs: make browser"),
]
COLUMN = "mart_streamer_daily.hours_watched"
PAYLOAD = "raw_twitch_streams.record:viewer_count"
PATIENCE, TAPS = 90_000, 5  # milliseconds: other tests take the processors meanwhile


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site, served on this machine."""
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A page that fails its test at the end where it complained or asked another host."""
    with looking(browser, address, viewport={"width": request.param, "height": 900}, base_url=address) as opened:
        opened.set_default_timeout(PATIENCE)
        yield opened


def lit(page: Page, place: str) -> set[str]:
    """What is lit, once the graph of what was chosen is drawn."""
    page.wait_for_function("(id) => window.snowcastGraph?.getElementById(id).hasClass('chosen')", arg=place)
    return set(page.evaluate("window.snowcastGraph.nodes('.lit').map((node) => node.id())"))


def tap(page: Page, node: str) -> None:
    """Click a node where it is drawn, again where the click came before the page knew where it is scrolled to."""
    from playwright.sync_api import TimeoutError as TooLate

    for _ in range(TAPS):
        spot = page.evaluate(
            "(id) => { const graph = window.snowcastGraph, node = graph.getElementById(id); graph.center(node);"
            " const box = document.getElementById('lineage-graph'); box.scrollIntoView({block: 'center'});"
            " const at = node.renderedPosition(), corner = box.getBoundingClientRect();"
            " return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame("
            " () => done([corner.x + at.x, corner.y + at.y])))); }",
            node,
        )
        page.mouse.click(*spot)
        with suppress(TooLate):
            page.wait_for_url(f"**/lineage.html?at={node}", timeout=PATIENCE / TAPS)
            return
    pytest.fail(f"{node} was clicked and not chosen")


def test_a_click_lights_what_a_table_and_a_column_come_from_and_go_into(page: Page):
    page.goto("/lineage.html")
    page.wait_for_function("window.snowcastGraph && window.snowcastGraph.nodes().length > 60")
    tap(page, "mart_streamer_daily")
    found = lit(page, "mart_streamer_daily")
    assert found == {model.table.name for model in select_models(["+mart_streamer_daily+"])}
    assert {"raw_twitch_streams", "raw_stream_samples", "mart_streamer_daily", "mart_top_streamers"} < found
    page.locator(f"[data-place='{COLUMN}']").click()
    assert {COLUMN, PAYLOAD, "fact_stream_days.viewer_ms"} <= lit(page, COLUMN)
    assert page.url.endswith(f"?at={COLUMN}")


def test_a_filter_takes_tables_away_and_conditions_off(page: Page):
    page.goto(f"/lineage.html?at={COLUMN}")
    assert "stg_twitch_streams.stream_id" in lit(page, COLUMN)
    page.get_by_label("conditions").uncheck()
    page.wait_for_function("!window.snowcastGraph.getElementById('stg_twitch_streams.stream_id').length")
    assert PAYLOAD in lit(page, COLUMN)
    page.get_by_role("button", name="all tables").click()
    page.get_by_label("Tag", exact=True).select_option("billing")
    page.wait_for_function(
        "window.snowcastGraph.nodes().length && !window.snowcastGraph.getElementById('dim_games').length"
    )


def test_search_answers_and_a_page_fits_its_window(page: Page):
    page.goto("/tables/mart_streamer_daily.html")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").or_(page.get_by_role("textbox")).first.wait_for()
    page.keyboard.type("hours_watched")
    page.get_by_text(re.compile(r"\d+ results")).wait_for()


def test_pages_have_no_serious_barrier(page: Page):
    """By axe; light where they are wide, dark on a phone, so that each is looked at once."""
    page.emulate_media(color_scheme="light" if page.evaluate("innerWidth") == WIDE else "dark")
    for path in ("/tables/mart_streamer_daily.html", f"/lineage.html?at={COLUMN}", "/guides/explain.html"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert not find_barriers(page), path
