"""The account of every load: what was read from RAW is staged, quarantined or superseded, and nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expectations.engine.queries import MOST_BATCHES
from expectations.engine.run import Subject
from expectations.rules.rule import Rule, critical, quote_literal, warning
from transforms.contract import Table
from transforms.ops import RECONCILIATION

MOST_QUARANTINED_SHARE = 0.05
# Loads of one raw table and one time, with what was delivered as each, and one of the others.
_LOADS_OF_ONE_TIME = (
    "select load_id, table_name, snapshot_at, source_file from {loads} "
    "qualify count(*) over (partition by table_name, snapshot_at) > 1"
)
_DELIVERED = (
    "select max(split_part(d.file_path, '/', -1)) as file_name, f.value::varchar as landed_file from {deliveries} d, "
    "lateral flatten(input => d.landed_files) f group by f.value::varchar"
)
_NAMED = (
    "select w.load_id, w.table_name, w.snapshot_at, coalesce(n.file_name, w.source_file) as delivered_file "
    f"from ({_LOADS_OF_ONE_TIME}) w left join ({_DELIVERED}) n on n.landed_file = w.source_file"
)
_OF_ONE_TIME = "over (partition by table_name, snapshot_at)"
_TWINS = (
    f"select load_id, delivered_file, iff(delivered_file = max(delivered_file) {_OF_ONE_TIME}, "
    f"min(delivered_file) {_OF_ONE_TIME}, max(delivered_file) {_OF_ONE_TIME}) as other_file from ({_NAMED}) o"
)


def account_rules(table: Table) -> tuple[Rule, ...]:
    """Return rules on the loads that a staging table has read."""
    this = f"table_name = {quote_literal(table.name)}"
    return (
        critical(
            f"{table.name}: raw = staged + quarantined + superseded, load by load",
            f"{this} and raw_rows <> staged_rows + quarantined_rows + superseded_rows",
            "nothing disappears: a record that is in none of the three was lost",
            *("raw_rows", "staged_rows", "quarantined_rows", "superseded_rows"),
        ),
        critical(
            f"{table.name}: every record of a load was read once",
            f"{this} and rows_loaded is not null and raw_rows <> rows_loaded",
            "the records read differ from those that OPS.LOADS counted: a load was cut off or read twice",
            *("raw_rows", "rows_loaded"),
        ),
        warning(
            f"{table.name}: at most {MOST_QUARANTINED_SHARE:.0%} of a load is quarantined",
            f"{this} and quarantined_rows > {MOST_QUARANTINED_SHARE!r} * raw_rows",
            "single bad records happen; so many mean that the source changed: read OPS.QUARANTINE.REASON",
            *("quarantined_rows", "raw_rows"),
        ),
        *([_same_time_rule(table, this)] if _says_what_was_at_a_time(table) else []),
    )


def _says_what_was_at_a_time(table: Table) -> bool:
    """Whether a record of the table is of one time, and two of one key and time contradict each other.

    A listing of Twitch moves while it is read and repeats records across its pages.
    """
    return "snapshot_at" in table.key and "twitch" not in table.tags


def _same_time_rule(table: Table, this: str) -> Rule:
    return warning(
        f"{table.name}: every delivery has a time of its own",
        f"{this} and superseded_rows > 0 and other_file is not null",
        "records of this file lost to others of their key and time: the fuller one counts, then the one with "
        "the greater values; --snapshot-at or the file's name gives a delivery a later time",
        *("delivered_file", "superseded_rows", "raw_rows", "other_file", "snapshot_at"),
    )


def accounts(tables: Sequence[Table], batches: Mapping[str, Sequence[str] | None] | None) -> Subject:
    """Return the account of these staging tables, all in one statement.

    Args:
        tables: Staging tables.
        batches: Table -> builds: only loads that they touched are checked. None, of one table or instead of all: every
            load.
    """
    rules = {rule.name: table for table in tables for rule in account_rules(table)}
    asked = [None if batches is None else batches.get(table.name, ()) for table in tables]
    builds = sorted({build for one in asked for build in one or ()})
    batch = None not in asked and len(builds) <= MOST_BATCHES
    return Subject(
        table=RECONCILIATION,
        rows=_select_loads(tables, builds if batch else None),
        scope="batch" if batch else "full",
        rules=tuple(rule for table in tables for rule in account_rules(table)),
        shown_key=("table_name", "load_id"),
        name="reconciliation",
        result_tables=rules,
    )


def _select_loads(tables: Sequence[Table], builds: Sequence[str] | None) -> str:
    names = ", ".join(quote_literal(table.name) for table in tables)
    touched = ""
    if builds is not None:
        ids = ", ".join(map(quote_literal, builds))
        touched = f" and load_id in (select load_id from {{reconciliation}} where build_id in ({ids}))"
    sums = ", ".join(
        f"sum({name}) as {name}" for name in ("raw_rows", "staged_rows", "quarantined_rows", "superseded_rows")
    )
    account = (
        f"select table_name, load_id, {sums} from {{reconciliation}} "
        f"where table_name in ({names}){touched} group by table_name, load_id"
    )
    return (
        "select a.*, l.rows_loaded, l.snapshot_at, t.delivered_file, t.other_file "
        f"from ({account}) a left join {{loads}} l on l.load_id = a.load_id "
        f"left join ({_TWINS}) t on t.load_id = a.load_id"
    )
