"""`snowcast explain`: one number of a table, and the rows, files, polls and checks that it stands on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from flows.cli.output import Json, print_json, print_rows, say
from flows.errors import ConfigError
from flows.settings import make_parameters


def explain(
    context: typer.Context,
    table: Annotated[str, typer.Argument(help="A table behind staging, e.g. mart_streamer_daily.")],
    column: Annotated[str, typer.Argument(help="Its column, e.g. hours_watched.")],
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="NAME=VALUE", help="What names the row; as often as needed.")
    ] = None,
    sql: Annotated[
        bool, typer.Option("--sql", help="Only the statement that gives the number from these rows.")
    ] = False,
    as_json: Json = False,
) -> None:
    """One number: its formula, the rows it came from, their landing files and polls, the checks that held on them."""
    from flows.cli.views.explain import say_explanation
    from flows.explain.explain import explain_number, find_column
    from flows.lineage.graph import trace_tables

    contract, name = find_column(table, column)
    named = _read_key(key or [])
    with context.obj.reader() as (reader, settings):
        lineage = trace_tables(make_parameters(settings), settings.database)
        found = explain_number(reader, settings.database, lineage, contract, name, named)
    if as_json:
        print_json(asdict(found))
    elif sql:
        say(found.sql)
    else:
        say_explanation(found, say, lambda rows: print_rows(*rows, "table"))


def _read_key(given: list[str]) -> dict[str, str]:
    named: dict[str, str] = {}
    for one in given:
        name, is_there, value = one.partition("=")
        if not is_there:
            raise ConfigError(f"--key {one!r} is no NAME=VALUE, e.g. --key date_day=2026-11-24.")
        named[name.strip().lower()] = value
    return named
