"""What all steps of flows have in common: which are tried again, and that nothing of them is cached.

Tasks take and return names and counts. Each opens the warehouse itself; inside a flow that is the flow's own login.
Only a TransientError is tried again, the step as a whole: every step may be repeated without a trace.

Tasks have no tags: Prefect asks its server for a slot of each set of tags every five seconds, and a local server that
writes down the run's events takes two seconds to answer, which more than doubled the time of a run. What a task is
about is in its name and, for a table, in its asset (database, schema and table); deployments have tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from flows.errors import TransientError

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State, TaskRun


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
