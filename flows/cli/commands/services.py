"""Commands for what runs in the background and where: up, down, warehouse, sandbox, worker, doctor, deploy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.output import print_json, print_rows, say, terminal_reporter
from flows.errors import ConfigError

if TYPE_CHECKING:
    from datetime import datetime

    from flows.settings import Settings

warehouse = typer.Typer(name="warehouse", help="The embedded warehouse.", no_args_is_help=True)
sandbox = typer.Typer(name="sandbox", help="The simulated streaming platform.", no_args_is_help=True)
deploy = typer.Typer(name="deploy", help="Deploy to Prefect or to a Snowflake account.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="JSON, for programs.")]
ShowSecret = Annotated[bool, typer.Option("--show-secret", help="Print the password instead of where it is kept.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (up, down, worker, doctor):
        app.command()(command)
    for group in (warehouse, sandbox, deploy):
        app.add_typer(group)


def up(
    context: typer.Context,
    resident: Annotated[
        bool, typer.Option(help="Keep a process with the libraries loaded, so that runs begin at once (0.4 GB).")
    ] = True,
) -> None:
    """Start the local Prefect server, the embedded warehouse and the resident worker."""
    from flows.services import prefect_server
    from flows.services.resident_place import Place
    from flows.services.start import start_services
    from flows.settings import change_environment

    settings = context.obj.settings()
    as_others_begin = change_environment({}, apply=False)  # the services change it
    with terminal_reporter() as reporter:
        reporter.advanced("start", "Prefect server, warehouse")
        services = start_services(settings)
        services.wait()
    has_resident = resident and Place(settings.home).start(settings.logs_root / "resident.log", as_others_begin)
    say(f"Prefect    {services.prefect.result()['PREFECT_API_URL'].removesuffix('/api')}")
    if not settings.prefect_api_url:
        say(f"           log in as snowcast:<secret>, the secret is in {prefect_server.endpoint_file(settings.home)}")
    say("Warehouse  `snowcast warehouse status` prints its connection parameters")
    if has_resident:
        say("Resident   run, ingest, build, validate and backfill begin with their libraries loaded")


def down(
    context: typer.Context,
    force: Annotated[
        bool, typer.Option("--force", help="End the runs that are under way first, as Ctrl-C does.")
    ] = False,
) -> None:
    """Stop the local Prefect server, the embedded warehouse, the sandbox and the resident worker; nothing is lost."""
    from flows.services.start import stop_services
    from flows.services.under_way import end_runs, runs_under_way

    settings = context.obj.settings()
    runs = runs_under_way(settings.home)
    told = "; ".join(map(str, runs))
    if runs and not force:
        raise ConfigError(
            f"{len(runs)} run{'s are' if len(runs) > 1 else ' is'} under way: {told}. "
            "Stop when they have ended, or end them with `snowcast down --force`."
        )
    if runs:
        end_runs(settings.home, runs)
        say(f"Ended: {told}.")
    stopped = stop_services(settings)
    say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


def worker(context: typer.Context) -> None:
    """Run the deployed flows as they fall due, until it is interrupted."""
    from flows.deploy.prefect import run_worker

    run_worker(context.obj.settings())


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Check the installation, the settings and what can be reached."""
    from flows.cli.views.doctor import examine

    findings = examine(context.obj.settings())
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        print_rows(["check", "state", "detail"], [[f.check, f.state, f.detail] for f in findings], "table")
    bad = [finding for finding in findings if finding.state == "failed"]
    if bad:
        raise typer.Exit(max(finding.exit_code for finding in bad))


@warehouse.command("start")
def start_warehouse(context: typer.Context) -> None:
    """Start the embedded warehouse, if it does not run."""
    from flows.warehouse import start

    settings = context.obj.settings()
    if settings.warehouse != "embedded":
        raise ConfigError("SNOWCAST_WAREHOUSE is snowflake: there is no embedded warehouse to start.")
    start(settings)
    say("The embedded warehouse runs. `snowcast warehouse status` prints its connection parameters.")


@warehouse.command("stop")
def stop_warehouse(context: typer.Context) -> None:
    """Stop the embedded warehouse; nothing that was committed is lost."""
    from deployments.embedded import stop

    say("Stopped." if stop(context.obj.settings().home) else "It was not running.")


@warehouse.command("status")
def warehouse_status(context: typer.Context, as_json: Json = False, show_secret: ShowSecret = False) -> None:
    """Parameters with which any Snowflake client connects.

    The password is named by its place, not printed, so that it does not end up in a scrollback or a build log.
    """
    from flows.warehouse import status_parameters

    parameters = status_parameters(context.obj.settings(), show_secret=show_secret)
    if parameters is None:
        say("It is not running. `snowcast warehouse start` or any other command starts it.")
        raise typer.Exit(3)
    if as_json:
        print_json(parameters)
    else:
        print_rows(["parameter", "value"], [[name, str(value)] for name, value in parameters.items()], "table")


@sandbox.command("start")
def start_sandbox(context: typer.Context) -> None:
    """Start the sandbox, if it does not run, and print where."""
    from flows.services.sandbox import ensure_sandbox

    endpoint = ensure_sandbox(context.obj.settings())
    say(f"Helix      {endpoint.base_url}")
    say(f"Token      {endpoint.auth_url}token")
    say(f"Client id  {endpoint.client_id} (the secret is in {context.obj.settings().home}/sandbox/endpoint.json)")
    say(f"Amplitude  {endpoint.amplitude_url}/batch and /2/httpapi")
    say(f"Clock      {endpoint.now:%Y-%m-%d %H:%M:%S} UTC")


@sandbox.command("amplitude")
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
        [name, one["events"], _moment(one["first"]), _moment(one["last"])] for name, one in held["event_types"].items()
    ]
    print_rows(["event_type", "events", "first", "last"], rows, "table")
    say(f"{held['events']:,} events of {held['people']:,} people; {held['dropped_repeats']:,} repeats were dropped")
    for event in held["newest"]:
        print_json(event)


def _moment(milliseconds: int) -> datetime:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)


@sandbox.command("stop")
def stop_sandbox(context: typer.Context) -> None:
    """Stop the sandbox."""
    from deployments.sandbox import stop

    say("Stopped." if stop(context.obj.settings().home) else "It was not running.")


@sandbox.command("generate")
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
    from flows.cli.commands.run import parsed_moment

    chosen = context.obj.settings().sandbox_seed if seed is None else seed
    begin = parsed_moment(start, "--start") if start else DEFAULT_START
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

    with terminal_reporter() as reporter:
        written = generate(
            World(seed, scale or settings.sandbox_scale, start),
            out,
            polls,
            settings.poll_interval_minutes * 60,
            top=settings.twitch_top_streams,
            on_poll=lambda number: reporter.advanced("generate", f"poll {number + 1} of {polls}"),
        )
    counts = f"{written.streams:,} streams, {written.users:,} users, {written.games:,} games"
    say(f"{len(written.files)} files in {out}: {counts}")


def _generate_deliveries(out: Path, days: int, seed: int, customers: int, start: datetime) -> None:
    from deployments.sandbox import World, write_billing_deliveries

    with terminal_reporter() as reporter:
        try:
            written = write_billing_deliveries(
                World(seed, 1),
                out,
                start.date(),
                days,
                customers=customers,
                on_day=lambda number: reporter.advanced("generate", f"delivery {number + 1} of {days}"),
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


@deploy.command("prefect")
def deploy_prefect(context: typer.Context) -> None:
    """Register the deployments of deployments/prefect.yaml with the Prefect server."""
    from flows.deploy.prefect import deploy_to_prefect

    for name in deploy_to_prefect(context.obj.settings()):
        say(f"deployed {name}")
    say("`snowcast worker` runs them as they fall due.")


@deploy.command("snowflake")
def deploy_snowflake(
    context: typer.Context,
    show: Annotated[bool, typer.Option("--print", help="Print the statements instead of running them.")] = False,
) -> None:
    """Create roles, virtual warehouse, database, schemas, stage and grants in a Snowflake account."""
    from flows.deploy.prefect import deploy_to_snowflake, snowflake_statements

    settings = context.obj.settings()
    if show:
        for statement in snowflake_statements(settings):
            say(f"{statement};")
        return
    for name in deploy_to_snowflake(settings):
        say(f"ran {name}")
