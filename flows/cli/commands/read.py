"""Commands that read: status, sql, tables, history, report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.cli.output import Form, Json, parse_time, print_json, print_rows, say
from flows.cli.state import quiet_connector
from flows.errors import ConfigError, ValidationFailed
from transforms.catalog import select_models

if TYPE_CHECKING:
    from collections.abc import Sequence


def status(
    context: typer.Context,
    as_json: Json = False,
    costs: Annotated[bool, typer.Option("--costs", help="Statements and seconds of the newest run instead.")] = False,
    estimate: Annotated[
        bool, typer.Option("--credits", help="What cycles like the newest run would cost on Snowflake instead.")
    ] = False,
) -> None:
    """Freshness, rows per table, quarantine, last runs; or what the newest run cost."""
    if estimate:
        _print_credits(context, as_json)
        return
    if costs:
        _print_costs(context, as_json)
        return
    from flows.cli.views.status import read_status

    with context.obj.reader() as (reader, settings):
        state = read_status(reader, settings)
    if as_json:
        print_json(state)
        return
    say(f"{settings.warehouse} warehouse, database {state.database}, {state.at:%Y-%m-%d %H:%M:%S} UTC\n")
    sections: dict[str, Sequence[Any]] = {
        "Freshness": state.freshness,
        "Tables": state.tables,
        "Quarantine": state.quarantine,
        "Stream": state.stream,
        "Last runs": state.runs,
    }
    for title, rows in sections.items():
        if title == "Stream" and not rows:  # most homes have none
            continue
        say(title)
        display = [_simplify_row(asdict(row)) for row in rows]
        if display:
            print_rows(list(display[0]), [list(row.values()) for row in display], "table")
        else:
            say("none")
        say("")


def _print_costs(context: typer.Context, as_json: bool) -> None:
    from flows.steps.costs import read_costs

    with context.obj.session() as (session, settings):
        found = read_costs(session, settings)
    if as_json:
        print_json(found)
    elif found is None:
        say("no run has been counted yet")
    else:
        say(f"{found.flow}, {found.started_at[:19].replace('T', ' ')} UTC: {found.statements:,} statements\n")
        rows = [[one.step, one.table, one.statements, one.seconds] for one in found.costs]
        print_rows(["step", "table", "statements", "seconds"], rows, "table")


def _print_credits(context: typer.Context, as_json: bool) -> None:
    from flows.steps.costs import RATES, count_run, estimate_credits, list_assumptions, read_costs

    with context.obj.session() as (session, settings):
        found = read_costs(session, settings)
        if found is None:
            raise ConfigError("No run has been counted yet: `snowcast run` counts what it sends.")
        counted = count_run(session, settings, found)
    estimates = [asdict(estimate_credits(counted, settings, rate)) for rate in RATES]
    if as_json:
        print_json({"counted": asdict(counted), "estimates": estimates})
        return
    print_rows(list(estimates[0]), [list(one.values()) for one in estimates], "table")
    for line in list_assumptions(counted, settings):
        say(f"  {line}")


def _simplify_row(row: dict[str, Any]) -> dict[str, Any]:
    row.pop("run_id", None)
    if "closed" in row:
        row["closed"] = "a critical rule failed" if row["closed"] else ""
    return row


def sql(
    context: typer.Context,
    statement: Annotated[str, typer.Argument(help="One SQL statement, in Snowflake's dialect.")],
    form: Annotated[Form, typer.Option("--format", help="How to print the rows.")] = Form.TABLE,
) -> None:
    """Run one SQL statement on the warehouse."""
    from snowflake.connector.errors import ProgrammingError

    with context.obj.reader() as (reader, _):
        try:
            columns, rows = reader.table(statement)
        except ProgrammingError as error:
            lines = " ".join(str(error.msg or error).split())
            raise ConfigError(f"The statement failed: {lines}") from None
    print_rows(columns, rows, form)


def tables(context: typer.Context, as_json: Json = False) -> None:
    """Every table with its grain, key, write kind and inputs."""
    rows = [
        {
            "schema": str(model.table.layer),
            "table": model.table.name,
            "grain": model.table.grain,
            "key": ", ".join(model.table.key),
            "write": type(model.table.write).__name__,
            "inputs": ", ".join(model.inputs),
        }
        for model in select_models()
    ]
    print_rows(list(rows[0]), [list(row.values()) for row in rows], "json" if as_json else "table")


def history(
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="A history, e.g. users_history.")],
    key: Annotated[str, typer.Argument(help="What names the key; the parts of a composite one with commas between.")],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help="Only the version of this time (ISO 8601, UTC).")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How to print the versions.")] = Form.TABLE,
) -> None:
    """The versions of one key: from when to when, what each changed, when the key was gone."""
    from flows.cli.views.history import find_history, format_for_people, format_for_programs, read_timeline

    contract = find_history(table)
    moment = parse_time(as_of, "--as-of") if as_of else None
    with context.obj.session() as (session, settings):
        timeline = read_timeline(session, settings, contract, key, at=moment)
    if form is not Form.TABLE:
        print_rows(*format_for_programs(timeline), form)
        return
    say(timeline.title)
    if timeline.spans:
        print_rows(*format_for_people(timeline), form)
    else:
        say(f"It did not exist at {moment:%Y-%m-%d %H:%M:%S} UTC.")


def report(
    context: typer.Context,
    as_json: Json = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the state of things, with charts, into one page to mail.")
    ] = None,
) -> None:
    """What the newest validation found, or the state of things as a page; exit code 1 where a critical rule failed."""
    if html:
        _write_report(context, html)
        return
    from transforms.ops import VALIDATION_RESULTS

    with context.obj.reader() as (reader, settings):
        name = VALIDATION_RESULTS.full_name(settings.database)
        newest = f"(SELECT run_id FROM {name} ORDER BY validated_at DESC LIMIT 1)"
        rows = reader.records(
            "SELECT run_id, layer, table_name, rule, severity, success, observed, scope, validated_at "
            f"FROM {name} WHERE run_id = {newest} ORDER BY success, severity, layer, table_name, rule"
        )
    failed = [row for row in rows if not row["success"]]
    if as_json:
        print_json(rows)
    elif not rows:
        say("Nothing was validated yet. `snowcast run` does it.")
    else:
        columns = ["severity", "table_name", "rule", "observed"]
        if failed:
            print_rows(columns, [[row[name] for name in columns] for row in failed], "table")
        say(f"Run {rows[0]['run_id']}: {len(rows)} rules checked, {len(failed)} failed.")
        say(f"Data Docs: {settings.docs_root / 'index.html'}")
    if any(row["severity"] == "critical" for row in failed):
        raise ValidationFailed("a critical rule failed; what stands on its table was not built.")


def _write_report(context: typer.Context, file: Path) -> None:
    """Write the state of the warehouse into one self-contained page."""
    from flows.cli.views.dashboard import need_dashboard, write_report

    need_dashboard()
    settings = context.obj.settings()
    quiet_connector()
    write_report(settings, file)
    say(f"Report: {file.absolute()}")
