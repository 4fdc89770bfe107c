"""Commands of the stream of samples: produce, consume."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flows.cli.commands.run import run_flow
from flows.cli.output import report_to_terminal
from flows.cli.state import check_selectors

commands = typer.Typer(name="stream", help="Samples of live streams through Kafka.", no_args_is_help=True)


@commands.command("produce")
def produce(
    context: typer.Context,
    polls: Annotated[int | None, typer.Option(min=1, help="End after so many polls.")] = None,
) -> None:
    """Sample the live streams of the chosen games into the topic, until Ctrl-C."""
    from flows.steps.stream import produce_samples
    from flows.stream import until_stopped

    settings = context.obj.settings()
    with report_to_terminal() as reporter, until_stopped() as is_stopped:

        def report(line: str, is_well: bool) -> None:
            reporter.show_result("sample", line, "ok" if is_well else "warning")

        produce_samples(settings, is_stopped, report, polls)


@commands.command("consume")
def consume(
    context: typer.Context,
    idle: Annotated[float | None, typer.Option(help="End where nothing came for so many seconds.")] = None,
) -> None:
    """Load the topic's messages batch by batch, each once, and build behind each batch, until Ctrl-C."""
    settings = context.obj.settings()
    check_selectors(list(settings.stream_build))

    def stream_consume() -> Any:
        from flows.stream import stream_consume as flow

        return flow(idle_seconds=idle)

    run_flow(context.obj, stream_consume)
