"""The command that tells people of spikes: alert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.commands.run import run_flow
from flows.cli.output import Json, print_json, say
from flows.errors import ConfigError

if TYPE_CHECKING:
    from flows.publish_to.slack.alerts import Told


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("alert")(alert)


def alert(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent; build and send nothing, write only that it ran.")
    ] = False,
    again: Annotated[
        list[str] | None, typer.Option(help="unconfirmed: send also what may have arrived, so perhaps twice.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Find spikes of viewers, and tell each of them to Slack once."""
    from flows.publish_to.slack.alerts import AGAIN

    if unknown := [name for name in again or [] if name not in AGAIN]:
        raise ConfigError(f"--again {unknown[0]!r} is not known. Known: {', '.join(AGAIN)}.")

    def tell() -> Any:
        from flows.alert import alert_spikes as flow

        return flow(dry_run=dry_run, again=again or [])

    run_flow(context.obj, tell, report=_print_json if as_json else None)
    told = _outcome()
    if told and not as_json:
        for message in told.messages:
            say(f"\n{message['text']}")


def _outcome() -> Told | None:
    from flows.steps.run import latest_run

    run = latest_run()
    return run.told if run else None


def _print_json() -> None:
    print_json(_outcome())
