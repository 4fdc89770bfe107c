"""`snowcast dashboard`: the pages that people look at, on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from deployments.process import LockedError, hold_lock, read_endpoint, write_endpoint
from flows.cli.output import say
from flows.cli.state import quiet_connector
from flows.errors import ConfigError
from flows.services.dashboard import CHANGED, ENDPOINT, FOLDER
from flows.settings import Settings


def dashboard(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; unless given, the one of before.")] = None,
) -> None:
    """Look at the warehouse in a browser: prints the address, ends with Ctrl-C."""
    from flows.cli.views.dashboard import need_dashboard

    need_dashboard()
    settings = context.obj.settings()
    quiet_connector()
    _serve(settings, port or settings.dashboard_port)


def _serve(settings: Settings, port: int | None) -> None:
    """Serve the pages of a home, one server at a time, at the address that it had before.

    Raises:
        ConfigError: The port is taken, or the home's dashboard runs already.
        SourceError: The warehouse cannot be reached.
    """
    from deployments.dashboard import hand_over
    from deployments.dashboard.server import Address, PortTakenError, make_address, serve
    from flows.cli.views.dashboard import make_access

    folder = settings.home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    endpoint = folder / ENDPOINT
    before = read_endpoint(endpoint, Address)
    try:
        with hold_lock(folder / "server.lock"):
            address = make_address(port, before)
            access = make_access(settings)
            access.connect().close()
            hand_over(access)
            write_endpoint(endpoint, address)
            said = f"Dashboard: {address.url}\nIts address is its password. Ctrl-C ends it."
            serve(address, lambda: say(said), folder / CHANGED)
    except PortTakenError as error:
        raise ConfigError(f"{error} Another one: `snowcast dashboard --port N`.") from None
    except LockedError as error:
        where = before.url if before else f"process {error.holder}"
        raise ConfigError(f"The dashboard of this home runs already: {where}") from None
