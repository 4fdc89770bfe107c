"""Rules of a source that comes as files: is its newest delivery fresh, whole and of the usual size?

They read LOADS (what each delivery brought into RAW) and DELIVERIES (the files). A delivery is what was observed at one
time; a file that was refused is reported by the run that read it and leaves no row here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from expectations.engine.run import Subject
from expectations.rules.rule import Rule, is_one_of, quote_literal, timestamp, warning
from transforms.contract import Table
from transforms.ops import DELIVERIES, LOADS


@dataclass(frozen=True)
class DeliveryLimits:
    """From where on a source of files is reported.

    Args:
        max_age_seconds: Age of the newest delivery; a daily one is missed when the next is half due.
        most_apart_seconds: Time between the newest deliveries of two of its entities.
        least_share: Rows of a delivery as a share of those of the delivery before.
        most_times: Rows of a delivery as a multiple of those of the delivery before.
    """

    max_age_seconds: int = 36 * 3600
    most_apart_seconds: int = 12 * 3600
    least_share: float = 0.5
    most_times: float = 2.0


def delivery_rules(source: str, limits: DeliveryLimits, now: datetime) -> tuple[Rule, ...]:
    """Return rules on the newest delivery of each entity, and on those of the run."""
    hours = limits.max_age_seconds / 3600
    return (
        warning(
            f"{source}: newest delivery is at most {hours:g} hours old",
            f"nth = 1 and snapshot_at < timestampadd(second, -{limits.max_age_seconds}, {timestamp(now)})",
            "nothing was delivered, or every file was refused: look at the runs and at the place of the files",
            "snapshot_at",
        ),
        warning(
            f"{source}: every entity is in the newest delivery",
            "newest_at is not null and (snapshot_at is null or nth = 1 and "
            f"snapshot_at < timestampadd(second, -{limits.most_apart_seconds}, newest_at))",
            "a file is missing, was refused or has no records: joins find the state of an older day",
            *("snapshot_at", "newest_at"),
        ),
        warning(
            f"{source}: a delivery brings {limits.least_share:.0%} to {limits.most_times:.0%} of the rows before",
            f"is_comparable and (row_count < {limits.least_share!r} * rows_before "
            f"or row_count > {limits.most_times!r} * rows_before)",
            "a file was cut off or filtered; what a complete list does not name counts as deleted",
            *("row_count", "rows_before"),
        ),
    )


def file_rule(source: str) -> Rule:
    """Return a file of the newest delivery, or of the run, is not empty."""
    return warning(
        f"{source}: every delivered file has records",
        "status = 'empty'",
        "a header alone says nothing: nobody counts as deleted, and the state of the delivery before stays",
        *("status", "snapshot_at"),
    )


def make_delivery_subjects(
    source: str, raw_tables: Sequence[Table], snapshots: Sequence[datetime], limits: DeliveryLimits, now: datetime
) -> list[Subject]:
    """Return what to check of the deliveries of a source.

    Args:
        source: E.g. billing.
        raw_tables: Contracts of the raw tables that the source loads into.
        snapshots: Times of the deliveries that the run read; they are checked beside the newest of each entity.
        limits: Thresholds.
        now: UTC; ages are measured against it.
    """
    loads = Subject(
        LOADS,
        _select_deliveries(raw_tables, snapshots),
        "source",
        delivery_rules(source, limits, now),
        ("table_name", "snapshot_at"),
        name=f"loads_{source}",
    )
    newest = f"(select max(snapshot_at) from {{deliveries}} where source = {quote_literal(source)})"
    files = (
        f"select d.* from {{deliveries}} d where d.source = {quote_literal(source)} "
        f"and (d.snapshot_at = {newest} or {is_one_of('d.snapshot_at', snapshots)})"
    )
    return [
        loads,
        Subject(DELIVERIES, files, "source", (file_rule(source),), ("file_path",), name=f"deliveries_{source}"),
    ]


def _select_deliveries(raw_tables: Sequence[Table], snapshots: Sequence[datetime]) -> str:
    """Return per raw table its newest delivery, and those of the run, with the rows of the delivery before.

    The first delivery of a source that is not complete may hold all that ever was: nothing is compared with it.
    """
    listed = " union all ".join(
        f"select {quote_literal(table.name)} as table_name, {str(table.is_complete).lower()} as is_complete"
        for table in raw_tables
    )
    per_delivery = (
        "select table_name, snapshot_at, sum(rows_loaded) as row_count from {loads} group by table_name, snapshot_at"
    )
    by_time = "over (partition by table_name order by snapshot_at)"
    in_order = (
        f"select p.*, lag(row_count) {by_time} as rows_before, row_number() {by_time} as place, "
        "row_number() over (partition by table_name order by snapshot_at desc) as nth "
        f"from ({per_delivery}) p"
    )
    with_all = (
        "select e.table_name, o.snapshot_at, o.row_count, o.rows_before, o.nth, "
        "e.is_complete and o.place > 1 or o.place > 2 as is_comparable, max(o.snapshot_at) over () as newest_at "
        f"from ({listed}) e left join ({in_order}) o on o.table_name = e.table_name"
    )
    of_run = is_one_of("a.snapshot_at", snapshots)
    return f"select * from ({with_all}) a where a.nth = 1 or a.nth is null or {of_run}"
