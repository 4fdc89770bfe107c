"""Rules of a source: is what it sent fresh, whole, as much as usual, and of the fields that we know?

They read the ledgers that ingesting writes: POLLS (one listing) of a source that is polled, LOADS and DELIVERIES of one
that comes as files, EXPORT_HOURS of one that is exported by the hour, SCHEMA_DRIFT (unknown fields). A source that
sends too little or too late is reported and never stops a build: what did arrive is true.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from expectations.checks.deliveries import DeliveryLimits, make_delivery_subjects
from expectations.checks.exports import ExportLimits, make_export_subject
from expectations.engine.run import Subject
from expectations.rules.rule import Rule, is_one_of, quote_literal, timestamp, warning
from transforms.contract import Table
from transforms.ops import POLLS, SCHEMA_DRIFT


@dataclass(frozen=True)
class SourceLimits:
    """From where on a source that is polled is reported.

    Args:
        max_age_seconds: Age of the newest snapshot.
        least_share: Rows of the newest poll as a share of the usual number.
        most_times: Rows of the newest poll as a multiple of the usual number.
        usual_polls: Polls whose median is the usual number; fewer than three say nothing yet.
        most_missing_share: Share of the ids asked for that did not come back.
        most_repeated_share: Share of the records received that were repeats.
    """

    max_age_seconds: int = 45 * 60
    least_share: float = 0.5
    most_times: float = 2.0
    usual_polls: int = 10
    most_missing_share: float = 0.2
    most_repeated_share: float = 0.2


def poll_rules(source: str, limits: SourceLimits, now: datetime) -> tuple[Rule, ...]:
    """Return rules on the newest poll of each entity, and on every poll of the run."""
    return (*_make_volume_rules(source, limits, now), *_make_completeness_rules(source, limits))


def _make_volume_rules(source: str, limits: SourceLimits, now: datetime) -> Iterator[Rule]:
    """Yield the rules on the newest poll: it is not old, and brings about as much as usual."""
    minutes = limits.max_age_seconds / 60
    yield from (
        warning(
            f"{source}: newest snapshot is at most {minutes:g} minutes old",
            f"nth = 1 and snapshot_at < timestampadd(second, -{limits.max_age_seconds}, {timestamp(now)})",
            "polls stopped, or the source could not be reached: look at the runs and the schedule",
            "snapshot_at",
        ),
        warning(
            f"{source}: a poll brings {limits.least_share:.0%} to {limits.most_times:.0%} of the usual rows",
            f"nth = 1 and usual_polls >= 3 and (distinct_rows < {limits.least_share!r} * usual_rows "
            f"or distinct_rows > {limits.most_times!r} * usual_rows)",
            f"usual is the median of the {limits.usual_polls} polls before; a filter, an outage or a cut-short listing",
            "distinct_rows",
            "usual_rows",
        ),
    )


def _make_completeness_rules(source: str, limits: SourceLimits) -> Iterator[Rule]:
    """Yield the rules on each poll: nothing is missing without a word, and little is missing or repeated at all."""
    yield from (
        warning(
            f"{source}: every listing ends by itself",
            "ended <> 'complete'",
            "an empty, looped, refused, capped or failed listing misses records: they are not gone, only unseen",
            "ended",
            "note",
        ),
        warning(
            f"{source}: every record or id that was asked for is accounted for",
            "ended <> 'failed' and missing_ids > 0 and distinct_rows + missing_ids < requested",
            "an id must be either returned or counted as missing",
            "requested",
            "distinct_rows",
            "missing_ids",
        ),
        warning(
            f"{source}: at most {limits.most_missing_share:.0%} of the ids asked for are unknown",
            f"missing_ids > {limits.most_missing_share!r} * requested",
            "banned users and dropped categories are absent, but not so many",
            "requested",
            "missing_ids",
        ),
        warning(
            f"{source}: at most {limits.most_repeated_share:.0%} of the records are repeats",
            f"rows_received - distinct_rows > {limits.most_repeated_share!r} * rows_received",
            "a listing repeats records while it moves; so many mean that it looped",
            "rows_received",
            "distinct_rows",
        ),
    )


def drift_rule(source: str, tables: Sequence[Table]) -> Rule:
    """No field that the contracts of the source's raw tables do not know, by now."""
    known = " or ".join(
        f"(table_name = {quote_literal(t.name)} and field in ({', '.join(quote_literal(name) for name in t.fields)}))"
        for t in tables
        if t.fields
    )
    return warning(
        f"{source}: no unknown fields",
        f"not ({known})" if known else "true",
        "kept in RAW; add the field to the raw table's contract, and to staging if it is wanted",
        "rows_seen",
        "load_id",
    )


def make_source_subjects(
    source: str,
    raw_tables: Sequence[Table],
    snapshots: Sequence[datetime],
    limits: SourceLimits | DeliveryLimits | ExportLimits,
    now: datetime,
) -> list[Subject]:
    """Return what to check of a source by its ledgers.

    Args:
        source: E.g. twitch.
        raw_tables: Contracts of the raw tables that the source loads into.
        snapshots: Snapshot times that the run observed; they are checked beside the newest of each entity.
        limits: Thresholds; those of deliveries for a source that comes as files, of exports for one that is exported
            by the hour.
        now: UTC; ages are measured against it.
    """
    if isinstance(limits, DeliveryLimits):
        observed = make_delivery_subjects(source, raw_tables, snapshots, limits, now)
    elif isinstance(limits, ExportLimits):
        observed = [make_export_subject(source, limits, now)]
    else:
        polls, rules = _select_polls(source, limits, snapshots), poll_rules(source, limits, now)
        observed = [Subject(POLLS, polls, "source", rules, ("entity",), name=f"polls_{source}")]
    return [*observed, _make_drift_subject(source, raw_tables)]


def _make_drift_subject(source: str, tables: Sequence[Table]) -> Subject:
    names = ", ".join(quote_literal(table.name) for table in tables)
    rows = f"select t.* from {{schema_drift}} t where {f'table_name in ({names})' if names else 'false'}"
    rules = (drift_rule(source, tables),)
    return Subject(SCHEMA_DRIFT, rows, "source", rules, ("table_name", "field"), name=f"schema_drift_{source}")


def _select_polls(source: str, limits: SourceLimits, snapshots: Sequence[datetime]) -> str:
    """Return the newest poll of each entity with the usual number of rows, and the polls of the run."""
    ranked = (
        "select p.*, row_number() over (partition by entity order by snapshot_at desc, recorded_at desc) as nth "
        f"from {{polls}} p where source = {quote_literal(source)}"
    )
    usual = (
        f"select entity, median(distinct_rows) as usual_rows, count(*) as usual_polls from ({ranked}) r "
        f"where nth between 2 and {limits.usual_polls + 1} group by entity"
    )
    return (
        f"select n.*, u.usual_rows, u.usual_polls from ({ranked}) n "
        f"left join ({usual}) u on u.entity = n.entity where n.nth = 1 or {is_one_of('n.snapshot_at', snapshots)}"
    )
