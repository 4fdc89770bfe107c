"""AST rewrites between Snowflake's SQL and DuckDB's, each named and with the statement that needs it.

BEFORE run in order on the parsed tree. RULES, one per kind of node, are applied in one walk, children first;
CONTEXT_RULES are those that ask the session. AFTER run in order on what the rules left.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import Expr

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.rewrites import (
    aggregates,
    column_families,
    context_functions,
    dates,
    implicit_casts,
    joins,
    known_types,
    lambdas,
    letter_case,
    mixed_types,
    names,
    numbers,
    order,
    paths,
    pivots,
    set_operations,
    strings,
    tables,
    types,
    values,
    variants,
    whole_variants,
)
from deployments.embedded.sql.rewrites.trees import Rule

Rewrite = Callable[[Expr, StatementContext], Expr]

BEFORE: tuple[Rewrite, ...] = (
    names.resolve_named_tables,
    names.upper_case_unquoted,
    names.name_expressions,
    names.resolve_temporary_tables,
    names.qualify_names_of_files,
    letter_case.check_letter_case,
    lambdas.mark_elements,
    values.name_columns,
    implicit_casts.convert_texts,
)
RULES: dict[type[Expr], Rule] = {
    **types.RULES,
    **variants.RULES,
    **mixed_types.RULES,
    **numbers.RULES,
    **order.RULES,
    **dates.RULES,
    **strings.RULES,
    **tables.RULES,
    **lambdas.RULES,
    **joins.RULES,
}
CONTEXT_RULES = context_functions.RULES
AFTER: tuple[Rewrite, ...] = (
    order.name_positions,
    order.order_variants,
    whole_variants.order_whole_variants,
    aggregates.wrap_aggregates,
    set_operations.convert_types,
    column_families.note_families,
    pivots.list_values,
    paths.read_together,
    known_types.call_by_type,
)
