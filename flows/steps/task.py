"""The steps of every flow: one task that fetches any source, one that builds any table, one that validates any layer.

Tasks take and return names and counts. Each opens the warehouse itself; inside a flow that is the flow's own login.
Only a TransientError is tried again, the step as a whole: every step may be repeated without a trace.

Tasks have no tags: Prefect asks its server for a slot of each set of tags every five seconds, and a local server that
writes down the run's events takes two seconds to answer, which more than doubled the time of a run. What a task is
about is in its name and, for a table, in its asset (database, schema and table); deployments have tags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.assets import Asset, AssetProperties, materialize
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from flows.errors import TransientError
from flows.reporting import Mark, reporter
from flows.settings import Settings, load_settings
from flows.steps.parallel import Step, map_at_once
from flows.warehouse import open_session, stored_columns, workers

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State, TaskRun
    from snowflake.snowpark import Session

    from expectations.engine.results import RuleResult
    from flows.files.report import Fetched
    from flows.load.loader import LoadReport
    from flows.publish_to.amplitude.publish import Published
    from transforms.catalog import Model
    from transforms.engine.batches import States
    from transforms.engine.write import BuildResult

_MOST_TEXT = 500
Window = tuple[datetime, datetime]


def is_transient(_task: Any, _run: TaskRun, state: State[Any]) -> bool:
    """Whether a failed step may be tried again."""
    return isinstance(state.result(raise_on_failure=False), TransientError)


STEP: dict[str, Any] = {
    "cache_policy": NO_CACHE,
    "persist_result": False,
    "retries": 3,
    "retry_delay_seconds": exponential_backoff(2),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_transient,
}


@task(name="fetch", task_run_name="fetch {source}", **STEP)
def fetch_source(source: str, run_id: str, snapshot_at: datetime | None = None) -> Fetched:
    """Fetch a source once and land what came; one that failed half-way is told in the result."""
    from flows.sources.registry import known_source

    settings = load_settings()
    with open_session(settings, step=f"fetch {source}", run=run_id) as session:
        return known_source(source).fetch(settings, session, snapshot_at)


@task(name="load", task_run_name="load landing files", **STEP)
def load_raw(run_id: str) -> LoadReport:
    """Load every landing file that is not in RAW yet, of whatever source."""
    from flows.load.loader import load_pending
    from transforms.catalog import models

    settings = load_settings()
    tables = [model.table for model in models().values() if model.table.source]
    with open_session(settings, step="load", run=run_id) as session:
        report = load_pending(
            session,
            settings.database,
            settings.landing_root,
            tables,
            on_progress=lambda done, total: reporter().advanced("load", f"{done:,} of {total:,} files"),
        )
    reporter().finished("load", _load_line(report), "failed" if report.damaged else "ok")
    return report


def build_step(
    model: Model, run_id: str, mode: str = "incremental", window: Window | None = None, states: States | None = None
) -> Step:
    """Building one table, as a task of its own name; the table is the asset that the task makes."""
    settings = load_settings()
    built = materialize(
        asset_of(model, settings),
        name="build",
        task_run_name="build {name}",
        asset_deps=[asset_key(name, settings) for name in model.inputs],
        **STEP,
    )(_build)
    name = model.table.name
    given = {"name": name, "run_id": run_id, "mode": mode, "window": window, "states": states}
    return Step(name, built, given)


def has_nothing_new(name: str, states: States, mode: str) -> bool:
    """Whether building the table would do nothing; asks nobody."""
    from transforms import build as building

    return building.has_nothing_new(name, states, _parameters(load_settings()), mode)


def _build(name: str, run_id: str, mode: str, window: Window | None, states: States | None) -> BuildResult:
    from transforms.build import build_table as build
    from transforms.engine.merge import BuildConflictError

    settings = load_settings()
    with open_session(settings, step=f"build {name}", run=run_id, table=name) as session:
        try:
            return build(
                session,
                name,
                run_id=run_id,
                mode=mode,
                parameters=_parameters(settings),
                window=window,
                states=states,
            )
        except BuildConflictError as conflict:
            raise TransientError(str(conflict)) from conflict


def tell_build(name: str, outcome: BuildResult | Exception) -> None:
    """Print what became of a build."""
    if isinstance(outcome, Exception):
        reporter().finished(f"build {name}", " ".join(str(outcome).split())[:_MOST_TEXT], "failed")
    else:
        reporter().finished(f"build {name}", _build_line(outcome), "skipped" if outcome.skipped else "ok")


@task(name="validate", task_run_name="validate {stage}", **STEP)
def validate_stage(
    stage: str, names: Sequence[str], run_id: str, batches: Mapping[str, Sequence[str] | None] | None
) -> list[RuleResult]:
    """Check the rules of tables, several at the same time, and keep the results.

    Args:
        stage: What the tables are, for the step's name.
        names: Tables.
        run_id: The run.
        batches: Table -> batches whose rows are read; None, for one table or instead of all: whole tables.
    """
    from expectations.checks.tables import validate_tables

    settings = load_settings()
    reporter().advanced(f"validate {stage}", ", ".join(names))
    step, began = f"validate {stage}", datetime.now(UTC)

    @contextmanager
    def lend(name: str) -> Iterator[Any]:
        with open_session(settings, step=step, run=run_id, table=name) as session:
            yield session.connection

    with open_session(settings, step=step, run=run_id) as session:
        results = validate_tables(
            lend,
            names,
            run_id=run_id,
            batches=batches,
            docs_root=settings.docs_root,
            stored=stored_columns(),
            each=map_at_once(workers(settings)),
        )
        _keep(session, settings, results, run_id, began, batches)
    for layer, found in groupby(sorted(results, key=_layer_place), key=lambda result: result.layer):
        _tell_checks(f"validate {layer}", list(found))
    return results


@task(name="land files", task_run_name="land {path}", **STEP)
def land_files(source: str, path: Path, run_id: str, snapshot_at: datetime | None = None) -> Fetched:
    """Land the files of a source that a person hands over, and say what became of each."""
    from flows.files.deliveries import deliver
    from flows.files.locations import Place
    from flows.sources.registry import known_source

    settings = load_settings()
    with open_session(settings, step=f"land files of {source}", run=run_id) as session:
        kind = known_source(source).file_kind(settings)
        return deliver(session, settings, kind, Place(str(path)), snapshot_at)


@task(name="check source", task_run_name="check source {source}", **STEP)
def check_source(
    source: str, run_id: str, loads: Mapping[str, Sequence[str]], snapshots: Sequence[datetime]
) -> list[RuleResult]:
    """Check a source by what it sent: freshness, volume, completeness of its polls, fields that nobody declared."""
    from expectations.checks.drift import unknown_fields
    from expectations.checks.sources import validate_source
    from flows.sources.registry import known_source
    from transforms.catalog import models
    from transforms.engine.ledgers import append_rows
    from transforms.ops import SCHEMA_DRIFT

    settings = load_settings()
    now = datetime.now(UTC)
    tables = [model.table for model in models().values() if (model.table.source or "").startswith(f"{source}/")]
    with open_session(settings, step=f"check {source}", run=run_id) as session:
        found = unknown_fields(session, settings.database, loads, now=now)
        append_rows(session, SCHEMA_DRIFT, found)
        results = validate_source(
            session.connection,
            source,
            run_id=run_id,
            now=now,
            raw_tables=tables,
            snapshots=snapshots,
            limits=known_source(source).limits(settings),
            docs_root=settings.docs_root,
            stored=stored_columns(),
        )
        _keep(session, settings, results, run_id, now)
    _tell_checks(f"check source {source}", results)
    return results


@task(name="publish", task_run_name="publish to amplitude", **STEP)
def publish_events(
    run_id: str, activities: Sequence[str] = (), *, dry_run: bool = False, again: Sequence[str] = ()
) -> Published:
    """Send the activities that Amplitude has not got yet; repeating the step sends none twice."""
    from flows.publish_to.amplitude.publish import publish

    settings = load_settings()
    with open_session(settings, step="publish to amplitude", run=run_id) as session:
        return publish(session, settings, run_id=run_id, activities=activities, dry_run=dry_run, again=again)


@task(name="check publications", task_run_name="check publications", **STEP)
def check_publications(destination: str, run_id: str) -> list[RuleResult]:
    """Check what the run wrote into the ledger of publications, and what has been without an outcome for too long."""
    from expectations.checks.publications import validate_publications
    from flows.publish_to.outbox import forgotten_before

    settings = load_settings()
    began = datetime.now(UTC)
    with open_session(settings, step="check publications", run=run_id) as session:
        results = validate_publications(
            session.connection,
            destination=destination,
            run_id=run_id,
            forgotten_before=forgotten_before(),
            docs_root=settings.docs_root,
            stored=stored_columns(),
        )
        _keep(session, settings, results, run_id, began)
    _tell_checks("check publications", results)
    return results


def asset_key(name: str, settings: Settings) -> str:
    """The asset of a table: `snowflake://database/schema/table`."""
    from transforms.catalog import models

    return f"snowflake://{settings.database}/{models()[name].table.layer}/{name}".lower()


def asset_of(model: Model, settings: Settings) -> Asset:
    """A table as a Prefect asset."""
    properties = AssetProperties(name=model.table.name, description=model.table.grain)
    return Asset(key=asset_key(model.table.name, settings), properties=properties)


def _parameters(settings: Settings) -> dict[str, Any]:
    today = datetime.now(UTC).date()
    return {
        "gap_cap_seconds": settings.gap_cap_seconds,
        "today": today,
        "current_month": today.replace(day=1),
        "anonymous_user_ids": settings.livelogs_anonymous_ids,
        "point_value": settings.point_value,
        "currency": settings.currency,
        "decimal_comma": settings.decimal_comma,
        "shared_id_spaces": settings.shared_id_spaces,
        "thresholds": settings.thresholds,
    }


def _keep(
    session: Session,
    settings: Settings,
    results: Sequence[RuleResult],
    run_id: str,
    began: datetime,
    batches: Mapping[str, Sequence[str] | None] | None = None,
) -> None:
    from expectations.engine.results import ledger_rows
    from transforms.engine.ledgers import append_rows
    from transforms.ops import VALIDATION_RESULTS

    append_rows(session, VALIDATION_RESULTS, ledger_rows(results, run_id, began, batches))


def _layer_place(result: RuleResult) -> int:
    from transforms.contract import Layer

    return list(Layer).index(Layer(result.layer))


def _tell_checks(step: str, results: Sequence[RuleResult]) -> None:
    from expectations.engine.report import summary_line

    broken = [result for result in results if not result.success]
    mark: Mark = "failed" if any(r.severity == "critical" for r in broken) else "warning" if broken else "ok"
    reporter().finished(step, summary_line(results), mark)


def _load_line(report: LoadReport) -> str:
    told = f"{len(report.loads)} files, {report.rows_loaded:,} rows" if report.loads else "nothing new"
    if report.rows_rejected:
        told += f", {report.rows_rejected:,} lines quarantined"
    return told + "".join(f"; {path} {fault}" for path, fault in report.damaged)


def _build_line(result: BuildResult) -> str:
    if result.skipped:
        return "nothing new"
    changes = {
        "new": result.rows_inserted,
        "changed": result.rows_updated,
        "removed": result.rows_deleted,
        "quarantined": result.rows_quarantined,
    }
    told = ", ".join(f"{count:,} {word}" for word, count in changes.items() if count) or "no change"
    return f"{told} ({result.seconds:.1f} s)"
