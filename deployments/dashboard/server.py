"""The server of the pages: Streamlit on 127.0.0.1, below a path that only who was told the address knows."""

from __future__ import annotations

import logging
import secrets
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployments.process import HOST, find_port, wait_until

_APP = Path(__file__).with_name("app.py")
_START_SECONDS = 60
_READ_AHEAD = ("", "streamers", "games", "growth", "revenue", "product", "operations")
# Set for both sides, light and dark stay the reader's choice; set for all, Streamlit would show light ones only.
_THEME = {
    "light.primaryColor": "#0072B2",
    "dark.primaryColor": "#56B4E9",
    # Captions are six tenths of the text's colour, and code is green: of Streamlit's own, both are too pale to read.
    "light.textColor": "#0B0C10",
    "light.codeTextColor": "#0B0C10",
    "dark.codeTextColor": "#B5F0C8",
    "light.headingFontSizes": ["2rem", "1.2rem", "1.05rem"],
    "dark.headingFontSizes": ["2rem", "1.2rem", "1.05rem"],
}


class PortTakenError(Exception):
    """Another program listens on the port."""


@dataclass(frozen=True)
class Address:
    """Where the dashboard is.

    Attributes:
        port: On the loopback address.
        secret: First part of every path: without it the server has no page.
    """

    port: int
    secret: str = field(repr=False)

    @property
    def url(self) -> str:
        """What a browser opens."""
        return f"http://{HOST}:{self.port}/{self.secret}/"


def make_address(port: int | None, before: Address | None) -> Address:
    """Return where to serve: at a given port, else where it was before, else at a free port.

    Raises:
        PortTakenError: The given port is taken.
    """
    secret = before.secret if before else secrets.token_urlsafe(16)
    try:
        return Address(find_port(port or (before.port if before else None)), secret)
    except OSError:
        if port is not None:
            raise PortTakenError(f"Port {port} is taken.") from None
        return Address(find_port(), secret)


def serve(address: Address, tell: Callable[[], None], changed: Path) -> None:
    """Serve the pages until the process is interrupted.

    Args:
        address: Where.
        tell: Called when the pages can be opened.
        changed: File that each run touches that has built something: the pages are opened once then, ahead of people.
    """
    from streamlit.web import bootstrap

    logging.getLogger("streamlit").setLevel(logging.ERROR)
    options = _options(address)
    bootstrap.load_config_options(options)
    threading.Thread(target=_attend, args=(address, tell, changed), daemon=True).start()
    bootstrap.run(str(_APP), False, [], options)


def _options(address: Address) -> dict[str, Any]:
    """Return what Streamlit is told, whatever its own files of settings say."""
    return {
        "server.address": HOST,
        "server.port": address.port,
        "server.baseUrlPath": address.secret,
        "server.allowedHosts": [HOST, "localhost"],
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.showEmailPrompt": False,
        "browser.gatherUsageStats": False,
        "browser.serverAddress": HOST,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        "client.disableDataExport": True,
        "global.developmentMode": False,
        "logger.hideWelcomeMessage": True,
        "logger.level": "error",
        **{f"theme.{name}": value for name, value in _THEME.items()},
    }


def _attend(address: Address, tell: Callable[[], None], changed: Path) -> None:
    """Tell when the server answers, then fill its cache after each run."""
    from deployments.dashboard.warming import keep_warm

    if wait_until(lambda: _answers(address), _START_SECONDS):
        tell()
        keep_warm(address.url, _READ_AHEAD, changed)


def _answers(address: Address) -> bool:
    try:
        with urllib.request.urlopen(f"{address.url}_stcore/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
