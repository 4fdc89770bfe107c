"""AST rewrites between Snowflake's SQL and DuckDB's, each named and with the statement that needs it.

BEFORE run in order on the Snowflake tree, AFTER on the tree as fakesnow's own transforms left it.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import Expr

from deployments.embedded.context import StatementContext

Rewrite = Callable[[Expr, StatementContext], Expr]

BEFORE: tuple[Rewrite, ...] = ()
AFTER: tuple[Rewrite, ...] = ()
