"""Commands for what leaves the warehouse: publish amplitude, alert."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.commands.run import run_flow
from flows.cli.output import Json, print_json, print_rows, say
from flows.errors import ConfigError

if TYPE_CHECKING:
    from flows.publish_to.amplitude.publish import Published
    from flows.steps.run import Run

publish = typer.Typer(name="publish", help="Send what the warehouse knows to where people look.", no_args_is_help=True)
_KINDS = ("waiting", "sent", "rejected", "released")


@publish.command("amplitude")
def publish_amplitude(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be sent; send and write nothing.")
    ] = False,
    activity: Annotated[
        list[str] | None, typer.Option("--activity", "-a", help="Activities to publish; none: those of the settings.")
    ] = None,
    again: Annotated[
        list[str] | None,
        typer.Option(
            help="Send also what was rejected, or what is unconfirmed for so long that it may then arrive twice."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Send the activities that Amplitude, or the sandbox where no key is set, has not got yet; each once."""
    from flows.publish_to.amplitude.publish import AGAIN, choose_activities

    _check_again(again, AGAIN)
    choose_activities(activity or [])

    def publish_events() -> Any:
        from flows.publish import publish_amplitude as flow

        return flow(activities=activity or [], dry_run=dry_run, again=again or [])

    sources = ["twitch"] if context.obj.settings().publishes_to_sandbox else []
    if as_json:
        run_flow(context.obj, publish_events, sources=sources, report=_print_json)
        return
    try:
        run_flow(context.obj, publish_events, sources=sources)
    finally:
        from flows.steps.run import latest_run

        run = latest_run()
        for published in run.published if run else []:
            _print_published(published)


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

    _check_again(again, AGAIN)

    def tell() -> Any:
        from flows.alert import alert_spikes as flow

        return flow(dry_run=dry_run, again=again or [])

    run_flow(context.obj, tell, report=(lambda run: print_json(run.told if run else None)) if as_json else None)
    from flows.steps.run import latest_run

    run = latest_run()
    if run and run.told and not as_json:
        for message in run.told.messages:
            say(f"\n{message['text']}")


def _check_again(again: Sequence[str] | None, known: Sequence[str]) -> None:
    if unknown := [name for name in again or [] if name not in known]:
        raise ConfigError(f"--again {unknown[0]!r} is not known. Known: {', '.join(known)}.")


def _print_json(run: Run | None) -> None:
    for published in run.published if run else []:
        print_json(published)


def _print_published(published: Published) -> None:
    kinds = _KINDS[:1] if published.is_dry_run else _KINDS
    counters: list[Counter[str]] = [getattr(published, kind) for kind in kinds]
    names = sorted({name for counter in counters for name in counter})
    if names:
        print_rows(["activity", *kinds], [[name, *(counter[name] for counter in counters)] for name in names], "table")
    if published.is_dry_run:
        for sample in published.samples:
            print_json(sample)
        say(f"{published.changed:,} sent events have changed since and {published.gone:,} are gone: they stay as sent.")
