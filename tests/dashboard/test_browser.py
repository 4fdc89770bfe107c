"""The pages in a real browser, as `snowcast dashboard` serves them: numbers, choices in the address, no faults."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import snowflake.connector

from flows.services.dashboard import tell_dashboard
from tests.browser import PHONE, WIDE, find_barriers, looking, needs_chromium, needs_playwright, wait_until_drawn
from tests.conftest import unmeasured
from tests.dashboard.known import TABLES, known_warehouse
from transforms.ops import LEDGERS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from deployments.embedded import Endpoint

pytestmark = [needs_playwright, needs_chromium, pytest.mark.lengthy]
# Page -> a number that it shows of the known warehouse, the name of what is chosen there, and the number then.
KNOWN = {
    "": ("240", "?game=golf", "30"),
    "streamers": ("70", "?days=2026-03-02&days=2026-03-02", "60"),
    "games": ("105", "?game=golf", "15"),
    "growth": ("Growth accounting", "?by=day", "viewers by day"),
    "revenue": ("40.00", "?days=2026-01-01&days=2026-01-31", "30.00"),
    "product": ("25%", "?days=2026-03-02&days=2026-03-02", "3"),
    "operations": ("completed", "?times=local", "completed"),
    "explain": ("choose one of these rows", "?table=mart_monthly_revenue", "choose one of these rows"),
}


@pytest.fixture(scope="module")
def served(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    """Connection parameters of the known warehouse that is served, which has every ledger."""
    with known_warehouse(endpoint, {**{ledger.name: [] for ledger in LEDGERS}, **TABLES}) as parameters:
        yield parameters


@pytest.fixture(scope="module")
def address(served: dict[str, Any], warehouse_home: Path) -> Iterator[str]:
    """Where the command serves its pages."""
    with unmeasured(), serving(warehouse_home, str(served["database"])) as url:
        yield url


@contextmanager
def serving(home: Path, database: str) -> Iterator[str]:
    """`snowcast dashboard` in a process of its own, at an address; Ctrl-C ends it at the end, and that is no error."""
    command = [sys.executable, "-m", "flows.cli", "dashboard"]
    environment = {**os.environ, "SNOWCAST_HOME": str(home), "SNOWCAST_DATABASE": database}
    process = subprocess.Popen(
        command, env=environment, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    said = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+/\S+/", said)
    try:
        assert found, said
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest.strip()) == (0, "Stopping...")


def looking_at(browser: Browser, address: str, width: int, scheme: str = "light") -> AbstractContextManager[Page]:
    """A page in a time zone that is not UTC."""
    shown = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme, "timezone_id": "Europe/Berlin"}
    return looking(browser, address, is_fault, **shown)


@pytest.fixture(scope="module")
def phone(browser: Browser, address: str) -> Iterator[Page]:
    """One page for all that is looked at on a phone."""
    with looking_at(browser, address, PHONE) as page:
        yield page


def is_fault(said: Any) -> bool:
    """Whether a line of the console is one; Streamlit looks for its server below the path of the page first."""
    return said.type == "error" and not re.search(r"/_stcore/(health|host-config)$", said.location.get("url", ""))


def opened_at(page: Page, url: str) -> str:
    """Open an address; returns the text of the page once it is drawn."""
    page.goto(url)
    return drawn(page)


def drawn(page: Page) -> str:
    """Wait until a page is drawn and rests; returns its text."""
    wait_until_drawn(page)
    page.wait_for_function("document.getAnimations().every((one) => one.playState !== 'running')")
    return page.inner_text("[data-testid=stMain]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_whoever_walks_through_the_pages_finds_their_numbers(browser: Browser, address: str, scheme: str):
    """From page to page by the links beside them and the keyboard, and no page has a serious finding of axe."""
    serious = {}
    with looking_at(browser, address, WIDE, scheme) as page:
        opened_at(page, address)
        for name, (shown, _, _) in KNOWN.items():
            title = (name or "live").capitalize()
            page.get_by_test_id("stSidebarNavItems").get_by_role("link", name=title).press("Enter")
            page.wait_for_function("(title) => document.querySelector('h1')?.innerText === title", arg=title)
            page.wait_for_function("(title) => document.title === title", arg=f"{title} · Snowcast")
            text = drawn(page)
            assert shown in text.splitlines(), text
            serious |= {f"{name} {rule}": nodes for rule, nodes in find_barriers(page).items()}
    assert not serious


@pytest.mark.parametrize("name", list(KNOWN), ids=[name or "live" for name in KNOWN])
def test_on_a_phone_a_page_shows_what_its_address_chooses(phone: Page, address: str, name: str):
    _, choice, chosen = KNOWN[name]
    text = opened_at(phone, address + name + choice)
    assert any(line.startswith(chosen) for line in text.splitlines()), text
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE, "it scrolls sideways"


def test_a_choice_by_keyboard_changes_the_numbers_and_the_address(phone: Page, address: str):
    opened_at(phone, address)
    phone.get_by_role("combobox", name="Language").focus()
    phone.keyboard.type("de")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/?language=de")
    phone.wait_for_function("document.querySelector('[data-testid=stMetricValue]').innerText.trim() === '90'")
    phone.get_by_role("radio", name="local").press("Space")
    phone.wait_for_url("**/?language=de&times=local")
    phone.get_by_text("time (Europe/Berlin)").wait_for()
    phone.locator("summary", has_text="Numbers").first.press("Enter")
    phone.get_by_role("button", name="CSV").first.wait_for()


def test_a_number_is_explained_by_the_link_below_its_card(phone: Page, address: str):
    text = opened_at(phone, f"{address}revenue")
    assert text.splitlines()[text.splitlines().index("MRR") + 1 :][:2] == ["", "40.00"]
    with phone.context.expect_page() as opened:
        phone.get_by_test_id("stMain").get_by_role("link", name="MRR", exact=True).click()
    explained = drawn(opened.value)
    opened.value.close()
    assert "closing_mrr = 40" in explained.splitlines()
    assert "mart_mrr_movements, grain=customer, year_month=2026-02-01" in explained.splitlines()


def test_when_a_run_has_ended_the_pages_are_read_before_somebody_comes(
    phone: Page, address: str, served: dict[str, Any], warehouse_home: Path
):
    with snowflake.connector.connect(**served) as connection:
        cursor = connection.cursor()
        (begin,) = cursor.execute("SELECT CURRENT_TIMESTAMP").fetchone()

        def sent() -> list[str]:
            """What the dashboard has asked for since, but for whether anything was written."""
            cursor.execute(
                "SELECT query_text FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
                "WHERE database_name = ? AND start_time >= ? AND query_tag LIKE '%dashboard%' "
                "AND query_text NOT LIKE '%OPS.BUILDS%'",
                (served["database"], begin),
            )
            return [text for (text,) in cursor.fetchall()]

        cursor.execute("INSERT INTO OPS.RUNS SELECT * FROM OPS.RUNS LIMIT 1")
        tell_dashboard(warehouse_home)
        deadline = time.monotonic() + 60
        while not any("FROM OPS.STREAM_POSITIONS" in text for text in sent()):  # the last one of the last page
            assert time.monotonic() < deadline
            time.sleep(0.3)
        read = sent()
        for name in ("", "growth", "revenue"):
            opened_at(phone, address + name)
        assert sent() == read
        cursor.execute(
            "SELECT COUNT(DISTINCT session_id) FROM TABLE(INFORMATION_SCHEMA.QUERY_HISTORY(RESULT_LIMIT => 10000)) "
            "WHERE database_name = ? AND query_tag LIKE '%dashboard%'",
            (served["database"],),
        )
        assert cursor.fetchone() == (1,), "one login serves everybody"


def test_without_the_secret_there_is_no_page(address: str):
    for path in ("", "streamers", "_stcore/health", "static/index.html"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://{address.split('/')[2]}/{path}", timeout=10)


def test_a_second_dashboard_of_a_home_names_the_first(address: str, warehouse_home: Path):
    command = [sys.executable, "-m", "flows.cli", "--home", str(warehouse_home), "dashboard"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"snowcast: The dashboard of this home runs already: {address}\n"
