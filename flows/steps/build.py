"""Building one table as a step of a flow; the table is the asset that the step makes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from prefect.assets import Asset, AssetProperties, materialize

from flows.errors import TransientError
from flows.reporting import reporter
from flows.settings import Settings, load_settings, make_parameters
from flows.steps.parallel import Step
from flows.steps.task import STEP
from flows.warehouse import open_session
from transforms.catalog import Model, models
from transforms.engine.states import States

if TYPE_CHECKING:
    from transforms.engine.write import BuildResult


_MOST_TEXT = 500
Window = tuple[datetime, datetime]


def build_step(
    model: Model, run_id: str, mode: str = "incremental", window: Window | None = None, states: States | None = None
) -> Step:
    """Make the task that builds one table; the table is its asset."""
    settings = load_settings()
    built = materialize(
        Asset(
            key=asset_key(model.table.name, settings),
            properties=AssetProperties(name=model.table.name, description=model.table.grain),
        ),
        name="build",
        task_run_name="build {name}",
        asset_deps=[asset_key(name, settings) for name in model.inputs],
        **STEP,
    )(_build_in_session)
    name = model.table.name
    given = {"name": name, "run_id": run_id, "mode": mode, "window": window, "states": states}
    return Step(name, built, given)


def has_nothing_new(name: str, states: States, mode: str) -> bool:
    """Whether building the table would do nothing; asks nobody."""
    from transforms import build as building

    return building.has_nothing_new(name, states, make_parameters(load_settings()), mode)


def _build_in_session(name: str, run_id: str, mode: str, window: Window | None, states: States | None) -> BuildResult:
    from transforms.build import build_table
    from transforms.engine.merge import BuildConflictError

    settings = load_settings()
    with open_session(settings, step=f"build {name}", run=run_id, table=name) as session:
        try:
            return build_table(
                session,
                name,
                run_id=run_id,
                mode=mode,
                parameters=make_parameters(settings),
                window=window,
                states=states,
            )
        except BuildConflictError as conflict:
            raise TransientError(str(conflict)) from conflict


def report_build(name: str, outcome: BuildResult | Exception) -> None:
    """Print what became of a build."""
    if isinstance(outcome, Exception):
        reporter().show_result(f"build {name}", " ".join(str(outcome).split())[:_MOST_TEXT], "failed")
    else:
        reporter().show_result(f"build {name}", _format_build(outcome), "skipped" if outcome.skipped else "ok")


def asset_key(name: str, settings: Settings) -> str:
    """Return the asset of a table: `snowflake://database/schema/table`."""
    return f"snowflake://{settings.database}/{models()[name].table.layer}/{name}".lower()


def _format_build(result: BuildResult) -> str:
    if result.skipped:
        return "nothing new"
    changes = {
        "new": result.rows_inserted,
        "changed": result.rows_updated,
        "removed": result.rows_deleted,
        "quarantined": result.rows_quarantined,
    }
    text = ", ".join(f"{count:,} {word}" for word, count in changes.items() if count) or "no change"
    return f"{text} ({result.seconds:.1f} s)"
