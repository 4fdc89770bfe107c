"""Contract -> rules: what every table promises by its declaration alone.

Not null, unique key and ranges are critical: they are what joins and sums downstream stand on. Accepted values and
foreign keys are warnings: a source may send a code or an id that nobody knows yet, and it is kept.
"""

from __future__ import annotations

from collections.abc import Iterator

from expectations.rules.history import history_rules
from expectations.rules.rule import Computed, Lookup, Rule, critical, quote_literal, warning
from transforms.contract import Column, Table
from transforms.write_kinds import History


def contract_rules(table: Table) -> tuple[Rule, ...]:
    """Make the rules on stored rows that follow from the contract; columns and types are `schema_rule`."""
    of_history = history_rules(table, table.write) if isinstance(table.write, History) else ()
    of_columns = (rule for column in table.stored_columns for rule in _column_rules(table, column))
    return (unique_key(table), *of_history, *of_columns)


SCHEMA_RULE = "columns and types as declared"


def schema_rule(table: Table) -> Rule:
    """Return the table is stored as it is declared."""
    return critical(SCHEMA_RULE, "", f"everything that reads {table.name} relies on its contract")


def unique_key(table: Table) -> Rule:
    """No two rows of the batch share the key."""
    keys = ", ".join(f"t.{name}" for name in table.key)
    return critical(
        f"{', '.join(table.key)} never repeats" if len(table.key) == 1 else f"{', '.join(table.key)} never repeat",
        "_key_rows > 1",
        f"the grain is {table.grain}; a repeated key multiplies every join and sum",
        Computed("_key_rows", f"count(*) over (partition by {keys})"),
    )


def _column_rules(table: Table, column: Column) -> Iterator[Rule]:
    if not column.nullable:
        yield critical(f"{column.name} is never NULL", f"{column.name} is null", f"required: {column.description}")
    if column.minimum is not None or column.maximum is not None:
        yield from _range(column)
    if column.accepted:
        yield _accept(column)
    if column.references:
        yield _foreign_key(table, column, column.references)


def _range(column: Column) -> Iterator[Rule]:
    for sign, opposite, bound in ((">=", "<", column.minimum), ("<=", ">", column.maximum)):
        if bound is not None:
            yield critical(
                f"{column.name} {sign} {bound:g}",
                f"{column.name} {opposite} {bound!r}",
                f"declared range of {column.description}",
                column.name,
            )


def _accept(column: Column) -> Rule:
    return warning(
        f"{column.name} is a known value",
        f"{column.name} not in ({', '.join(quote_literal(value) for value in column.accepted)})",
        f"known: {', '.join(repr(value) for value in column.accepted)}; an unknown code is kept and reported",
        column.name,
    )


def _foreign_key(table: Table, column: Column, references: str) -> Rule:
    parent, parent_column = references.split(".")
    alias, known = f"parent_of_{column.name}", f"select distinct {parent_column} as id from {{{parent}}}"
    return warning(
        f"every {column.name} is in {parent}",
        f"{column.name} is not null and {alias}_id is null",
        f"{table.name}.{column.name} references {references}; orphans are kept and reported",
        column.name,
        Lookup(alias, known, ("id",), f"{alias}.id = t.{column.name}"),
    )
