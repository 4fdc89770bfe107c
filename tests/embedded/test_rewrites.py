"""A rewrite that is left out where nothing concerns it would have changed nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlglot import Expr, exp, parse_one

from deployments.embedded.context import StatementContext
from deployments.embedded.session import dialect
from deployments.embedded.session.cursor import EmbeddedCursor
from deployments.embedded.sql.rewrites import pipeline
from deployments.embedded.sql.rewrites.contents import Rewrite, apply_rewrites, list_contents
from tests.embedded.answers import one
from tests.embedded.files import run

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from deployments.embedded.session.connection import EmbeddedConnection

# Each has something that only some of the rewrites are about, as the only thing of its kind.
STATEMENTS = (
    "SELECT A FROM IDENTIFIER('S.T')",
    "SELECT A FROM TABLE('S.T')",
    "SELECT SYSTEM$TYPEOF(A), GET_DDL('TABLE', 'S.T') FROM S.T",
    "SELECT FILTER(V, x -> x > 1), TRANSFORM(V, x INT -> x * 2) FROM S.T",
    "SELECT $1 AS A, $2 AS B FROM VALUES (1, 'x'), (2, 'y')",
    "SELECT COLUMN1 FROM VALUES (1), (2)",
    "SELECT STATUS FROM INFORMATION_SCHEMA.LOAD_HISTORY",
    "SELECT STATUS FROM IDENTIFIER('INFORMATION_SCHEMA.LOAD_HISTORY')",
    "SELECT STATUS FROM TABLE(INFORMATION_SCHEMA.COPY_HISTORY(TABLE_NAME => 'T', START_TIME => CURRENT_TIMESTAMP()))",
    "SELECT A FROM S.T ORDER BY V",
    "SELECT V:a AS X FROM S.T ORDER BY 1",
    "SELECT MAX(V), MEDIAN(A) FROM S.T",
    "SELECT A FROM S.T WHERE V > V",
    "SELECT GREATEST(V, V) FROM S.T",
    "SELECT AVG(A), ARRAY_AGG(A), LISTAGG(B), OBJECT_AGG(B, A) FROM S.T",
    "SELECT ARRAY_UNIQUE_AGG(A) FROM S.T",
    "SELECT RATIO_TO_REPORT(A) OVER (PARTITION BY B) FROM S.T",
    "SELECT CONDITIONAL_TRUE_EVENT(A > 1) OVER (ORDER BY A) FROM S.T",
    "SELECT A FROM S.T UNION ALL SELECT B FROM S.T",
    "SELECT V:a::TEXT AS X FROM S.T UNION ALL SELECT TO_VARCHAR(V:b) FROM S.T",
    "CREATE TABLE S.U (A INT, V VARIANT)",
    "CREATE TABLE S.U AS SELECT A AS C FROM S.T",
    "SELECT * FROM S.T PIVOT (SUM(A) FOR B IN (ANY ORDER BY B))",
    "SELECT V:a::TEXT AS X, V:b::TEXT AS Y, TYPEOF(V:a) AS Z FROM S.T",
    "SELECT TYPEOF(V:a) AS X, TYPEOF(V:b) AS Y FROM S.T",
    "SELECT TO_DATE(B) AS D, CAST(A AS TEXT) AS E FROM S.T",
)
CONDITIONAL = [one for one in (*dialect.BEFORE, *pipeline.AFTER) if one.kinds or one.functions or one.tables]


@pytest.fixture
def context(in_process: EmbeddedConnection) -> StatementContext:
    """That of a statement, with a table S.T."""
    for made in ("CREATE SCHEMA IF NOT EXISTS S", "CREATE OR REPLACE TABLE S.T (A INT, B TEXT, V VARIANT)"):
        EmbeddedCursor(in_process).execute(made)
    return EmbeddedCursor(in_process).context


def written(statement: str, context: StatementContext, *, with_all: bool) -> str:
    """DuckDB's SQL of a statement, with every rewrite made or only those that concern it."""

    def choose(rewrites: tuple[Rewrite, ...]) -> tuple[Rewrite, ...]:
        return tuple(Rewrite(rewrite.change) for rewrite in rewrites) if with_all else rewrites

    tree: Expr = apply_rewrites(choose(dialect.BEFORE), context.parse(statement), context)
    tree = dialect.apply_rules(tree, pipeline.RULES, dialect.CONTEXT_RULES, context)
    return apply_rewrites(choose(pipeline.AFTER), tree, context).sql("duckdb")


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_does_not_concern_a_statement_would_not_change_it(context: StatementContext, statement: str) -> None:
    assert written(statement, context, with_all=False) == written(statement, context, with_all=True)


def test_most_statements_concern_few_rewrites() -> None:
    contents = list_contents(parse_one("SELECT A FROM T WHERE A = 1", read="snowflake"))
    assert [one.change.__name__ for one in CONDITIONAL if one.concerns(contents)] == []


def test_a_kind_of_a_kind_concerns_a_rewrite() -> None:
    union = list_contents(parse_one("SELECT A FROM T UNION SELECT A FROM U", read="snowflake"))
    assert Rewrite(pipeline.AFTER[0].change, kinds=(exp.SetOperation,)).concerns(union)


def test_the_load_history_is_shown_under_whatever_name_it_is_called(connection: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE T (A INT)")
    for name in ("INFORMATION_SCHEMA.LOAD_HISTORY", "IDENTIFIER('information_schema.load_history')"):
        assert one(connection, f"SELECT COUNT(*) FROM {name}") == 0
