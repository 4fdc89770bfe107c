"""Stage by stage: build tables, validate what was written, stop only what stands on a failed table.

Stages: tables that do not depend on one another, so that they are built, and then checked, at the same time.
No table of a stage reads another one of it, and every rule of a table reads only what is built by then: a failure stops
all that stands on a table, and nothing else. Layers do not wait for one another where nothing binds them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from flows.errors import BrokenOffError, TransientError
from flows.reporting import reporter
from flows.steps.artifacts import Progress
from flows.steps.build import Window, build_step, has_nothing_new, report_build
from flows.steps.parallel import Step, map_at_once, run_steps
from flows.steps.run import Run
from flows.steps.standing import Standing, read_standing
from flows.steps.validate import validate_stage
from flows.warehouse import open_session, workers
from transforms.catalog import Model, models, select_models
from transforms.contract import Layer
from transforms.engine.states import States
from transforms.functions import Session

if TYPE_CHECKING:
    from transforms.engine.write import BuildResult

LAYERS = tuple(Layer)
_NAMED_IN_QUERY = re.compile(r"{(\w+)}")


def build_layers(
    run: Run, selectors: Sequence[str] = (), *, mode: str = "incremental", window: Window | None = None
) -> None:
    """Build the selected tables stage by stage, and validate each stage before the next one reads it.

    A table that breaks a critical rule stays closed, in later runs too, until its whole content holds the rule again.
    What an earlier run left unchecked is checked with its stage, or before all where it is not selected.
    """
    from transforms.engine.batches import read_states

    models = select_models(selectors)

    def read(what: Callable[[Session], Any]) -> Any:
        with open_session(run.settings, step="read state", run=run.run_id) as session:
            return what(session)

    wanted = [
        lambda session: read_standing(session, run.settings.database),
        lambda session: read_states(session, models),
    ]
    left, states = map_at_once(workers(run.settings))(read, wanted)
    cycle = _Cycle(run, left, states, set(left.closed), mode, window)
    cycle.check_what_is_left(models)
    progress = Progress(len(models), f"{mode} of {len(models)} tables") if mode != "incremental" else None
    for stage in sort_into_stages(models):
        cycle.build(stage, progress)
        cycle.check([model.table.name for model in stage])


@dataclass
class _Cycle:
    """Building and checking under way: what is known of the tables, and which are closed by now."""

    run: Run
    left: Standing
    states: States
    closed: set[str]
    mode: str
    window: Window | None

    def build(self, stage: Sequence[Model], progress: Progress | None) -> None:
        """Build the tables of a stage at the same time; those with nothing new are only reported."""
        outcomes: dict[str, BuildResult | Exception] = {}
        ready = [model for model in stage if model.build and not _is_blocked(self.run, model, self.closed)]
        idle = [model.table.name for model in ready if has_nothing_new(model.table.name, self.states, self.mode)]
        outcomes.update({name: _make_idle_result(name, self.mode) for name in idle})
        new = [model for model in ready if model.table.name not in outcomes]
        if new:
            reporter().show_progress("build", ", ".join(model.table.name for model in new))
        order = [model.table.name for model in ready]

        def report(step: Step, outcome: Any) -> None:
            outcomes[step.name] = outcome
            while order and order[0] in outcomes:
                self._keep(order[0], outcomes[order.pop(0)])
                if progress:
                    progress.advance()

        steps = [build_step(model, self.run.run_id, self.mode, self.window, self.states) for model in new]
        run_steps(steps, workers(self.run.settings), report)
        for name in list(order):
            self._keep(name, outcomes[name])

    def _keep(self, name: str, outcome: BuildResult | Exception) -> None:
        """Take the outcome of a build; where a table cannot be built, only what stands on it is not built."""
        report_build(name, outcome)
        if isinstance(outcome, TransientError | BrokenOffError):
            raise outcome
        if isinstance(outcome, Exception):
            self.run.broken[name] = outcome
        else:
            self.run.builds.append(outcome)

    def check(self, names: Sequence[str]) -> None:
        """Check what was written of these tables, in this run or in one that could not check it; closed ones whole."""
        written = _find_batches(self.run, names)
        batches: dict[str, list[str] | None] = {}
        for name in names:
            if name in self.closed and not _is_checked(self.run, name):
                batches[name] = None
            elif not _is_checked(self.run, name) and models()[name].table.is_view:
                batches.update(_rows_of_view(self.run, name))
            elif not _is_checked(self.run, name):
                unchecked = [*written.get(name, []), *self.left.unchecked.get(name, [])]
                batches.update({name: list(dict.fromkeys(unchecked))} if unchecked else {})
        self.closed -= {name for name, ids in batches.items() if ids is None}
        self.closed |= _validate_and_find_closed(self.run, list(batches), batches)

    def check_what_is_left(self, models: Sequence[Model]) -> None:
        """Check what earlier runs left unchecked of tables that are not selected, and that selected ones stand on."""
        selected = {model.table.name for model in models}
        unselected = find_upstream(selected) - selected
        self.check([name for name in self.left.unchecked if name in unselected and name not in self.closed])


def _make_idle_result(name: str, mode: str) -> BuildResult:
    from transforms.engine.write import BuildResult

    return BuildResult(name, mode, None, skipped=True)


def validate_stored(run: Run, selectors: Sequence[str] = (), *, full: bool = True) -> None:
    """Check the rules of the selected tables, changing nothing: on all rows or on each newest batch."""
    batches = None
    if not full:
        with open_session(run.settings, step="read state", run=run.run_id) as session:
            batches = _find_newest_batches(session, run.settings.database)
    by_layer = sorted(select_models(selectors), key=lambda model: LAYERS.index(model.table.layer))
    for _, stage in groupby(by_layer, key=lambda model: model.table.layer):
        _validate_and_find_closed(run, [model.table.name for model in stage], batches)


def _find_newest_batches(session: Session, database: str) -> dict[str, list[str]]:
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


def _is_blocked(run: Run, model: Model, closed: set[str]) -> bool:
    """Whether the table stands on a closed or broken one, or on one that was itself not built; it is reported then."""
    causes = [name for name in model.inputs if name in closed or name in run.broken] or [
        run.blocked[name] for name in model.inputs if name in run.blocked
    ]
    if causes:
        run.blocked[model.table.name] = causes[0]
        why = "could not be built" if causes[0] in run.broken else "broke a critical rule"
        reporter().show_result(f"build {model.table.name}", f"not built: {causes[0]} {why}", "skipped")
    return bool(causes)


def _is_checked(run: Run, name: str) -> bool:
    return any(check.table_name == name for check in run.checks)


def _find_batches(run: Run, names: Sequence[str]) -> Mapping[str, list[str]]:
    """Return per table, the builds and loads of this run that wrote rows."""
    found = run.loads_by_table()
    for build in run.builds:
        if build.build_id and _has_written(build):
            found.setdefault(build.table_name, []).append(build.build_id)
    return {name: batches for name, batches in found.items() if name in names}


def _rows_of_view(run: Run, name: str) -> Mapping[str, list[str] | None]:
    """What is new in a view: what the builds of its rows' input wrote, or all of it where an input was written."""
    model = models()[name]
    written = _find_batches(run, model.inputs)
    rows_of = getattr(model.table.write, "rows_of", None)
    if rows_of is None:
        return {name: None} if written else {}
    return {name: written[rows_of]} if rows_of in written else {}


def _has_written(build: BuildResult) -> bool:
    """Whether it wrote rows, or changed the account of a load: records may all have been refused or superseded."""
    return build.rows_inserted + build.rows_updated + build.rows_quarantined + build.rows_superseded > 0


def _validate_and_find_closed(
    run: Run, names: Sequence[str], batches: Mapping[str, Sequence[str] | None] | None
) -> set[str]:
    if not names:
        return set()
    from expectations.engine.results import find_blocked_tables

    layers = sorted({models()[name].table.layer for name in names}, key=LAYERS.index)
    began = datetime.now(UTC)
    results = validate_stage(" and ".join(layers), names, run.run_id, batches)
    run.add_checks(results, began, batches)
    return find_blocked_tables(results)


def sort_into_stages(models: Iterable[Model]) -> list[list[Model]]:
    """Return the tables in stages, those of a stage by layer and otherwise in the order in which they come."""
    places: dict[str, int] = {}
    chosen = list(models)
    by_name = {model.table.name: model for model in chosen}
    for model in chosen:
        places[model.table.name] = 1 + max([places[name] for name in model.inputs if name in places], default=-1)
    while any(_move_behind_inputs(model, places) for model in by_name.values()):
        continue
    in_place = sorted(chosen, key=lambda model: (places[model.table.name], LAYERS.index(model.table.layer)))
    return [list(stage) for _, stage in groupby(in_place, key=lambda model: places[model.table.name])]


def find_upstream(names: Iterable[str]) -> set[str]:
    """Return every table that these stand on, near and far."""
    found: set[str] = set()
    left = [name for name in names if name in models()]
    while left:
        inputs = [name for name in models()[left.pop()].inputs if name not in found]
        found |= set(inputs)
        left += inputs
    return found


def _move_behind_inputs(model: Model, places: dict[str, int]) -> bool:
    """Put a table behind what it reads, and not before what its rules read; returns whether it had to be moved."""
    name = model.table.name
    after = [places[read] + 1 for read in model.inputs if read in places]
    beside = [places[read] for read in _find_tables_of_rules(name) if read in places]
    place = max([*after, *beside, 0])
    is_moved = place > places[name]
    places[name] = max(place, places[name])
    return is_moved


@cache
def _find_tables_of_rules(name: str) -> frozenset[str]:
    """Find tables that a table's rules read beside it; those that stand on it are built after its check."""
    from expectations.checks.tables import rules_of
    from expectations.rules.rule import Lookup

    queries = [
        helper.query for rule in rules_of(models()[name].table) for helper in rule.helpers if isinstance(helper, Lookup)
    ]
    read = {table for query in queries for table in _NAMED_IN_QUERY.findall(query)}
    return frozenset(table for table in read & set(models()) if name not in find_upstream([table]) and table != name)
