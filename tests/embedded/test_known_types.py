"""Macros with a body per type: the answers of the one for every type, and never a body for a type that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from sqlglot import exp

from deployments.embedded.sql.macros import HOME, call
from deployments.embedded.sql.macros_by_type import CHOSEN, SUFFIX
from deployments.embedded.sql.rewrites import known_types, pipeline
from deployments.embedded.sql.rewrites.known_types import call_by_type, choose_macros, is_unknown_type
from tests.embedded.answers import one, rows

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

    from deployments.embedded.session.connection import EmbeddedConnection

VALUES = (
    *("NULL", "'2026-02-03'", "'x'", "'17'", "'true'", "json('\"2026-02-03\"')", "json('17')", "json('{}')"),
    *("TIMESTAMP '2026-02-03 04:05:06.789'", "TIMESTAMPTZ '2026-02-03 04:05:06.789+02'", "DATE '2026-02-03'"),
    *("TIME '04:05:06'", "TRUE", "17::TINYINT", "17::INTEGER", "17::BIGINT", "17::UBIGINT", "17::HUGEINT"),
    *("17.50::DECIMAL(18, 2)", "17.5::DOUBLE", "17.0::DOUBLE", "17.5::FLOAT", "'ab'::BLOB", "[1, 2]", "{'a': 1}"),
)


def arguments(name: str, value: str) -> str:
    """The arguments of a macro around the value whose type counts."""
    return {"sf_add_interval": f"{value}, to_days(1)", "sf_date_trunc": f"'month', {value}"}.get(name, value)


def answer(in_process: EmbeddedConnection, called: str) -> Any:
    """What a call gives, with its type, or what the error is."""
    try:
        return in_process.duck_conn.execute(f"SELECT typeof(x), x::VARCHAR FROM (SELECT {called} AS x)").fetchone()
    except duckdb.Error as error:
        return str(error).split("\n")[0]


@pytest.mark.parametrize("name", CHOSEN)
def test_a_body_per_type_gives_what_the_one_for_every_type_gives(in_process: EmbeddedConnection, name: str) -> None:
    kept = {}
    for value in VALUES:
        of_every, of_its = (
            answer(in_process, f"{HOME}.{macro}({arguments(name, value)})") for macro in (name, name + SUFFIX)
        )
        # DuckDB has no best candidate for NULL + INTERVAL; with a type for the NULL it is NULL.
        if of_every != of_its and not (value == "NULL" and "best candidate" in of_every):
            kept[value] = of_every, of_its
    assert kept == {}


@pytest.mark.parametrize("value", ["MAX(i)", "ROW_NUMBER() OVER ()", "COUNT(*)", "LISTAGG(i)"])
@pytest.mark.parametrize("name", CHOSEN)
def test_a_type_that_is_not_known_is_refused(in_process: EmbeddedConnection, name: str, value: str) -> None:
    with pytest.raises(duckdb.BinderException) as refused:
        in_process.duck_conn.execute(f"SELECT {HOME}.{name}{SUFFIX}({arguments(name, value)}) FROM range(3) AS r (i)")
    assert is_unknown_type(refused.value)


def test_conversions_are_chosen_by_type_where_it_is_known() -> None:
    assert call_by_type in [rewrite.change for rewrite in pipeline.AFTER]

    def is_chosen(value: exp.Expr, *others: exp.Expr) -> bool:
        called = call("sf_date", value)
        items = [exp.Alias(this=called, alias=exp.to_identifier("D")), *others]
        query = exp.Select(expressions=items).from_("t", copy=False)
        choose_macros(query)
        return called.name.endswith(SUFFIX)

    other = exp.alias_(exp.Max(this=exp.column("X")), "B")
    assert is_chosen(exp.column("A"))
    assert is_chosen(exp.column("A"), exp.alias_(exp.column("A"), "A"))
    assert is_chosen(exp.column("B", table="T"), other)
    assert not is_chosen(exp.column("B"), other)
    assert not is_chosen(exp.Max(this=exp.column("A")))
    assert not is_chosen(exp.Window(this=exp.RowNumber()))
    assert not is_chosen(exp.Anonymous(this="list", expressions=[exp.column("A")]))
    lateral = exp.select("*").from_("t").join(exp.Lateral(this=exp.Subquery(this=exp.select("*"))), copy=False)
    called = call("sf_text", exp.column("A"))
    lateral.find(exp.Lateral).this.this.set("expressions", [called])  # type: ignore[union-attr]
    choose_macros(lateral)
    assert called.name == f"{HOME}.sf_text"


def test_a_type_taken_to_be_known_that_is_not_costs_a_second_look(
    in_process: EmbeddedConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deployments.embedded.session.cursor import EmbeddedCursor

    monkeypatch.setattr(known_types, "_UNKNOWN", ())
    query = "SELECT TO_VARCHAR(MAX(I)) AS M, SUM(S), TO_DATE(MIN(D)) FROM (SELECT 7 AS I, '5' AS S, '2026-02-03' AS D)"
    cursor = EmbeddedCursor(in_process)
    assert [kind for _, kind, *_ in EmbeddedCursor(in_process).describe(query) or []] == ["VARCHAR", "DOUBLE", "DATE"]
    assert cursor.execute(query).table.to_pylist()[0]["M"] == "7"
    assert not cursor.context.knows_types
    assert cursor.context.converts_texts


@pytest.mark.supports("conversions of columns, aggregates, window functions, aliases and LATERAL columns alike")
def test_conversions_of_whatever_there_is(connection: SnowflakeConnection) -> None:
    connection.cursor().execute("CREATE TABLE T (N INT, D DATE, S VARCHAR, AT TIMESTAMP_NTZ, B BOOLEAN, V VARIANT)")
    connection.cursor().execute(
        "INSERT INTO T SELECT 1, '2026-02-03', '2026-03-04', '2026-02-03 04:05:06', TRUE, PARSE_JSON('\"2026-04-05\"')"
    )
    assert one(connection, "SELECT TO_VARCHAR(MAX(N)) || TO_VARCHAR(COUNT(*)) FROM T") == "11"
    assert one(connection, "SELECT TO_VARCHAR(ROW_NUMBER() OVER (ORDER BY N)) FROM T") == "1"
    assert rows(connection, "SELECT S AS X, TO_DATE(X)::VARCHAR, N + 1 AS Y, TO_VARCHAR(Y) FROM T") == [
        ("2026-03-04", "2026-03-04", 2, "2")
    ]
    swapped = "SELECT D AS S, TO_VARCHAR(S) FROM T ORDER BY TO_VARCHAR(S)"  # a column comes before an alias
    assert rows(connection, swapped)[0][1] == "2026-03-04"
    grouped = (
        "SELECT TO_VARCHAR(D) AS D, MAX(AT)::DATE::VARCHAR FROM T GROUP BY 1 HAVING TO_DATE(MAX(S)) > '2026-01-01'"
    )
    assert rows(connection, grouped) == [("2026-02-03", "2026-02-03")]
    lateral = "SELECT TO_VARCHAR(F.VALUE) FROM T, LATERAL SPLIT_TO_TABLE(TO_VARCHAR(AT::DATE), '-') F ORDER BY F.INDEX"
    assert rows(connection, lateral) == [("2026",), ("02",), ("03",)]
    assert one(
        connection, "SELECT TO_DATE(V)::VARCHAR FROM T WHERE EXISTS (SELECT 1 FROM T U WHERE U.D = T.AT::DATE)"
    ) == ("2026-04-05")
    shifted = (
        "SELECT DATEADD(month, 1, DATE_TRUNC('month', D))::VARCHAR, DATEADD(day, 1, MAX(D) OVER ())::VARCHAR FROM T"
    )
    assert rows(connection, shifted) == [("2026-03-01", "2026-02-04")]
    kept = "CREATE TABLE KEPT (X VARCHAR, Y DATE, Z TIMESTAMP_NTZ) AS SELECT N, AT, D FROM T"
    connection.cursor().execute(kept)
    assert rows(connection, "SELECT X, Y::VARCHAR, Z::VARCHAR FROM KEPT") == [
        ("1", "2026-02-03", "2026-02-03 00:00:00.000")
    ]
