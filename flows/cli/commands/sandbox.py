"""Commands of the sandbox: start, stop, what was published to it, files of what its sources show."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.output import Json, parse_time, print_json, print_rows, report_to_terminal, say
from flows.errors import ConfigError
from flows.services.sandbox import ensure_sandbox

if TYPE_CHECKING:
    from datetime import datetime

    from flows.settings import Settings


commands = typer.Typer(name="sandbox", help="The simulated streaming platform.", no_args_is_help=True)


@commands.command("start")
def start_sandbox(
    context: typer.Context,
    kafka: Annotated[bool, typer.Option("--kafka", help="Start a Kafka broker too, which keeps nothing.")] = False,
) -> None:
    """Start the sandbox, if it does not run, and print where."""
    endpoint = ensure_sandbox(context.obj.settings())
    say(f"Helix      {endpoint.base_url}")
    say(f"Token      {endpoint.auth_url}token")
    say(f"Client id  {endpoint.client_id} (the secret is in {context.obj.settings().home}/sandbox/endpoint.json)")
    say(f"Amplitude  {endpoint.amplitude_url}/batch and /2/httpapi")
    say(f"Clock      {endpoint.now:%Y-%m-%d %H:%M:%S} UTC")
    if kafka:
        from flows.services.broker import ensure_broker

        say(f"Kafka      {ensure_broker(context.obj.settings().home).bootstrap_servers} (plain, in memory)")


@commands.command("spike")
def raise_spike(
    context: typer.Context,
    login: Annotated[
        str | None, typer.Argument(help="Streamer who is live; none: one of middle size, live for two hours.")
    ] = None,
    game: Annotated[str | None, typer.Option(help="Choose among the streams of this game.")] = None,
    times: Annotated[float, typer.Option(min=1.1, help="So many times its viewers.")] = 20,
    end: Annotated[bool, typer.Option("--end", help="End the spikes that last.")] = False,
) -> None:
    """Raise the viewers of a stream of the sandbox from now on, to see an alert."""
    from deployments.sandbox import SandboxError

    endpoint = ensure_sandbox(context.obj.settings())
    try:
        if end:
            ended = endpoint.control("DELETE", "spikes")["spikes"]
            say(f"{len(ended)} {'spike is' if len(ended) == 1 else 'spikes are'} over.")
            return
        order = {"login": login, "game": game, "times": times}
        spike = endpoint.control("POST", "spikes", {name: one for name, one in order.items() if one is not None})
    except SandboxError as error:
        raise ConfigError(f"{error}.") from None
    say(f"{spike['login']} (stream {spike['stream_id']}) has {times:g} times its viewers from {spike['begin']} on.")


@commands.command("amplitude")
def show_amplitude(
    context: typer.Context,
    newest: Annotated[int, typer.Option(min=0, help="Show so many of the newest events.")] = 0,
    as_json: Json = False,
) -> None:
    """Show what the sandbox holds of what was published to it."""
    from deployments.sandbox import find

    endpoint = find(context.obj.settings().home)
    if endpoint is None:
        say("It is not running. `snowcast publish amplitude` starts it and publishes to it.")
        raise typer.Exit(3)
    held = endpoint.control("GET", f"amplitude?events={newest}")
    if as_json:
        print_json(held)
        return
    rows = [
        [name, one["events"], _to_datetime(one["first"]), _to_datetime(one["last"])]
        for name, one in held["event_types"].items()
    ]
    print_rows(["event_type", "events", "first", "last"], rows, "table")
    say(f"{held['events']:,} events of {held['people']:,} people; {held['dropped_repeats']:,} repeats were dropped")
    for event in held["newest"]:
        print_json(event)


def _to_datetime(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)


@commands.command("stop")
def stop_sandbox(context: typer.Context) -> None:
    """Stop the sandbox."""
    from deployments.sandbox import stop
    from flows.services.broker import stop_broker

    settings = context.obj.settings()
    stopped = [stop(settings.home), stop_broker(settings.home)]
    say("Stopped." if any(stopped) else "It was not running.")


@commands.command("generate")
def generate_files(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Folder for the files; made if it is not there.")],
    source: Annotated[
        str, typer.Option(help="twitch: polls as Helix files; billing: daily CSV; livelogs: a sheet as CSV.")
    ] = "twitch",
    polls: Annotated[int, typer.Option(min=1, help="How many polls (twitch).")] = 8,
    days: Annotated[int, typer.Option(min=1, help="How many daily deliveries (billing).")] = 30,
    scale: Annotated[int | None, typer.Option(min=1, help="Streamers of the platform (twitch, livelogs).")] = None,
    customers: Annotated[int, typer.Option(min=1, help="Customers on the sandbox's first day (billing).")] = 2_000,
    seed: Annotated[int | None, typer.Option(help="Another seed is another platform.")] = None,
    start: Annotated[
        str | None, typer.Option(help="Time of the first poll or delivery, or of the sheet (ISO 8601).")
    ] = None,
) -> None:
    """Write what a source of the sandbox shows as files, for `snowcast ingest SOURCE --from-files`."""
    from deployments.sandbox import DEFAULT_START

    chosen = context.obj.settings().sandbox_seed if seed is None else seed
    begin = parse_time(start, "--start") if start else DEFAULT_START
    if source == "twitch":
        _generate_polls(context.obj.settings(), out, polls, chosen, scale, begin)
    elif source == "billing":
        _generate_deliveries(out, days, chosen, customers, begin)
    elif source == "livelogs":
        _generate_livelogs(context.obj.settings(), out, chosen, scale, begin)
    else:
        raise ConfigError(f"The sandbox writes no files of {source!r}. Known: twitch, billing, livelogs.")


def _generate_polls(settings: Settings, out: Path, polls: int, seed: int, scale: int | None, start: datetime) -> None:
    from deployments.sandbox import World, generate

    with report_to_terminal() as reporter:
        written = generate(
            World(seed, scale or settings.sandbox_scale, start),
            out,
            polls,
            settings.poll_interval_minutes * 60,
            top=settings.twitch_top_streams,
            on_poll=lambda number: reporter.show_progress("generate", f"poll {number + 1} of {polls}"),
        )
    counts = f"{written.streams:,} streams, {written.users:,} users, {written.games:,} games"
    say(f"{len(written.files)} files in {out}: {counts}")


def _generate_deliveries(out: Path, days: int, seed: int, customers: int, start: datetime) -> None:
    from deployments.sandbox import World, write_billing_deliveries

    with report_to_terminal() as reporter:
        try:
            written = write_billing_deliveries(
                World(seed, 1),
                out,
                start.date(),
                days,
                customers=customers,
                on_day=lambda number: reporter.show_progress("generate", f"delivery {number + 1} of {days}"),
            )
        except ValueError as error:
            raise ConfigError(f"--start {start:%Y-%m-%d}: {error}.") from error
    say(
        f"{len(written)} files in {out}: {days} deliveries from {start:%Y-%m-%d} on, the first one with all of the past"
    )


def _generate_livelogs(settings: Settings, out: Path, seed: int, scale: int | None, at: datetime) -> None:
    from deployments.sandbox import World, write_livelogs

    written = write_livelogs(World(seed, scale or settings.sandbox_scale), out, at)
    say(f"{len(written)} files in {out}: the sheet as it is at {at:%Y-%m-%d %H:%M:%S} UTC")
