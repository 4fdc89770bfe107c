"""AST rewrites between Snowflake's SQL and DuckDB's, each named and with the statement that needs it.

TEXT change the statement before it is parsed. BEFORE run in order on the parsed tree. RULES, one per kind of node, are
applied in one walk, children first. AFTER run in order on what the rules left.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import Expr

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.rewrites import (
    aggregates,
    dates,
    fakesnow_rewrites,
    letter_case,
    mixed_types,
    names,
    numbers,
    order,
    tables,
    types,
    values,
    variant_types,
    variants,
)
from deployments.embedded.sql.rewrites import (
    context_functions as session,
)
from deployments.embedded.sql.rewrites import (
    strings as texts,
)
from deployments.embedded.sql.rewrites.trees import Rule

Rewrite = Callable[[Expr, StatementContext], Expr]

BEFORE: tuple[Rewrite, ...] = (
    names.named_tables,
    names.upper_case_unquoted,
    names.name_expressions,
    names.resolve_temporary_tables,
    letter_case.check_letter_case,
    values.positional_columns,
)
RULES: dict[type[Expr], Rule] = {
    **types.RULES,
    **variants.RULES,
    **variant_types.RULES,
    **mixed_types.RULES,
    **numbers.RULES,
    **order.RULES,
    **dates.RULES,
    **texts.RULES,
    **tables.RULES,
    **session.RULES,
}
AFTER: tuple[Rewrite, ...] = (order.order_variants, aggregates.wrap_aggregates, fakesnow_rewrites.apply)
