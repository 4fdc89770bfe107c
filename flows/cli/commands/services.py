"""Commands for what runs in the background: up, down, warehouse, worker, doctor."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.output import Json, print_json, print_rows, report_to_terminal, say
from flows.errors import ConfigError
from flows.settings import change_environment

warehouse = typer.Typer(name="warehouse", help="The embedded warehouse.", no_args_is_help=True)
ShowSecret = Annotated[bool, typer.Option("--show-secret", help="Print the password instead of where it is kept.")]


def up(context: typer.Context) -> None:
    """Start the local Prefect server, the embedded warehouse and the resident worker."""
    from flows.services import prefect_server
    from flows.services.resident import Place
    from flows.services.start import start_resident, start_services

    settings = context.obj.settings()
    place = Place(settings.home)
    had_one = place.read() is not None
    as_others_begin = change_environment({}, apply=False)  # the services change it
    with report_to_terminal() as reporter:
        reporter.show_progress("start", "Prefect server, warehouse")
        services = start_services(settings)
        has_resident = settings.resident and start_resident(settings, as_others_begin)
        try:
            services.wait()
        except BaseException:
            if not had_one:
                place.stop()
            raise
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
    from flows.services.under_way import end_runs, list_runs_under_way

    settings = context.obj.settings()
    runs = list_runs_under_way(settings.home)
    text = "; ".join(map(str, runs))
    if runs and not force:
        raise ConfigError(
            f"{len(runs)} run{'s are' if len(runs) > 1 else ' is'} under way: {text}. "
            "Stop when they have ended, or end them with `snowcast down --force`."
        )
    if runs:
        end_runs(settings.home, runs)
        say(f"Ended: {text}.")
    stopped = stop_services(settings)
    say(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


def worker(
    context: typer.Context,
    deploy: Annotated[bool, typer.Option("--deploy", help="Register the deployments before.")] = False,
    healthcheck: Annotated[
        bool, typer.Option("--healthcheck", help="Say at PREFECT_WORKER_WEBSERVER_HOST and _PORT whether it is well.")
    ] = False,
) -> None:
    """Run the deployed flows as they fall due, until it is interrupted."""
    from flows.deploy.prefect.deploy import apply_deployment
    from flows.deploy.prefect.worker import run_worker

    settings = context.obj.settings()
    if deploy:
        left = apply_deployment(settings, lambda change: say(f"{change.sign} {change.what}"))
        say(f"{len(left)} differences are left to you." if left else "Everything is in place.")
    run_worker(settings, has_healthcheck=healthcheck)


def flow_run() -> None:
    """Go on with the run that a work pool's worker has started this container for."""
    from flows.deploy.prefect.worker import run_flow_run

    run_flow_run()


def doctor(
    context: typer.Context,
    stage: Annotated[
        bool,
        typer.Option("--stage", help="Write, list, read and remove one object in each place of landing files instead."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Check the installation, the settings and what can be reached."""
    from flows.cli.views.doctor import examine, examine_stages

    settings = context.obj.settings()
    findings = examine_stages(settings) if stage else examine(settings)
    if as_json:
        print_json(findings)
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
