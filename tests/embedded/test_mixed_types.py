"""Columns of different types beside each other, and VARIANTs as a whole: what DuckDB would make text of."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlglot import exp, parse_one

from deployments.embedded.sql.rewrites.trees import gives_text
from tests.embedded.answers import one, rows
from tests.embedded.files import refusal, run

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection


@pytest.fixture
def variants(connection: SnowflakeConnection) -> SnowflakeConnection:
    """A table whose VARIANTs order otherwise as texts, and one whose texts have the same name."""
    run(connection, "CREATE TABLE t (v VARIANT, w VARIANT, n INT)")
    values = "VALUES ('10', '9', 1), ('9', '100', 2), ('100', '\"a\"', 3)"
    run(connection, f"INSERT INTO t SELECT PARSE_JSON(v), PARSE_JSON(w), n FROM {values} AS x (v, w, n)")
    run(connection, "CREATE TABLE texts AS SELECT 'b' AS v, 1 AS n UNION ALL SELECT 'a', 2")
    return connection


@pytest.mark.supports(
    "a whole VARIANT column, view or alias: ORDER BY, windows, MAX, MIN, MAX_BY, <, GREATEST by value"
)
def test_whole_variants_are_ordered_by_value(variants: SnowflakeConnection) -> None:
    run(variants, "CREATE VIEW named (q) AS SELECT v FROM t")
    for ordered in (
        "SELECT v FROM t ORDER BY v",
        "SELECT v FROM t ORDER BY 1",
        "SELECT v AS n FROM t ORDER BY n",
        "SELECT DISTINCT v FROM t ORDER BY v",
        "SELECT v FROM t GROUP BY v ORDER BY v",
        "SELECT v FROM t GROUP BY ALL ORDER BY v",
        "SELECT x FROM (SELECT v AS x FROM t) ORDER BY x",
        "WITH c (x) AS (SELECT v FROM t) SELECT x FROM c ORDER BY x",
        "SELECT q FROM named ORDER BY q",
        "SELECT value FROM TABLE(FLATTEN(INPUT => [100, 9, 10])) ORDER BY value",
        "SELECT v FROM t WHERE n > 1 UNION ALL SELECT v FROM t WHERE n = 1 ORDER BY v",
    ):
        assert rows(variants, ordered) == [("9",), ("10",), ("100",)], ordered
    assert rows(variants, "SELECT n AS v FROM t ORDER BY v DESC") == [(3,), (2,), (1,)]
    extremes = "SELECT MAX(v), MIN(v), MAX_BY(n, v), MIN_BY(n, v), LISTAGG(n, ',') WITHIN GROUP (ORDER BY v) FROM t"
    assert rows(variants, extremes) == [("100", "9", 3, 2, "2,1,3")]
    compared = "SELECT v > w, GREATEST(v, w), LEAST(v, w), ROW_NUMBER() OVER (ORDER BY v) FROM t WHERE n < 3 ORDER BY n"
    assert rows(variants, compared) == [(True, "10", "9", 2), (False, "100", "9", 1)]
    run(variants, "ALTER TABLE t RENAME COLUMN v TO renamed")
    assert one(variants, "SELECT MAX(renamed) FROM t") == "100"


@pytest.mark.supports("PERCENTILE_DISC of VARIANTs by value, of a column or a path; PERCENTILE_CONT of a path")
def test_percentiles_are_of_variants_by_value(variants: SnowflakeConnection) -> None:
    run(variants, "CREATE TABLE paths AS SELECT OBJECT_CONSTRUCT('a', v) AS r, n FROM t UNION ALL SELECT NULL, 4")
    for value, source in (("v", "t"), ("r:a", "paths")):
        disc = f"PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY {value})"
        found = f"SELECT {disc}, PERCENTILE_DISC(0) WITHIN GROUP (ORDER BY {value} DESC), MEDIAN({value}) FROM {source}"
        assert rows(variants, found) == [("10", "100", 10)], value
        assert rows(variants, f"SELECT {disc} OVER () FROM {source} WHERE n < 3") == [("9",), ("9",)], value
    cont = "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY r:a) FROM paths"
    assert one(variants, cont) == 10


def test_percentiles_of_numbers_are_the_same_beside_a_variant_of_their_name(connection: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE numbers (k VARCHAR, number_or_variant INT)")
    run(connection, "INSERT INTO numbers VALUES ('a', 1), ('a', 2), ('b', 3), ('b', NULL)")
    disc, cont = (f"PERCENTILE_{kind}(0.5) WITHIN GROUP (ORDER BY number_or_variant)" for kind in ("DISC", "CONT"))
    asked = (
        f"SELECT {disc}, {cont}, MEDIAN(number_or_variant), MODE(k) FROM numbers WHERE k = 'a'",
        f"SELECT k, {disc}, {cont} FROM numbers GROUP BY k HAVING {disc} > 0 ORDER BY k",
        f"SELECT k, {disc} OVER (PARTITION BY k), {cont} OVER (PARTITION BY k) FROM numbers ORDER BY k",
        "SELECT PERCENTILE_DISC(0.9) WITHIN GROUP (ORDER BY number_or_variant DESC) + 1 FROM numbers",
        f"SELECT {disc}, {cont}, MEDIAN(number_or_variant) FROM numbers WHERE number_or_variant IS NULL",
    )
    before = [rows(connection, statement) for statement in asked]
    assert (before[0][0][:3], before[1]) == ((1, 1.5, 1.5), [("a", 1, 1.5), ("b", 3, 3)])
    run(connection, "CREATE TABLE other (number_or_variant VARIANT)")
    assert [rows(connection, statement) for statement in asked] == before


def test_texts_of_the_same_name_are_ordered_as_texts(variants: SnowflakeConnection) -> None:
    assert rows(variants, "SELECT v FROM texts ORDER BY v DESC") == [("b",), ("a",)]
    assert rows(variants, "SELECT MAX(v), MIN(v), MIN_BY(n, v) FROM texts") == [("b", "a", 2)]
    assert rows(variants, "SELECT MAX(v) AS v FROM texts GROUP BY n ORDER BY v") == [("a",), ("b",)]
    assert rows(variants, "SELECT GREATEST(v, v), v < v FROM texts ORDER BY 1") == [("a", False), ("b", False)]
    assert rows(variants, "SELECT DISTINCT v FROM texts ORDER BY v") == [("a",), ("b",)]


@pytest.mark.differs(
    "the order of VARIANTs of different types: numbers, then all else by its text; Snowflake's is not told"
)
def test_order_of_types_in_variants(variants: SnowflakeConnection) -> None:
    assert rows(variants, "SELECT w FROM t ORDER BY w") == [("9",), ("100",), ('"a"',)]


@pytest.mark.supports(
    "a text for a VARIANT, OBJECT or ARRAY column is an error (002023), not parsed: INSERT, UPDATE, MERGE, bound values"
)
def test_texts_are_not_parsed(connection: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE t (v VARIANT, s VARCHAR, o OBJECT, a ARRAY, n INT)")
    run(connection, "INSERT INTO t SELECT 'x'::VARIANT, '{\"a\":1}', PARSE_JSON('{}'), [1], 1")
    for column in ("v", "o", "a"):
        assert refusal(connection, f"INSERT INTO t ({column}) SELECT '{{\"a\":1}}'").errno == 2023
        assert refusal(connection, f"UPDATE t SET {column} = s").errno == 2023
    merge = "MERGE INTO t USING (SELECT '1' AS x) z ON t.n = z.x::INT WHEN"
    for statement in (
        "INSERT INTO t (v) VALUES (NULL), ('x')",
        "INSERT INTO t (v) SELECT s FROM t",
        "INSERT INTO t SELECT s, s, o, a, n FROM t",
        "INSERT INTO t SELECT * FROM (SELECT s, s, o, a, n FROM t)",
        "INSERT INTO t (o) SELECT s FROM t UNION ALL SELECT s FROM t",
        "INSERT INTO t (v) WITH c AS (SELECT s FROM t) SELECT s FROM c",
        f"{merge} MATCHED THEN UPDATE SET v = z.x",
        f"{merge.replace('1', '7')} NOT MATCHED THEN INSERT (v) VALUES (z.x)",
    ):
        refused = refusal(connection, statement)
        assert refused.errno == 2023, statement
        assert "expecting VARIANT" in str(refused.msg)
    for statement in (
        "INSERT INTO t (v) VALUES (NULL), (NULL)",
        "INSERT INTO t (v) SELECT n FROM t",
        "INSERT INTO t (v) SELECT v FROM t UNION ALL SELECT o FROM t",
        "UPDATE t SET v = PARSE_JSON(s), s = 'q'",
    ):
        run(connection, statement)
    assert rows(connection, "SELECT DISTINCT v, s FROM t WHERE n = 1") == [('{"a":1}', "q")]


def test_bound_texts_are_not_parsed(connection_parameters: dict[str, Any]) -> None:
    import snowflake.connector

    with snowflake.connector.connect(**connection_parameters, paramstyle="qmark") as bound:
        run(bound, "CREATE TABLE t (v VARIANT)")
        for statement in ("INSERT INTO t (v) VALUES (?)", "INSERT INTO t SELECT ?", "UPDATE t SET v = ?"):
            bound.cursor().execute(statement, (None,))
            with pytest.raises(snowflake.connector.errors.ProgrammingError, match="expecting VARIANT"):
                bound.cursor().execute(statement, ('{"a":1}',))
        with pytest.raises(snowflake.connector.errors.ProgrammingError, match="expecting VARIANT"):
            bound.cursor().executemany("INSERT INTO t VALUES (?)", [("1",), ("2",)])
        bound.cursor().executemany("INSERT INTO t VALUES (?)", [(None,), (None,)])
        bound.cursor().execute("INSERT INTO t SELECT PARSE_JSON(?)", ('{"a":1}',))
        assert one(bound, "SELECT COUNT(*) FROM t WHERE v:a = 1") == 1


@pytest.mark.supports(
    "a key that is there twice in a text for PARSE_JSON, at any depth, is an error; NULL by TRY_PARSE_JSON"
)
def test_repeated_keys_of_parsed_texts(connection: SnowflakeConnection) -> None:
    for text in ('{"a":1,"a":2}', '{"o":{"a":1,"a":2}}', '[{"a":1,"a":2}]', '{"x":[1,{"y":{"a":1,"a":2}}]}'):
        assert refusal(connection, f"SELECT PARSE_JSON('{text}')").errno == 100069, text
        assert one(connection, f"SELECT TRY_PARSE_JSON('{text}')") is None
    for text in ('{"a":1,"b":{"a":2,"c":[{"a":3},{"a":4}]}}', '{"x":"{{"}', "[{}]", "1", "null"):
        assert one(connection, f"SELECT PARSE_JSON('{text}')") == text


@pytest.mark.supports(
    "keys that turn out to be the same in OBJECT_CONSTRUCT (_KEEP_NULL) and OBJECT_AGG are an error (100103)"
)
def test_repeated_keys_that_are_computed(connection: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE t AS SELECT 'k' AS a, 'k' AS b UNION ALL SELECT 'k', 'l'")
    for built in (
        "OBJECT_CONSTRUCT(a, 1, b, 2)",
        "OBJECT_CONSTRUCT_KEEP_NULL(a, 1, b, 2)",
        "OBJECT_AGG(a, 1::VARIANT)",
    ):
        assert refusal(connection, f"SELECT {built} FROM t").errno == 100103, built
    assert one(connection, "SELECT OBJECT_CONSTRUCT(a, 1, b, 2) FROM t WHERE b = 'l'") == '{"k":1,"l":2}'
    assert refusal(connection, "SELECT {'o': {'a': 1, 'a': 2}}").errno == 100103


@pytest.mark.supports(
    "UNION of a text with numbers or times converts the text, or is an error: SELECT 1 UNION SELECT '2'"
)
def test_union_of_types(connection: SnowflakeConnection) -> None:
    assert rows(connection, "SELECT 1 AS a UNION ALL SELECT '2' ORDER BY a") == [(1,), (2,)]
    assert rows(connection, "SELECT '1.5' AS a UNION ALL SELECT 2 ORDER BY a") == [(Decimal("1.5"),), (Decimal("2.0"),)]
    assert refusal(connection, "SELECT 1 AS a UNION ALL SELECT 'a'").errno == 100038
    run(connection, "CREATE TABLE t AS SELECT '2026-01-01'::TIMESTAMP_NTZ AS at, 1 AS n")
    moments = [(datetime(2026, 1, 1),), (datetime(2026, 1, 2),)]
    assert rows(connection, "SELECT at FROM t UNION ALL SELECT '2026-01-02' ORDER BY 1") == moments
    both = "WITH c AS (SELECT * FROM t) SELECT '3' AS n, 'x' AS s UNION SELECT n, s FROM (SELECT n, 'y' AS s FROM c)"
    assert rows(connection, f"{both} ORDER BY 1") == [(1, "y"), (3, "x")]
    assert rows(connection, "SELECT n, NULL FROM t UNION ALL SELECT 2, 'x' ORDER BY 1") == [(1, None), (2, "x")]
    run(connection, "BEGIN")
    starred = "SELECT *, 'left' AS s FROM t UNION ALL SELECT *, 'right' FROM t UNION ALL SELECT at, n, 'third' FROM t"
    assert {row[2] for row in rows(connection, starred)} == {"left", "right", "third"}
    shifted = "SELECT *, NULL::INTEGER AS k, 'x' AS s FROM t UNION ALL SELECT t.*, 1, 'y' FROM t ORDER BY 4"
    assert [row[2:] for row in rows(connection, shifted)] == [(None, "x"), (1, "y")]
    run(connection, "INSERT INTO t SELECT at, n FROM (SELECT '2026-01-02' AS at, '2' AS n UNION SELECT at, n FROM t)")
    run(connection, "COMMIT")
    assert one(connection, "SELECT SUM(n) FROM t") == 4


@pytest.mark.supports("UNION, EXCEPT and INTERSECT of columns: texts are converted, beside VARIANTs all are VARIANTs")
def test_union_of_columns(connection: SnowflakeConnection) -> None:
    run(connection, "CREATE TABLE t AS SELECT 1 AS n, '2' AS s, TRUE AS b, 1.5 AS d, PARSE_JSON('{}') AS v")
    expected = {
        "SELECT n FROM t UNION ALL SELECT s FROM t ORDER BY 1": [(1,), (2,)],
        "SELECT s FROM t UNION ALL SELECT n FROM t ORDER BY s": [(1,), (2,)],
        "SELECT n FROM t EXCEPT SELECT s FROM t": [(1,)],
        "SELECT n + 1 FROM t INTERSECT SELECT s FROM t": [(2,)],
        "SELECT * FROM (SELECT s, s FROM t) UNION ALL SELECT * FROM (SELECT n, n FROM t) ORDER BY 1": [(1, 1), (2, 2)],
        "SELECT '3' UNION ALL SELECT * FROM (SELECT n FROM t) ORDER BY 1": [(1,), (3,)],
        "SELECT x + 1 FROM (SELECT s AS x FROM t UNION ALL SELECT n FROM t) ORDER BY 1": [(2,), (3,)],
        "SELECT s, COUNT(*) FROM t GROUP BY s UNION SELECT n, 1 FROM t ORDER BY 1": [(1, 1), (2, 1)],
        "WITH c AS (SELECT s FROM t) SELECT s FROM c UNION SELECT d FROM t ORDER BY 1": [(Decimal("1.5"),), (2,)],
        "SELECT x FROM (SELECT 1 AS x) UNION ALL SELECT x FROM (SELECT '2' AS x) ORDER BY 1": [(1,), (2,)],
        "SELECT s FROM (SELECT 1 AS s) UNION ALL SELECT '2' ORDER BY 1": [(1,), (2,)],
        "WITH c AS (SELECT 1 AS s) SELECT s FROM c UNION ALL SELECT '2' ORDER BY 1": [(1,), (2,)],
        "SELECT s FROM (SELECT * FROM (SELECT 1 AS s)) UNION ALL SELECT s FROM t ORDER BY 1": [(1,), (2,)],
        "SELECT s FROM (SELECT 1) AS c (s) UNION ALL SELECT s FROM t ORDER BY 1": [(1,), (2,)],
        "SELECT s FROM VALUES (1) AS c (s) UNION ALL SELECT '2' ORDER BY 1": [(1,), (2,)],
        "SELECT c.s FROM t JOIN (SELECT 1 AS s) AS c UNION ALL SELECT '2' ORDER BY 1": [(1,), (2,)],
        "SELECT s FROM ((SELECT 1 AS k) AS a JOIN (SELECT 1 AS s) AS b) UNION ALL SELECT '2' ORDER BY 1": [(1,), (2,)],
        "SELECT LEAST(s, s) FROM t UNION ALL SELECT n FROM t ORDER BY 1": [(1,), (2,)],
        "SELECT x FROM VALUES (1, 'a'), (NULL, 'b') AS c (x, s) UNION ALL SELECT '2' ORDER BY 1": [(1,), (2,), (None,)],
        "SELECT s FROM VALUES (1, 'a') AS c (x, s) UNION ALL SELECT 'b' ORDER BY 1": [("a",), ("b",)],
        "SELECT b FROM t UNION ALL SELECT 'yes'": [(True,), (True,)],
        "SELECT v FROM t UNION ALL SELECT s FROM t": [("{}",), ('"2"',)],
        "SELECT v FROM t UNION ALL SELECT n FROM t": [("{}",), ("1",)],
        "SELECT NULL UNION ALL SELECT n FROM t": [(None,), (1,)],
    }
    assert {statement: rows(connection, statement) for statement in expected} == expected
    run(connection, "CREATE TABLE others (n VARCHAR, x INT)")
    run(connection, "INSERT INTO others VALUES ('7', 8)")
    same_name = (
        "SELECT n FROM t UNION ALL SELECT n FROM others UNION ALL SELECT * FROM (SELECT n FROM others) ORDER BY 1"
    )
    assert rows(connection, same_name) == [(1,), (7,), (7,)]
    run(connection, "CREATE TABLE u AS SELECT s AS x FROM t UNION ALL SELECT n FROM t")
    assert rows(connection, "DESC TABLE u")[0][:2] == ("X", "NUMBER(38,0)")
    assert refusal(connection, "SELECT b FROM t UNION ALL SELECT s FROM t").errno == 100037
    assert "BOOLEAN with a number" in str(refusal(connection, "SELECT b FROM t UNION ALL SELECT n FROM t").msg)


_TEXTS = "(SELECT CAST(A AS VARCHAR) AS X, B AS Y, X || Y AS Z FROM T)"


@pytest.mark.parametrize(
    ("query", "is_text"),
    [
        (f"SELECT X FROM {_TEXTS}", True),
        (f"SELECT Z FROM {_TEXTS} AS S", True),
        (f"SELECT CASE WHEN N THEN X END FROM {_TEXTS}", True),
        (f"SELECT X FROM (SELECT *, 1 AS N FROM (SELECT X FROM {_TEXTS}))", True),
        (f"SELECT X FROM (({_TEXTS}))", True),
        (f"SELECT Y FROM {_TEXTS}", False),
        (f"SELECT X FROM (SELECT * EXCLUDE (N) FROM {_TEXTS})", False),
        (f"SELECT X FROM {_TEXTS} AS S (Y, X, Z)", False),
        (f"SELECT X FROM {_TEXTS} JOIN U USING (N)", False),
        (f"SELECT X FROM (SELECT * FROM {_TEXTS} UNION ALL SELECT 1, 2, 3)", False),
        (f"SELECT (SELECT X FROM U) FROM {_TEXTS}", False),
        (f"SELECT 1 FROM {_TEXTS} WHERE X = 'a'", False),
        (f"SELECT S.X FROM {_TEXTS} AS S", False),
        ("SELECT X FROM T", False),
    ],
)
def test_text_is_known_through_subqueries(query: str, is_text: bool) -> None:
    """What is known spares a conversion (rewrites/trees.py); where a column may be another's, nothing is known."""
    tree = parse_one(query, read="duckdb")
    clause = tree.args.get("where") or tree.selects[0]
    value = next(node for node in clause.walk(bfs=False) if isinstance(node, exp.Case | exp.Column))
    assert gives_text(value, by_columns=True) is is_text
