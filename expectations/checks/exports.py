"""Rules of a source that is exported by the hour: is its newest hour fresh, is any left out, are the sizes usual?

They read EXPORT_HOURS (what became of each hour), LOADS (what reached RAW of it) and DELIVERIES: an hour that was too
large for the export is not left out once a file of it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from expectations.engine.run import Subject
from expectations.rules.rule import Rule, critical, quote_literal, timestamp, warning
from transforms.ops import EXPORT_HOURS

_LEFT_OUT = ("pending", "refused", "too_large")


@dataclass(frozen=True)
class ExportLimits:
    """From where on a source that is exported by the hour is reported.

    Args:
        max_age_seconds: Age of the end of the newest hour: ready after two, asked for every hour, one may be missed.
        least_share: Events of an hour as a share of the usual number at that time of day.
        most_times: Events of an hour as a multiple of it.
        usual_days: Days before whose hours tell the usual number; fewer than three say nothing yet.
        least_usual: Usual numbers below it say nothing: small ones vary by themselves.
        judged_hours: Newest hours whose size is judged.
    """

    max_age_seconds: int = 5 * 3600
    least_share: float = 0.3
    most_times: float = 3.0
    usual_days: int = 7
    least_usual: int = 200
    judged_hours: int = 48


def export_rules(source: str, limits: ExportLimits, now: datetime) -> tuple[Rule, ...]:
    """Rules on the newest state of every hour of the newest project."""
    return (*_arrival_rules(source, limits, now), _size_rule(source, limits), *_load_rules(source))


def _arrival_rules(source: str, limits: ExportLimits, now: datetime) -> tuple[Rule, ...]:
    """The newest hour is fresh, and every hour before it is there."""
    hours = limits.max_age_seconds / 3600
    oldest_end = f"timestampadd(second, -{limits.max_age_seconds}, {timestamp(now)})"
    return (
        warning(
            f"{source}: newest hour ended at most {hours:g} hours ago",
            f"nth_done = 1 and timestampadd(hour, 1, hour_at) < {oldest_end}",
            "exports stopped, or the source could not be reached: look at the runs and the schedule",
            "hour_at",
        ),
        warning(
            f"{source}: no hour is left out",
            f"state in ({', '.join(map(quote_literal, _LEFT_OUT))}) and not (state = 'too_large' and is_delivered)",
            "its events are missing: `--fill-gaps` asks again, a too large hour comes by the export to a bucket",
            *("state", "attempts", "note"),
        ),
        warning(
            f"{source}: hours follow each other without a gap",
            "hour_before is not null and timestampadd(hour, 1, hour_before) < hour_at",
            "nobody asked for the hours between: `--fill-gaps` does",
            "hour_before",
        ),
    )


def _size_rule(source: str, limits: ExportLimits) -> Rule:
    return warning(
        f"{source}: an hour has {limits.least_share:.0%} to {limits.most_times:.0%} of its usual events",
        f"nth_done <= {limits.judged_hours} and usual_days >= 3 and usual_events >= {limits.least_usual} "
        f"and (events < {limits.least_share!r} * usual_events or events > {limits.most_times!r} * usual_events)",
        f"usual is the mean of that hour of the {limits.usual_days} days before; an app that stopped to send, "
        "a bot, or a holiday",
        *("events", "usual_events"),
    )


def _load_rules(source: str) -> tuple[Rule, ...]:
    """What was landed of an hour reached RAW or the quarantine."""
    return (
        critical(
            f"{source}: every event of a landed hour is in RAW or in the quarantine",
            "state = 'landed' and rows_parsed is not null and rows_parsed <> events",
            "the landing file has other records than were landed: it was replaced or cut off",
            *("events", "rows_parsed"),
        ),
        warning(
            f"{source}: every landed hour is loaded",
            "state = 'landed' and rows_parsed is null",
            "its landing file is not in OPS.LOADS: it is damaged or gone; the next ingest asks again",
            "landed_file",
        ),
    )


def make_export_subject(source: str, limits: ExportLimits, now: datetime) -> Subject:
    """What to check of the hours of a source.

    Args:
        source: E.g. amplitude.
        limits: Thresholds.
        now: UTC; ages are measured against it.
    """
    rules = export_rules(source, limits, now)
    return Subject(EXPORT_HOURS, _hours(source, limits), "source", rules, ("hour_at",), name=f"export_hours_{source}")


def _hours(source: str, limits: ExportLimits) -> str:
    """Each hour of the project asked for last: its newest state, the usual number of events, what was loaded of it."""
    project = f"select max_by(project, asked_at) from {{export_hours}} where source = {quote_literal(source)}"
    newest = (
        "select h.*, row_number() over (partition by hour_at order by asked_at desc) as nth_state "
        f"from {{export_hours}} h where source = {quote_literal(source)} and project = ({project})"
    )
    delivered = (
        f"select distinct snapshot_at from {{deliveries}} where source = {quote_literal(source)} and rows_landed > 0"
    )
    states = f"select * from ({newest}) n where nth_state = 1"
    same_hour = (
        "over (partition by hour(hour_at), state in ('landed', 'empty') order by hour_at "
        f"rows between {limits.usual_days} preceding and 1 preceding)"
    )
    return (
        "select s.*, l.rows_parsed, d.snapshot_at is not null as is_delivered, "
        "lag(s.hour_at) over (order by s.hour_at) as hour_before, "
        "case when s.state in ('landed', 'empty') then row_number() over (partition by s.state in "
        "('landed', 'empty') order by s.hour_at desc) end as nth_done, "
        f"avg(s.events) {same_hour.replace('hour_at', 's.hour_at').replace('state', 's.state')} as usual_events, "
        f"count(*) {same_hour.replace('hour_at', 's.hour_at').replace('state', 's.state')} as usual_days "
        f"from ({states}) s left join {{loads}} l on l.source_file = s.landed_file "
        f"left join ({delivered}) d on d.snapshot_at = s.hour_at"
    )
