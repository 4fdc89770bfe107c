"""`snowcast docs`: where the Data Docs are, and the documentation site: build it, serve it on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.output import say
from flows.errors import ConfigError
from flows.settings import make_parameters

docs = typer.Typer(name="docs", invoke_without_command=True)
_ROOT = Path(__file__).parents[3]
Libraries = Annotated[
    Path | None,
    typer.Option(help="node_modules with cytoscape and elkjs, which draw the lineage (`make docs` brings them)."),
]


@docs.callback()
def show_data_docs(context: typer.Context) -> None:
    """Where the Data Docs are (every rule of the newest validation of each table); and the documentation site."""
    if context.invoked_subcommand:
        return
    settings = context.obj.settings()
    index = settings.docs_root / "index.html"
    if not index.exists():
        raise ConfigError(f"There are no Data Docs at {index} yet. `snowcast run` or `snowcast validate` writes them.")
    say(str(index))


@docs.command()
def build(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Folder to build in; none: site/ in the home.")] = None,
    libraries: Libraries = None,
) -> None:
    """Build the documentation site; a link that leads to nothing fails it. Asks no warehouse."""
    from flows.deploy.prefect.declared import deployments
    from flows.docs_site.build import build_site
    from flows.docs_site.site import Subject, find_libraries
    from flows.lineage.graph import trace_tables

    settings = context.obj.settings()
    lineage = trace_tables(make_parameters(settings), settings.database)
    given = libraries or Path(sys.prefix) / "docs" / "node_modules"
    subject = Subject(_ROOT, lineage, context.find_root().command, deployments())
    index, count = build_site(out or settings.home / "site", subject, given)
    if not find_libraries(given):
        say("The lineage page is a list: npm was not there to bring cytoscape and elkjs. `make docs` tries again.")
    say(f"{count} pages, every link leads somewhere: {index}")


@docs.command()
def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0: a free one.", min=0, max=65535)] = 8800,
) -> None:
    """Serve the built site on 127.0.0.1, until Ctrl-C."""
    from flows.docs_site.serve import serve_site

    folder = context.obj.settings().home / "site" / "html"
    if not (folder / "index.html").exists():
        raise ConfigError(f"There is no site at {folder} yet. `make docs` or `snowcast docs build` makes it.")
    serve_site(folder, port, say)
