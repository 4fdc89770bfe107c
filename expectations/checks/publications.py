"""Rules of the ledger of publications: an activity is sent once, and nothing is sent without a trace."""

from __future__ import annotations

from datetime import datetime

from expectations.engine.run import Subject
from expectations.rules.rule import critical, quote_literal, timestamp, warning
from transforms.ops import PUBLICATIONS

MOST_REJECTED_SHARE = 0.05
_FEWEST_TO_JUDGE = 20

ATTEMPT_RULES = (
    critical(
        "an activity is sent once to a destination",
        "sent_rows > 1",
        "two attempts were both taken: the destination counts the activity twice unless it knew its id",
        "sent_rows",
    ),
    critical(
        "an attempt is written down before it is made",
        "verdict_rows > pending_rows",
        "an event left without a pending row: had the process died then, nobody would have known of it",
        *("verdict_rows", "pending_rows"),
    ),
    warning(
        "an event that was rejected has a reason",
        "unexplained_rows > 0",
        "nobody can repair what is refused without a word",
        "unexplained_rows",
    ),
)
DESTINATION_RULES = (
    warning(
        "no attempt is without an outcome for longer than the destination remembers",
        "forgotten_rows > 0",
        "it is unknown if they arrived: look for their insert_id there, or publish with `--again unconfirmed`",
        "forgotten_rows",
    ),
    warning(
        f"at most {MOST_REJECTED_SHARE:.0%} of a run's events are rejected",
        f"run_verdicts >= {_FEWEST_TO_JUDGE} and run_rejected > {MOST_REJECTED_SHARE!r} * run_verdicts",
        "single bad events happen; so many mean that a mapping or a setting is wrong: read the reasons",
        *("run_rejected", "run_verdicts"),
    ),
)


def make_publication_subjects(destination: str, run_id: str, forgotten_before: datetime) -> list[Subject]:
    """Return what to check of what a run published.

    Args:
        destination: How the ledger calls it.
        run_id: The run; the activities that it wrote rows of are checked.
        forgotten_before: UTC; what is without an outcome since then may arrive twice if it is sent again.
    """
    attempts = Subject(
        PUBLICATIONS,
        _select_attempts(destination, run_id),
        "batch",
        ATTEMPT_RULES,
        ("activity_id", "activity"),
        name="publications",
    )
    whole = Subject(
        PUBLICATIONS,
        _match_destination(destination, run_id, forgotten_before),
        "full",
        DESTINATION_RULES,
        ("destination",),
        name="publications_destination",
    )
    return [attempts, whole]


def _select_attempts(destination: str, run_id: str) -> str:
    """Return the activities that the run wrote rows of, with the rows that they have at the destination."""
    here = f"destination = {quote_literal(destination)}"
    return (
        "select activity_id, activity, count_if(status = 'sent') as sent_rows, "
        "count_if(status = 'pending') as pending_rows, count_if(status in ('sent', 'rejected')) as verdict_rows, "
        "count_if(status = 'rejected' and reason is null) as unexplained_rows "
        f"from {{publications}} where {here} and activity_id in "
        f"(select activity_id from {{publications}} where {here} and run_id = {quote_literal(run_id)}) "
        "group by activity_id, activity"
    )


def _match_destination(destination: str, run_id: str, forgotten_before: datetime) -> str:
    """One row: attempts without an outcome that are too old, and the verdicts of the run."""
    here = f"destination = {quote_literal(destination)}"
    this_run = f"run_id = {quote_literal(run_id)}"
    without_outcome = (
        f"select count(*) from {{publications}} p where {here} and status = 'pending' "
        f"and recorded_at < {timestamp(forgotten_before)} and not exists (select 1 from {{publications}} o "
        "where o.destination = p.destination and o.activity_id = p.activity_id and o.attempt = p.attempt "
        "and o.status <> 'pending')"
    )
    return (
        f"select {quote_literal(destination)} as destination, ({without_outcome}) as forgotten_rows, "
        f"count_if(status in ('sent', 'rejected') and {this_run}) as run_verdicts, "
        f"count_if(status = 'rejected' and {this_run}) as run_rejected from {{publications}} where {here}"
    )
