"""Commands that deploy: to a Prefect server, to a Snowflake account."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.output import say

commands = typer.Typer(name="deploy", help="Deploy to Prefect or to a Snowflake account.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands)


@commands.command("prefect")
def deploy_prefect(context: typer.Context) -> None:
    """Register the deployments of deployments/prefect.yaml with the Prefect server."""
    from flows.deploy.prefect import deploy_to_prefect

    for name in deploy_to_prefect(context.obj.settings()):
        say(f"deployed {name}")
    say("`snowcast worker` runs them as they fall due.")


@commands.command("snowflake")
def deploy_snowflake(
    context: typer.Context,
    show: Annotated[bool, typer.Option("--print", help="Print the statements instead of running them.")] = False,
) -> None:
    """Create roles, virtual warehouse, database, schemas, stage and grants in a Snowflake account."""
    from flows.deploy.snowflake import deploy_to_snowflake, snowflake_statements

    settings = context.obj.settings()
    if show:
        for statement in snowflake_statements(settings):
            say(f"{statement};")
        return
    for name in deploy_to_snowflake(settings):
        say(f"ran {name}")
