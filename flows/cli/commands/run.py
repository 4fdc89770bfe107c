"""Commands that run flows: run, ingest, build, validate, backfill."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.output import console, parse_time, report_to_terminal, say
from flows.cli.state import State, check_selectors, keep_logs
from flows.errors import ConfigError, PrefectGoneError
from flows.reporting import LogReporter, report_to
from flows.settings import change_environment
from flows.sources.registry import SOURCES, choose_sources, find_source, need_sandbox_server

if TYPE_CHECKING:
    from flows.settings import Settings
    from flows.steps.run import Run

Select = Annotated[
    list[str] | None,
    typer.Option("--select", "-s", help="Tables, layers, tag:…, with + for what they are built from or into."),
]
_TRIES_OF_OUR_SERVER, _TRIES_OF_ANOTHERS_SERVER = 5, 3
Polls = Annotated[int | None, typer.Option(min=1, help="Polls to take from the sandbox.")]
FullRefresh = Annotated[bool, typer.Option("--full-refresh", help="Rebuild from all input rows.")]


def run(
    context: typer.Context,
    select: Select = None,
    full_refresh: FullRefresh = False,
    polls: Polls = None,
    sources: Annotated[
        str | None, typer.Option(help="Sources to ingest, with commas; none: all that are configured.")
    ] = None,
) -> None:
    """Ingest what is configured, build, validate, report."""
    named = [name.strip() for name in (sources or "").split(",") if name.strip()]
    chosen = choose_sources(named, context.obj.settings())

    def pipeline() -> Any:
        from flows.pipeline import pipeline as flow

        return flow(select=check_selectors(select or []), full_refresh=full_refresh, polls=polls, sources=named or None)

    outcome = run_flow(context.obj, pipeline, sources=chosen, is_checked=bool(chosen))
    _print_next_steps(outcome)


def ingest(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help=f"One of: {', '.join(SOURCES)}.")],
    from_files: Annotated[
        Path | None, typer.Option(help="A file or folder of files as the source sends them, instead of asking it.")
    ] = None,
    snapshot_at: Annotated[
        str | None, typer.Option(help="When the source was observed (ISO 8601, UTC without a zone).")
    ] = None,
    polls: Polls = None,
    since: Annotated[
        str | None, typer.Option(help="amplitude: every hour from here on that has not landed (ISO 8601).")
    ] = None,
    until: Annotated[str | None, typer.Option(help="amplitude: no hour from here on.")] = None,
    fill_gaps: Annotated[
        bool, typer.Option("--fill-gaps", help="amplitude: ask again for hours that were left out or refused.")
    ] = False,
) -> None:
    """Land and load one source, and check what came."""
    if not find_source(source).is_polled and polls:
        raise ConfigError(f"--polls: {source} is not polled, it comes as files or hours.")
    hours = _check_hours(source, since, until, fill_gaps, from_files)
    if from_files and not from_files.exists():
        raise ConfigError(f"--from-files: {from_files} does not exist.")
    moment = parse_time(snapshot_at, "--snapshot-at") if snapshot_at else None

    def ingest_source() -> Any:
        from flows.ingest import FLOWS

        asked = {**hours, "polls": polls} if polls else hours
        return FLOWS[source](snapshot_at=moment, from_files=str(from_files.absolute()) if from_files else None, **asked)

    run_flow(context.obj, ingest_source, sources=[] if from_files else [source], is_checked=True)


def _check_hours(
    source: str, since: str | None, until: str | None, fill_gaps: bool, from_files: Path | None
) -> dict[str, Any]:
    """The hours that the options of an export name.

    Raises:
        ConfigError: The source is not exported by the hour, or the range is empty.
    """
    named = {"--since": since, "--until": until, "--fill-gaps": fill_gaps or None}
    given = [name for name, value in named.items() if value is not None]
    if given and (source != "amplitude" or from_files):
        raise ConfigError(f"{given[0]}: only hours that are exported are chosen so: `snowcast ingest amplitude`.")
    begin, end = (parse_time(text, name) if text else None for text, name in ((since, "--since"), (until, "--until")))
    if begin and end and begin >= end:
        raise ConfigError(f"--since {since} is not before --until {until}: the range [since, until) would be empty.")
    return {"since": begin, "until": end, "fill_gaps": fill_gaps} if given else {}


def build(context: typer.Context, select: Select = None, full_refresh: FullRefresh = False) -> None:
    """Build tables from what they have not consumed yet, and validate what was written."""

    def transform() -> Any:
        from flows.transform import transform as flow

        return flow(select=check_selectors(select or []), full_refresh=full_refresh)

    run_flow(context.obj, transform)


def validate(
    context: typer.Context,
    select: Select = None,
    full: Annotated[bool, typer.Option("--full", help="All rows, not only those of each newest build.")] = False,
) -> None:
    """Check the rules of the tables on what was written last, or on everything."""

    def validate_tables() -> Any:
        from flows.validate import validate as flow

        return flow(select=check_selectors(select or []), full=full)

    run_flow(context.obj, validate_tables, is_checked=True)


def backfill(
    context: typer.Context,
    from_: Annotated[str, typer.Option("--from", help="First moment included (ISO 8601, UTC without a zone).")],
    to: Annotated[str, typer.Option("--to", help="First moment not included.")],
    select: Select = None,
) -> None:
    """Build tables again from what was observed in [from, to)."""
    start, end = parse_time(from_, "--from"), parse_time(to, "--to")
    if start >= end:
        raise ConfigError(f"--from {from_} is not before --to {to}: the range [from, to) would be empty.")

    def backfill_range() -> Any:
        from flows.backfill import backfill as flow

        return flow(start, end, select=check_selectors(select or []))

    run_flow(context.obj, backfill_range)


def run_flow(
    state: State,
    flow: Callable[[], Run],
    *,
    sources: Sequence[str] = (),
    is_checked: bool = False,
    report: Callable[[Run | None], None] | None = None,
) -> Run:
    """Start what the flow and its sources need, run it, and report what it did, also where it ends in an error.

    Args:
        state: The global options.
        flow: Calls the flow.
        sources: Sources that the flow asks.
        is_checked: It validates something whatever it finds: the rule engine is imported while the services start.
        report: Reports what it did in place of the steps' lines and the summary.
    """
    from flows.services.start import start_services
    from flows.services.under_way import end_in_order, mark_run_under_way

    settings = state.settings()
    if report:
        report_to(LogReporter())
    else:
        _leave_to_resident(state, settings)
    display = nullcontext() if report else report_to_terminal()
    with mark_run_under_way(settings.home, _name_command()), end_in_order(), display as reporter:
        if reporter:
            reporter.show_progress("start", "Prefect server, warehouse")
        services = start_services(settings, sandbox=need_sandbox_server(sources, settings))
        _import_libraries(state, is_checked=is_checked)
        services.wait()
        if reporter:
            reporter.close()
        try:
            return _call_flow(flow, settings)
        finally:
            from flows.steps.run import latest_run

            report(latest_run()) if report else _print_summary(latest_run())


def _leave_to_resident(state: State, settings: Settings) -> None:
    """Start the home's resident worker beside the services, and leave the command to it.

    It returns where this process is to do the work: none is wanted, none can be, or it is the worker's child.

    Raises:
        typer.Exit: The command is done; its exit code.
    """
    from flows.services.resident import Place, fingerprint, hand_over
    from flows.services.start import start_resident, start_services

    if not (state.may_leave and settings.resident):
        return
    begun_with = change_environment({}, apply=False)  # the services change it
    with report_to_terminal() as reporter:
        reporter.show_progress("start", "Prefect server, warehouse, resident worker")
        start_services(settings)
        is_there = start_resident(settings, begun_with) and Place(settings.home).await_commands(fingerprint(begun_with))
    code = hand_over(settings.home, state.may_leave) if is_there else None
    if code is not None:
        raise typer.Exit(code)


def _call_flow(flow: Callable[[], Run], settings: Settings) -> Run:
    """Call a flow without heartbeats: their thread makes each flow a second longer, and here a person is watching.

    Raises:
        PrefectGoneError: The Prefect server does not answer, and it is not ours to start again.
    """
    import httpx
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    from flows.services.prefect_server import watch_prefect
    from flows.services.spared import spare_certificates

    spare_certificates()
    # Each more try doubles the wait: the last one of a minute covers a start of our own server.
    tries = _TRIES_OF_ANOTHERS_SERVER if settings.prefect_api_url else _TRIES_OF_OUR_SERVER
    updates = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_CLIENT_MAX_RETRIES: tries}
    try:
        with temporary_settings(updates=updates), watch_prefect(settings):
            return flow()
    except (httpx.TransportError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "Failed to reach API" not in str(error):
            raise
        place = f"at {settings.prefect_api_url}" if settings.prefect_api_url else "of this home"
        raise PrefectGoneError(
            f"The Prefect server {place} does not answer. What was committed stays; the next run goes on from there."
        ) from None


def _import_libraries(state: State, *, is_checked: bool) -> None:
    """Import what flows need while the services start; Great Expectations last, behind the first steps.

    A flow that may find nothing to check imports it when it has written the first rows.
    """
    keep_logs(state.settings(), verbose=state.verbose)
    import flows.pipeline  # noqa: F401

    if is_checked:
        from expectations.checks.tables import warm_up

        warm_up()


def _print_summary(outcome: Run | None) -> None:
    """The last run's summary: what it did, which rules failed, which tables are blocked."""
    if outcome is None:
        return
    for check in outcome.failed_checks + outcome.warnings:
        say(f"  {check.severity}: {check.table_name}: {check.rule}: {check.observed}")
    if outcome.checks:
        say(f"Validation report: {outcome.settings.docs_root / 'index.html'}")
    console().print(f"[bold]{outcome.flow}[/] took {outcome.seconds:.1f} s: {outcome.summary()}.")


def _name_command() -> str:
    """The command as a person typed it, without its options."""
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    return f"snowcast {words[0]}" if words else "snowcast"


def _print_next_steps(outcome: Run) -> None:
    program = _name_program()
    query = "SELECT * FROM MARTS.MART_TOP_STREAMERS WHERE ranking_window = 'all_time' ORDER BY streamer_rank LIMIT 10"
    say("")
    say("Look next:")
    say(f"  {program} dashboard")
    say(f"  {program} status")
    say(f'  {program} sql "{query}"')
    say(f"  {outcome.settings.docs_root / 'index.html'}")


def _name_program() -> str:
    """What to type for this program: its name where it is on the PATH, else the way to it from here."""
    if shutil.which("snowcast"):
        return "snowcast"
    started, here = Path(sys.argv[0]).absolute(), Path.cwd()
    return str(started.relative_to(here)) if started.is_relative_to(here) else str(started)
