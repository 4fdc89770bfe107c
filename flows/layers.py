"""Layer by layer: build the tables of a layer, validate what was written, stop only what stands on a failed table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from flows.artifacts import Progress
from flows.errors import TransientError
from flows.open_failures import open_failures_statement
from flows.reporting import reporter
from flows.run import Run
from flows.tasks import Window, build_table, validate_layer
from transforms.contract import Layer

if TYPE_CHECKING:
    from snowflake.snowpark import Session

    from transforms.building import BuildResult
    from transforms.catalog import Model

_LAYERS = tuple(Layer)


def build_layers(
    run: Run,
    session: Session,
    selectors: Sequence[str] = (),
    *,
    mode: str = "incremental",
    window: Window | None = None,
) -> None:
    """Build the selected tables in order and validate each stage before the next one reads it.

    A table that breaks a critical rule stays closed, in later runs too, until its whole content holds the rule again.
    """
    from transforms.catalog import in_order

    models = in_order(selectors)
    closed = open_failures(session, run.settings.database)
    progress = Progress(len(models), f"{mode} of {len(models)} tables") if mode != "incremental" else None
    for layer, stage in _stages(models):
        named = [model.table.name for model in stage]
        ready = [model for model in stage if not _is_blocked(run, model, closed)]
        for model in ready:
            _build(run, model, mode, window)
            if progress:
                progress.advance()
        written = _batches(run, named)
        again = [name for name in named if name in closed and not _is_checked(run, name)]
        new = [name for name in written if name not in again and not _is_checked(run, name)]
        closed -= set(again)
        closed |= _validated(run, layer, new, written) | _validated(run, layer, again, None)


def validate_stored(run: Run, session: Session, selectors: Sequence[str] = (), *, full: bool = True) -> None:
    """Check the rules of the selected tables, changing nothing: on all rows or on each newest batch."""
    from transforms.catalog import in_order

    batches = None if full else _newest_batches(session, run.settings.database)
    by_layer = sorted(in_order(selectors), key=lambda model: _LAYERS.index(model.table.layer))
    for layer, stage in groupby(by_layer, key=lambda model: model.table.layer):
        _validated(run, layer, [model.table.name for model in stage], batches)


def _newest_batches(session: Session, database: str) -> dict[str, list[str]]:
    from snowflake.snowpark.functions import col, rank
    from snowflake.snowpark.window import Window as Over

    from transforms.ops import HEADS, LOADS

    builds = session.table(HEADS.full_name(database)).filter(col("build_id").is_not_null())
    newest_first = Over.partition_by("table_name").order_by(col("loaded_at").desc())
    loads = session.table(LOADS.full_name(database)).with_column("position", rank().over(newest_first))
    newest = loads.filter(col("position") == 1).select("table_name", "load_id")
    found: dict[str, list[str]] = {}
    for name, batch in [*builds.select("table_name", "build_id").collect(), *newest.collect()]:
        found.setdefault(name, []).append(batch)
    return found


def open_failures(session: Session, database: str) -> set[str]:
    """Tables of which a critical rule failed when it was last checked."""
    return {row[0] for row in session.sql(open_failures_statement(database)).collect()}


def _build(run: Run, model: Model, mode: str, window: Window | None) -> None:
    """Build a table; one that cannot be built is kept with its error, and only what stands on it is not built."""
    if model.build is None:
        return
    try:
        result = build_table(model, run.run_id, mode, window)
    except (TransientError, KeyboardInterrupt):
        raise
    except Exception as error:
        run.broken[model.table.name] = error
        return
    run.builds.append(result)
    if _has_written(result):
        from expectations.validate import warm_up

        warm_up()


def _stages(models: Iterable[Model]) -> list[tuple[str, list[Model]]]:
    """The tables in stages: no table of a stage reads another one of it, so a failure stops all that is built on it.

    Layers are built one after the other; the marts that read activities come in a second round.
    """
    place: dict[str, tuple[int, int, int]] = {}
    for model in models:
        layer = _LAYERS.index(model.table.layer)
        inputs = [place[name] for name in model.inputs if name in place]
        turn = max([of + (above > layer) for of, above, _ in inputs], default=0)
        depth = max([below + 1 for of, same, below in inputs if (of, same) == (turn, layer)], default=0)
        place[model.table.name] = (turn, layer, depth)
    in_place = sorted(models, key=lambda model: place[model.table.name])
    stages = groupby(in_place, key=lambda model: place[model.table.name])
    return [(str(_LAYERS[layer]), list(stage)) for (_, layer, _), stage in stages]


def _is_blocked(run: Run, model: Model, closed: set[str]) -> bool:
    """Whether the table stands on a closed or broken one, or on one that was itself not built; it is told then."""
    causes = [name for name in model.inputs if name in closed or name in run.broken] or [
        run.blocked[name] for name in model.inputs if name in run.blocked
    ]
    if causes:
        run.blocked[model.table.name] = causes[0]
        why = "could not be built" if causes[0] in run.broken else "broke a critical rule"
        reporter().finished(f"build {model.table.name}", f"not built: {causes[0]} {why}", "skipped")
    return bool(causes)


def _is_checked(run: Run, name: str) -> bool:
    return any(check.table_name == name for check in run.checks)


def _batches(run: Run, names: Sequence[str]) -> Mapping[str, list[str]]:
    """Per table, the builds and loads of this run that wrote rows."""
    found = run.loads_by_table()
    for build in run.builds:
        if build.build_id and _has_written(build):
            found.setdefault(build.table_name, []).append(build.build_id)
    return {name: batches for name, batches in found.items() if name in names}


def _has_written(build: BuildResult) -> bool:
    return build.rows_inserted + build.rows_updated > 0


def _validated(run: Run, layer: str, names: Sequence[str], batches: Mapping[str, list[str]] | None) -> set[str]:
    if not names:
        return set()
    from expectations.results import blocked_tables

    results = validate_layer(layer, names, run.run_id, batches)
    run.checks += results
    return blocked_tables(results)
