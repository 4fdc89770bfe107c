"""Business rules of the raw layer: what holds for every raw table. One with more of them has a file of its name."""

from __future__ import annotations

from expectations.rules.rule import Computed, Lookup, Rule, critical, warning
from transforms.contract import Table

_LOADS = Lookup("ledger", "select load_id, rows_loaded from {loads}", ("rows_loaded",), "ledger.load_id = t._load_id")

_RECORD_RULES = (
    warning(
        "every record is a JSON object",
        "_record_kind is null or _record_kind <> 'OBJECT'",
        "staging quarantines anything else; many of them mean that a file is not what its folder says",
        Computed("_record_kind", "typeof(t.record)"),
    ),
    critical(
        "every row's load is in OPS.LOADS with its number of rows",
        "ledger_rows_loaded is null or ledger_rows_loaded <> _load_rows",
        "a load that was cut off or written twice; staging must not read it",
        *("_load_id", "_load_rows", "ledger_rows_loaded"),
        _LOADS,
        Computed("_load_rows", "count(*) over (partition by t._load_id)"),
    ),
    warning(
        "no snapshot is later than its load",
        "_snapshot_at > timestampadd(minute, 5, _loaded_at)",
        "a wrong clock or a wrong time in a file's name moves every measure of time",
        *("_snapshot_at", "_loaded_at"),
    ),
)
# Fields of RECORD that name what a line of a file is about.
_LISTED_ONCE = {
    "raw_billing_payments": ("payment_id",),
    "raw_billing_subscriptions": ("subscription_id",),
    "raw_billing_users": ("user_id",),
    "raw_billing_viewing_activity": ("user_id", "watch_date"),
    "raw_livelogs_gift_types": ("giftID",),
    "raw_livelogs_gifts": ("id",),
    "raw_livelogs_streams": ("liveStreamID",),
}


def record_rules(table: Table) -> tuple[Rule, ...]:
    """Return what holds for every raw table, and that a file names nothing twice where its lines are named."""
    return (*_RECORD_RULES, *([_require_listed_once(*fields)] if (fields := _LISTED_ONCE.get(table.name)) else []))


def _require_listed_once(*fields: str) -> Rule:
    named = tuple(f"record['{name}']::text" for name in fields)
    same = ", ".join(("t._source_file", *(f"t.{name}" for name in named)))
    return warning(
        f"a file has each {' and '.join(fields)} once",
        f"_lines > 1 and {named[0]} is not null",
        "staging keeps the last line of them, which is a guess: ask the source which one is right",
        *named,
        Computed("_lines", f"count(*) over (partition by {same})"),
    )
