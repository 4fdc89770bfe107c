"""Commands about activities: what there is, what each says, and questions about them."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.output import Form, Json, print_rows, say, say_error

activity = typer.Typer(name="activity", help="Activity streams: what there is, and questions.", no_args_is_help=True)


@activity.command("list")
def list_activities(context: typer.Context, as_json: Json = False) -> None:
    """Every activity with its stream, its features and what it means; Amplitude's event types as they are loaded."""
    from flows.cli.views.activity import activities_in, list_of_activities

    with context.obj.reader() as (reader, settings):
        columns, rows = list_of_activities(activities_in(reader, settings))
    print_rows(columns, rows, "json" if as_json else "table")


@activity.command("describe")
def describe_activity(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ACTIVITY", help="An activity, e.g. gift_received.")],
    as_json: Json = False,
) -> None:
    """What a question can name of one activity, with types."""
    from flows.cli.views.activity import activities_in, find_activity, list_features

    with context.obj.reader() as (reader, settings):
        found = find_activity(name, activities_in(reader, settings))
    columns, rows = list_features(found)
    if not as_json:
        say(f"{found.name}, in {found.stream}: {found.description}")
    print_rows(columns, rows, "json" if as_json else "table")


@activity.command("query")
def query_activities(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="e.g. 'first stream_started append first gift_received after'.")],
    form: Annotated[Form, typer.Option("--format", help="How to print the rows.")] = Form.TABLE,
    table: Annotated[str | None, typer.Option(help="Write the answer into this table of MARTS instead.")] = None,
) -> None:
    """Ask a question; transforms/datasets/QUERIES.md has the grammar and examples."""
    from flows.cli.views.activity import activities_in, answer, format_for_people, keep_answer, plan_question

    with context.obj.reader() as (reader, settings):
        plan = plan_question(question, activities_in(reader, settings))
    with context.obj.session() as (session, settings):
        if table is None:
            found = answer(session, settings, plan)
            print_rows(*(format_for_people(*found) if form is Form.TABLE else found), form)
            return
        kept = keep_answer(session, plan, question, table)
    written = kept.result
    if kept.question_before is not None:
        say_error(f"MARTS.{written.table_name} answered another question until now: {kept.question_before}")
    changed = f"{written.rows_inserted:,} inserted, {written.rows_updated:,} updated, {written.rows_deleted:,} deleted"
    say(f"MARTS.{written.table_name}: {changed}.")
