"""One run of a flow: what it did, how it ended, and its row in OPS.RUNS."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from expectations.engine.results import RuleResult, make_ledger_rows
from flows.errors import SnowcastError, ValidationFailed
from flows.files.report import Fetched
from flows.load.report import LoadReport, LoadResult
from flows.reporting import reporter
from flows.services.dashboard import tell_dashboard
from flows.services.under_way import mark_run_under_way
from flows.settings import Settings, load_settings
from flows.steps.costs import sum_costs
from flows.steps.keep import keep_results
from flows.warehouse import list_sent_statements, open_session, prepare
from transforms.functions import Session

if TYPE_CHECKING:
    from flows.publish_to.amplitude.publish import Published
    from flows.publish_to.slack.alerts import Told
    from transforms.engine.write import BuildResult

logger = logging.getLogger(__name__)
_MOST_TEXT = 500
_latest: Run | None = None


@dataclass
class Run:
    """What one run did so far.

    Attributes:
        run_id: The Prefect flow run's id, or a random one outside of Prefect.
        flow: Name of the flow.
        settings: The settings it runs with.
        started_at: When it began, UTC.
        loads: Landing files that it loaded.
        snapshots: When it observed each source that it fetched.
        builds: Tables that it built.
        checks: Rules that it checked.
        unkept: Rows of OPS.VALIDATION_RESULTS that are not written yet, by their key.
        blocked: Tables that it did not build, each with the failed table upstream.
        broken: Tables whose build ended in an error.
        refused: Input that could not be read, in words.
        failures: Sources that failed after part of their data had come.
        published: What it sent out of the warehouse.
        told: What it told of spikes.
    """

    run_id: str
    flow: str
    settings: Settings
    started_at: datetime
    loads: list[LoadResult] = field(default_factory=list)
    snapshots: dict[str, list[datetime]] = field(default_factory=dict)
    builds: list[BuildResult] = field(default_factory=list)
    checks: list[RuleResult] = field(default_factory=list)
    unkept: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)
    broken: dict[str, Exception] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    failures: list[SnowcastError] = field(default_factory=list)
    published: list[Published] = field(default_factory=list)
    told: Told | None = None

    def add_fetch(self, source: str, fetched: Fetched) -> None:
        """Add what a fetch did: its snapshots, the files that were refused wholly or in part, its failure."""
        self.snapshots.setdefault(source, []).extend(fetched.snapshots)
        self.refused += [f"{file.file}: {file.reason or file.warnings[0]}" for file in fetched.files if file.is_refused]
        if fetched.failure:
            self.add_failure(source, fetched.failure)

    def add_failure(self, source: str, error: SnowcastError) -> None:
        """Add the failure of a source, and tell it: of several the run itself ends in the first only."""
        self.failures.append(error)
        reporter().show_result(f"fetch {source}", str(error), "failed")

    def add_load(self, report: LoadReport) -> None:
        """Add what a load did."""
        self.loads += report.loads
        self.refused += [f"{path} {fault}" for path, fault in report.damaged]

    def add_checks(
        self,
        results: Sequence[RuleResult],
        began: datetime,
        batches: Mapping[str, Sequence[str] | None] | None = None,
    ) -> None:
        """Add what rules found; `began` is when their check did, `batches` are those that were read of each table."""
        self.checks += results
        for row in make_ledger_rows(results, self.run_id, began, batches):
            self.unkept.setdefault((row["table_name"], row["rule"]), row)

    def keep_checks(self) -> None:
        """Write what rules found since the last time into OPS.VALIDATION_RESULTS, in one statement.

        A run that dies before has checked nothing: the next one finds batches without a result and checks them again.
        """
        if self.unkept:
            keep_results(self.run_id, list(self.unkept.values()))
            self.unkept.clear()

    def loads_by_table(self, source: str | None = None) -> dict[str, list[str]]:
        """Return the loads (of one source) of each raw table."""
        found: dict[str, list[str]] = {}
        for load in self.loads:
            if source is None or load.source_file.startswith(f"{source}/"):
                found.setdefault(load.table_name, []).append(load.load_id)
        return found

    @property
    def failed_checks(self) -> list[RuleResult]:
        """Rules of severity critical that did not hold."""
        return [check for check in self.checks if not check.success and check.severity == "critical"]

    @property
    def warnings(self) -> list[RuleResult]:
        """Rules of severity warning that did not hold."""
        return [check for check in self.checks if not check.success and check.severity != "critical"]

    @property
    def seconds(self) -> float:
        """Time since it began."""
        return (datetime.now(UTC) - self.started_at).total_seconds()

    def summary(self) -> str:
        """Return what it did, in one line."""
        written = sum(build.rows_inserted + build.rows_updated + build.rows_deleted for build in self.builds)
        parts = [
            f"{_format_count(len(self.loads), 'file')} loaded" if self.loads else "",
            f"{_format_count(len(self.builds), 'table')} built, {_format_count(written, 'row')} written"
            if self.builds
            else "",
            f"{_format_count(len(self.checks), 'rule')} checked" if self.checks else "",
            f"{_format_count(len(self.failed_checks), 'critical failure')}" if self.failed_checks else "",
            f"{_format_count(len(self.warnings), 'warning')}" if self.warnings else "",
            f"{_format_count(len(self.broken), 'table')} failed to build" if self.broken else "",
            f"{_format_count(len(self.blocked), 'table')} blocked" if self.blocked else "",
            f"{_format_count(len(self.refused), 'input')} refused" if self.refused else "",
            *(f"published to {one.line()}" for one in self.published),
            f"alerts: {self.told.line()}" if self.told else "",
        ]
        return "; ".join(part for part in parts if part) or "nothing to do"

    def problem(self) -> Exception | None:
        """Return the error that the run ends in, if it does."""
        if self.failures:
            return self.failures[0]
        if self.broken:
            return next(iter(self.broken.values()))
        if self.failed_checks:
            failed = self.failed_checks[0]
            return ValidationFailed(
                f"{_format_count(len(self.failed_checks), 'critical rule')} failed, first {failed.table_name}: "
                f"{failed.rule} ({failed.observed}). See the validation report."
            )
        if self.refused:
            return ValidationFailed(f"{_format_count(len(self.refused), 'input')} refused, first: {self.refused[0]}")
        rejected = sum(one.rejected.total() for one in self.published)
        if rejected:
            first = next(one for one in self.published if one.rejected).reasons[0]
            return ValidationFailed(
                f"{_format_count(rejected, 'event')} rejected, first {first}. OPS.PUBLICATIONS has them all; "
                "`snowcast publish amplitude --again rejected` tries them again."
            )
        return None


@contextmanager
def record_run(flow: str) -> Iterator[tuple[Run, Session]]:
    """Open the warehouse for a flow, and write its row of OPS.RUNS when it ends, however it ends.

    Raises:
        ValidationFailed: A critical rule failed or part of the input was refused; everything else was done.
        SourceError: A source failed; what had come was loaded.
    """
    global _latest
    settings = load_settings()
    run = Run(_read_run_id(), flow, settings, datetime.now(UTC))
    with mark_run_under_way(settings.home, flow), open_session(settings, flow=flow, run=run.run_id) as session:
        _latest = run
        prepare(session, settings)
        try:
            yield run, session
            run.keep_checks()
        except BaseException as error:
            _record_failure(run, error)
            raise
        problem = run.problem()
        state = "failed" if run.broken or run.failures else "refused" if problem else "completed"
        _record(run, state, run.summary())
        if run.builds:
            tell_dashboard(settings.home)
        if problem:
            raise problem


def latest_run() -> Run | None:
    """Return the run that began last in this process, whether it has ended or not."""
    return _latest


def _record_failure(run: Run, error: BaseException) -> None:
    """Write the row of a run that ended in an error, which stays the one that is raised."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    try:
        run.keep_checks()
    except Exception as second:
        logger.warning("results of rules could not be written to OPS.VALIDATION_RESULTS: %s", second)
    try:
        _record(run, "failed", f"{run.summary()}; {lines[0][:_MOST_TEXT]}")
    except Exception as second:
        logger.warning("the run's row of OPS.RUNS could not be written: %s", second)


def _record(run: Run, state: str, summary: str) -> None:
    from transforms.engine.ledgers import append_rows
    from transforms.ops import RUNS

    times = {"started_at": run.started_at.replace(tzinfo=None), "ended_at": datetime.now(UTC).replace(tzinfo=None)}
    costs = [asdict(cost) for cost in sum_costs(list_sent_statements())]
    row = {"run_id": run.run_id, "flow": run.flow, "state": state, **times, "summary": summary, "costs": costs}
    with open_session(run.settings) as session:
        append_rows(session, RUNS, [row])


def _read_run_id() -> str:
    from prefect.runtime import flow_run

    return str(flow_run.id or uuid.uuid4())


def _format_count(number: int, noun: str) -> str:
    plural = noun if number == 1 else noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {plural}"
