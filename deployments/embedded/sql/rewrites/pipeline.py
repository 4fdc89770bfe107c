"""AST rewrites between Snowflake's SQL and DuckDB's, each named and with the statement that needs it.

BEFORE run in order on the parsed tree. RULES, one per kind of node, are applied in one walk, children first;
CONTEXT_RULES are those that ask the session. AFTER run in order on what the rules left. Each says what it is about, so
that it is not looked for where it is not.
"""

from __future__ import annotations

from sqlglot import Expr, exp

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
from deployments.embedded.sql.rewrites.contents import Rewrite
from deployments.embedded.sql.rewrites.trees import Rule

BEFORE: tuple[Rewrite, ...] = (
    Rewrite(
        names.resolve_named_tables,
        kinds=(exp.DynamicIdentifier,),
        functions=frozenset({"IDENTIFIER", "TABLE"}),
        brings=True,
    ),
    Rewrite(names.upper_case_unquoted),
    Rewrite(names.name_expressions),
    Rewrite(names.resolve_temporary_tables),
    Rewrite(names.qualify_names_of_files),
    Rewrite(letter_case.check_letter_case),
    Rewrite(lambdas.mark_elements, kinds=(exp.Lambda,)),
    Rewrite(values.name_columns, kinds=(exp.Parameter, exp.Values)),
    Rewrite(implicit_casts.convert_texts),
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
    Rewrite(order.name_positions, kinds=(exp.Ordered,)),
    Rewrite(order.order_variants, kinds=(exp.Ordered,)),
    Rewrite(
        whole_variants.order_whole_variants,
        kinds=(exp.Create, exp.Alter, *whole_variants.ORDERING),
        functions=whole_variants.ORDERING_FUNCTIONS,
    ),
    Rewrite(aggregates.wrap_aggregates, kinds=aggregates.WRAPPED),
    Rewrite(aggregates.write_window_functions, functions=aggregates.WINDOW_FUNCTIONS),
    Rewrite(set_operations.convert_types, kinds=(exp.SetOperation,), brings=True),
    Rewrite(column_families.note_families, kinds=(exp.Create, exp.Alter)),
    Rewrite(pivots.list_values, kinds=(exp.Pivot,)),
    Rewrite(paths.read_together, functions=paths.READERS),
    Rewrite(known_types.call_by_type),
)
