"""Commands of the quarantine: list refused records, show one, load one repaired."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.output import Json, print_json, print_rows, say
from flows.errors import ConfigError

commands = typer.Typer(name="quarantine", help="Records that were refused, with their reasons.", no_args_is_help=True)
Identifier = Annotated[str, typer.Argument(help="Id of the record, or its unique beginning.")]


@commands.command("list")
def list_refusals(
    context: typer.Context,
    table: Annotated[str | None, typer.Option(help="Only what this table refused.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Newest so many.")] = 100,
    as_json: Json = False,
) -> None:
    """Refused records, newest first."""
    from flows.load.redrive import find_refusals

    with context.obj.reader() as (reader, settings):
        found = find_refusals(reader, settings, table=table, limit=limit)
    if as_json:
        print_json(found)
        return
    columns = ["id", "table", "rule", "reason", "source file", "row", "redriven"]
    rows: list[list[Any]] = [
        [one.quarantine_id[:12], one.table, one.rule, one.reason, one.source_file, one.source_row, one.redriven_at]
        for one in found
    ]
    print_rows(columns, rows, "table")


@commands.command("show")
def show_refusal(context: typer.Context, identifier: Identifier) -> None:
    """One refused record with its reason, as JSON."""
    from flows.load.redrive import find_refusal

    with context.obj.reader() as (reader, settings):
        print_json(find_refusal(reader, settings, identifier))


@commands.command("redrive")
def redrive_refusal(
    context: typer.Context,
    identifier: Identifier,
    record: Annotated[str | None, typer.Option(help="The repaired record, as JSON.")] = None,
    file: Annotated[Path | None, typer.Option(help="File with the repaired record, as JSON.")] = None,
) -> None:
    """Load a repaired record in place of a refused one, once; the next build takes it."""
    from flows.load.redrive import find_refusal, redrive

    repaired = _read_repaired(record, file)
    with context.obj.reader() as (reader, settings):
        refused = find_refusal(reader, settings, identifier)
    with context.obj.session() as (session, settings):
        load_id = redrive(session, settings, refused, repaired)
    say(f"Loaded as {load_id}. `snowcast build` takes it into the tables.")


def _read_repaired(record: str | None, file: Path | None) -> Any:
    if (record is None) == (file is None):
        raise ConfigError("Give the repaired record: --record '{…}' or --file repaired.json.")
    try:
        repaired = json.loads(file.read_text(encoding="utf-8") if file else record or "")
    except (OSError, ValueError) as error:
        raise ConfigError(f"The repaired record cannot be read: {error}") from None
    if not isinstance(repaired, dict):
        raise ConfigError("The repaired record is no JSON object.")
    return repaired
