"""Business rules of the raw layer: one file per table, named as the table. What holds for every raw table is here."""

from __future__ import annotations

from expectations.rules.rule import CRITICAL, WARNING, Computed, Lookup, Rule

_LOADS = Lookup("ledger", "select load_id, rows_loaded from {loads}", ("rows_loaded",), "ledger.load_id = t._load_id")

RECORD_RULES = (
    Rule(
        name="every record is a JSON object",
        fails="record is null or typeof(record) <> 'OBJECT'",
        severity=WARNING,
        reason="staging quarantines anything else; many of them mean that a file is not what its folder says",
    ),
    Rule(
        name="every row's load is in OPS.LOADS with its number of rows",
        fails="ledger_rows_loaded is null or ledger_rows_loaded <> _load_rows",
        severity=CRITICAL,
        reason="a load that was cut off or written twice; staging must not read it",
        shows=("_load_id", "_load_rows", "ledger_rows_loaded"),
        helpers=(_LOADS, Computed("_load_rows", "count(*) over (partition by t._load_id)")),
    ),
    Rule(
        name="no snapshot is later than its load",
        fails="_snapshot_at > timestampadd(minute, 5, _loaded_at)",
        severity=WARNING,
        reason="a wrong clock or a wrong time in a file's name moves every measure of time",
        shows=("_snapshot_at", "_loaded_at"),
    ),
)


def listed_once(*fields: str) -> Rule:
    """Return a file names nothing twice.

    Args:
        fields: Fields of RECORD that name what a line is about.
    """
    named = tuple(f"record['{name}']::text" for name in fields)
    same = ", ".join(("t._source_file", *(f"t.{name}" for name in named)))
    return Rule(
        name=f"a file has each {' and '.join(fields)} once",
        fails=f"_lines > 1 and {named[0]} is not null",
        severity=WARNING,
        reason="staging keeps the last line of them, which is a guess: ask the source which one is right",
        shows=named,
        helpers=(Computed("_lines", f"count(*) over (partition by {same})"),),
    )
