"""A statement of Snowflake's SQL as DuckDB's, through the same rewrites as any statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr

if TYPE_CHECKING:
    from deployments.embedded.context import StatementContext


def translate(expression: Expr, context: StatementContext) -> str:
    """The DuckDB SQL of a Snowflake statement."""
    from deployments.embedded.sql.rewrites import pipeline as rewrites

    return str(rewrites.rewrite(expression, context).sql(dialect="duckdb"))
