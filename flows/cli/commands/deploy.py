"""Commands that deploy: to a Prefect server, to a Snowflake account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.output import say
from flows.errors import ConfigError

if TYPE_CHECKING:
    from flows.deploy.prefect.plan import Change as PrefectChange
    from flows.deploy.snowflake.plan import Change
    from flows.settings import Settings

commands = typer.Typer(name="deploy", help="Deploy to Prefect or to a Snowflake account.", no_args_is_help=True)
Plan = Annotated[bool, typer.Option("--plan", help="Show what differs from what is there; change nothing.")]


@commands.command("prefect")
def deploy_prefect(context: typer.Context, plan: Plan = False) -> None:
    """Make work pool, deployments and automations on the Prefect server: only what is not there as declared."""
    from flows.deploy.prefect import deploy
    from flows.deploy.prefect.declared import declare
    from flows.deploy.prefect.pools import tell_lacking_package

    settings = context.obj.settings()
    if plan:
        left = deploy.plan_deployment(settings)
    else:
        left = deploy.apply_deployment(settings, lambda change: say(f"{change.sign} {change.what}"))
    for change in left:
        say(f"{change.sign} {change.what}: {change.why}")
        if change.advice:
            say(f"    {change.advice}")
    _show_counts(left)
    if untold := declare(settings).untold:
        say(f"Set SNOWCAST_SLACK_WEBHOOK_URL to be notified of {', '.join(untold)}.")
    if not plan:
        say("`snowcast worker` runs the deployments as they fall due.")
        if lack := tell_lacking_package(settings):  # the worker may well run elsewhere
            say(f"Not here yet: {lack}")


@commands.command("snowflake")
def deploy_snowflake(
    context: typer.Context,
    plan: Plan = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the whole SQL; log in nowhere.")] = False,
    teardown: Annotated[bool, typer.Option("--teardown", help="Take everything away again, after asking.")] = False,
    dynamic_table: Annotated[
        str | None, typer.Option("--dynamic-table", help="Print a staging table as a dynamic table; change nothing.")
    ] = None,
    with_tasks: Annotated[
        bool, typer.Option("--with-tasks", help="Build inside Snowflake: procedure, streams and a graph of tasks.")
    ] = False,
) -> None:
    """Make roles, virtual warehouse, database, schemas, stages and grants: only what is not there as declared."""
    from flows.deploy.snowflake import deploy
    from flows.deploy.snowflake.statements import render_statements
    from flows.deploy.snowflake.tasks import render_task_statements

    asked = {"--plan": plan, "--dry-run": dry_run, "--teardown": teardown, "--dynamic-table": dynamic_table}
    given = [name for name, value in asked.items() if value]
    if len(given) > 1 and given != ["--dry-run", "--teardown"]:
        raise ConfigError(f"{given[0]} and {given[1]} are two things: only --dry-run and --teardown go together.")
    settings = context.obj.settings()
    if dynamic_table:
        say(f"{deploy.write_dynamic(settings, dynamic_table)};")
    elif dry_run and teardown:
        for role, statement in deploy.list_teardown(settings, with_tasks=with_tasks):
            say(f"{statement};  -- as {role}")
    elif dry_run:
        tasks = render_task_statements(settings) if with_tasks else []
        for statement in [*render_statements(settings), *tasks]:
            say(f"{statement};")
    elif teardown:
        _tear_down(settings, with_tasks=with_tasks)
    elif plan:
        _show_plan(deploy.plan_deployment(settings, with_tasks=with_tasks))
    else:
        left = deploy.apply_deployment(settings, _say_made, with_tasks=with_tasks)
        _show_plan(left)


def _say_made(change: Change) -> None:
    say(f"{change.sign} {change.what}")


def _show_plan(changes: Sequence[Change]) -> None:
    """Print the differences, a line each, and what makes them go."""
    for change in changes:
        say(f"{change.sign} {change.what}: {change.why}")
        say(f"    {change.statement};{f'  -- as {change.role}' if change.role else ''}")
    _show_counts(changes)


def _show_counts(changes: Sequence[Change | PrefectChange]) -> None:
    counts = {sign: sum(change.sign == sign for change in changes) for sign in "+~!"}
    told = [f"{counts['+']} to make", f"{counts['~']} to change", f"{counts['!']} left to you"]
    say(", ".join(one for one in told if not one.startswith("0 ")) or "Everything is in place.")


def _tear_down(settings: Settings, *, with_tasks: bool) -> None:
    from flows.deploy.snowflake import deploy

    for _, statement in deploy.list_teardown(settings, with_tasks=with_tasks):
        say(f"- {statement}")
    question = f"All of {settings.database} will be gone. Type {settings.database} to go on"
    try:
        typed = typer.prompt(question, default="", show_default=False)
    except typer.Abort:  # nobody is there to answer
        say("")
        typed = ""
    if typed != settings.database:
        say("Nothing was changed.")
        return
    deploy.tear_down(settings, with_tasks=with_tasks)
    say(f"{settings.database} and what belongs to it are gone.")
