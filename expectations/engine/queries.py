"""The SQL of a batch: the rows to validate with everything that the rules need beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from expectations.engine.tables import find_table
from expectations.rules.rule import Computed, Lookup, Rule, quote_literal
from transforms.contract import Table

_PLACEHOLDER = re.compile(r"{(\w+)}")
# A longer list of batches costs more to send and parse than reading the table.
MOST_BATCHES = 500


def select_rows(table: Table, batch_ids: Sequence[str] | None) -> tuple[str, str]:
    """Select the rows that these builds or loads wrote; the whole table where None, or too many, are given."""
    whole = f"select t.* from {{{table.name}}} t"
    if batch_ids is None or len(batch_ids) > MOST_BATCHES:
        return whole, "full"
    ids = ", ".join(quote_literal(batch_id) for batch_id in sorted(set(batch_ids)))
    return f"{whole} where t.{table.batch_column} in ({ids})", "batch"


def add_helpers(rows: str, rules: Iterable[Rule], database: str) -> str:
    """Return the rows with the computed columns and joins that the rules use, each once."""
    used = [helper for rule in rules for helper in rule.helpers]
    if not used:
        return rows
    computed = {h.name: h for h in used if isinstance(h, Computed)}.values()
    lookups = {h.alias: h for h in used if isinstance(h, Lookup)}.values()
    read = [f"{c.sql} as {c.name}" for c in computed if not c.is_window]
    if read:  # below the windows, which else would carry whole records to where one field of them is asked for
        rows = f"select {', '.join(['t.*', *read])} from ({rows}) t"
    columns = [
        "t.*",
        *(f"{c.sql} as {c.name}" for c in computed if c.is_window),
        *(f"{look.alias}.{column} as {look.alias}_{column}" for look in lookups for column in look.columns),
    ]
    joins = [f"left join ({fill_names(look.query, database, rows)}) {look.alias} on {look.on}" for look in lookups]
    return " ".join([f"select {', '.join(columns)} from ({rows}) t", *joins])


def fill_names(query: str, database: str, rows: str = "") -> str:
    """Fill in the query's names: `{table_name}` in full, `{batch}` as the validated rows."""

    def replacement(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"({rows})" if name == "batch" else find_table(name).full_name(database)

    return _PLACEHOLDER.sub(replacement, query)
