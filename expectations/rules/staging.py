"""Business rules of the staging layer: one file per table, named as the table. What several promise is here."""

from __future__ import annotations

from expectations.rules.rule import Lookup, Rule, warning
from transforms.contract import Table


def not_after_snapshot(column: str) -> Rule:
    """Return a day that is over when the source tells of it, wherever on Earth it was."""
    return warning(
        f"{column} is not after the snapshot",
        f"{column} > dateadd(day, 1, snapshot_at::date)",
        "a slip in the date, or a wrong time of the delivery",
        column,
    )


def one_state_per_update(table: Table) -> Rule:
    """Return a record's own time of change tells its states apart.

    Args:
        table: A staging table with `updated_at` and one row of its key's first column in each delivery.
    """
    key = table.key[0]
    given = [c.name for c in table.columns if c.payload is not None and c.name not in (key, "updated_at")]
    state = ", ".join(f"coalesce(length({name}::text) || ':' || {name}::text, 'N')" for name in given)
    query = (
        f"select {key}, updated_at, count(distinct concat({state})) as states from {{{table.name}}} "
        f"where {key} in (select {key} from {{batch}} b) and updated_at is not null group by {key}, updated_at"
    )
    on = f"same_update.{key} = t.{key} and same_update.updated_at = t.updated_at"
    return warning(
        "a record that changes has another updated_at",
        "same_update_states > 1",
        "the newest delivery counts, but when the change happened is not known",
        *("updated_at", "same_update_states", Lookup("same_update", query, ("states",), on)),
    )
