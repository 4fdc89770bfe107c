"""Aggregates, windows, set operations, pivots, samples and generated rows."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from snowflake.connector.errors import ProgrammingError
from sqlglot import parse_one

from deployments.embedded.sql.rewrites.letter_case import check_letter_case
from deployments.embedded.sql.rewrites.names import upper_case_unquoted
from tests.embedded.answers import one, rows, wrong_answers


@pytest.fixture
def table(connection):
    connection.cursor().execute("CREATE TABLE G (K VARCHAR, X INT, Y NUMBER(10, 2), F FLOAT, D DATE)")
    connection.cursor().execute(
        """INSERT INTO G VALUES ('a', 1, 1.50, 1.5, '2024-01-01'), ('a', 2, 2.25, 2.5, '2024-01-02'),
        ('b', 3, NULL, NULL, '2024-01-03'), ('b', NULL, 4, 4, NULL)"""
    )
    return connection


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("(G)", 4),
        ("((G))", 4),
        ("(G) AS L", 4),
        ("(G AS L)", 4),
        ("(G AS L) AS M", 4),
        ("(SELECT * FROM (G)) AS L", 4),
        ("(G AS L) JOIN (G) AS M ON L.X = M.X", 3),
        ("((G AS L) JOIN (G AS M) ON L.X = M.X)", 3),
        ("G, (TABLE(FLATTEN(INPUT => PARSE_JSON('[1, 2]'))))", 8),
        ("(TABLE(GENERATOR(ROWCOUNT => 3)))", 3),
        ("(G SAMPLE (100))", 4),
        ("(G) SAMPLE (100)", 4),
    ],
)
def test_parentheses_around_a_table(table, source, found):
    assert one(table, f"SELECT COUNT(*) FROM {source}") == found


@pytest.mark.supports(
    "aggregates: SUM and AVG exact for decimals, COUNT_IF, MIN_BY, LISTAGG, MEDIAN, BOOLOR_AGG, HLL …"
)
def test_aggregates(table):
    assert not wrong_answers(
        table,
        {
            "SUM(X)": 6,
            "SUM(Y)": Decimal("7.75"),
            "AVG(X)": Decimal("2.000000"),
            "AVG(Y)": Decimal("2.58333333"),
            "AVG(F)": (1.5 + 2.5 + 4) / 3,
            "AVG(DISTINCT X)": Decimal("2.000000"),
            "COUNT(*)": 4,
            "COUNT(X)": 3,
            "COUNT(DISTINCT K, X)": 3,
            "COUNT_IF(X > 1)": 2,
            "MIN(D)": dt.date(2024, 1, 1),
            "MIN_BY(K, X)": "a",
            "MAX_BY(K, X)": "b",
            "APPROX_COUNT_DISTINCT(K)": 2,
            "HLL(K)": 2,
            "BOOLOR_AGG(X > 2)": True,
            "BOOLAND_AGG(X > 2)": False,
            "LISTAGG(DISTINCT K, '|') WITHIN GROUP (ORDER BY K)": "a|b",
            "LISTAGG(X, ',') WITHIN GROUP (ORDER BY X)": "1,2,3",
            "PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY X)": 2,
            "SUM(Y) / NULLIF(COUNT(X), 0)": Decimal("2.58333333"),
        },
        "FROM G",
    )
    assert rows(table, "SELECT SUM(X), AVG(X), LISTAGG(K, ','), COUNT(*) FROM G WHERE X > 100") == [(None, None, "", 0)]


@pytest.mark.supports("GROUP BY position, alias, ALL, ROLLUP, GROUPING SETS; HAVING")
def test_grouping(table):
    assert rows(table, "SELECT K, SUM(X) FROM G GROUP BY ALL ORDER BY K") == [("a", 3), ("b", 3)]
    assert rows(table, "SELECT K AS Z, COUNT(X) C FROM G GROUP BY Z HAVING C > 1 ORDER BY 1") == [("a", 2)]
    expected = [("a", 0, 3), ("b", 0, 3), (None, 1, 6)]
    assert rows(table, "SELECT K, GROUPING(K), SUM(X) FROM G GROUP BY ROLLUP(K) ORDER BY K") == expected
    sets = "SELECT K, GROUPING(K), SUM(X) FROM G GROUP BY GROUPING SETS ((K), ()) ORDER BY K"
    assert rows(table, sets) == expected


@pytest.mark.supports("windows and QUALIFY: ROW_NUMBER, LAG, FIRST_VALUE, running sums, AVG OVER, RATIO_TO_REPORT")
def test_windows(table):
    latest = "SELECT K, X FROM G QUALIFY ROW_NUMBER() OVER (PARTITION BY K ORDER BY X) = 1 ORDER BY K"
    assert rows(table, latest) == [("a", 1), ("b", 3)]
    moved = """SELECT X, LAG(X) OVER (ORDER BY X), LEAD(X, 1, 0) OVER (ORDER BY X), SUM(X) OVER (ORDER BY X),
        LAST_VALUE(X) OVER (ORDER BY X), CONDITIONAL_TRUE_EVENT(X > 1) OVER (ORDER BY X)
        FROM G WHERE X IS NOT NULL ORDER BY X"""
    assert rows(table, moved) == [(1, None, 2, 1, 3, 0), (2, 1, 3, 3, 3, 1), (3, 2, 0, 6, 3, 2)]
    shares = """SELECT RATIO_TO_REPORT(X) OVER (PARTITION BY K), AVG(X) OVER (PARTITION BY K)
        FROM G WHERE X IS NOT NULL ORDER BY X"""
    assert rows(table, shares) == [
        (Decimal("0.333333"), Decimal("1.500000")),
        (Decimal("0.666667"), Decimal("1.500000")),
        (Decimal("1.000000"), Decimal("3.000000")),
    ]


@pytest.mark.supports("order: NULLS LAST ascending and FIRST descending, as NULL is the largest")
def test_order_of_nulls(table):
    assert rows(table, "SELECT X FROM G ORDER BY X") == [(1,), (2,), (3,), (None,)]
    assert rows(table, "SELECT X FROM G ORDER BY X DESC") == [(None,), (3,), (2,), (1,)]
    assert rows(table, "SELECT X FROM G ORDER BY X NULLS FIRST LIMIT 1") == [(None,)]


@pytest.mark.supports("PIVOT and UNPIVOT")
def test_pivot(table):
    pivot = "SELECT * FROM (SELECT K, X FROM G WHERE X IS NOT NULL) PIVOT (SUM(X) FOR K IN ('a', 'b')) AS P (A, B)"
    assert rows(table, pivot) == [(3, 3)]
    unpivot = "SELECT * FROM (SELECT 1 ID, 10 A, 20 B) UNPIVOT (VAL FOR NAME IN (A, B)) ORDER BY NAME"
    assert rows(table, unpivot) == [(1, "A", 10), (1, "B", 20)]


@pytest.mark.supports("PIVOT … IN (ANY), (ANY ORDER BY …) and (SELECT …): the values that are there")
def test_pivot_of_any(table):
    for values in ("ANY", "ANY ORDER BY K DESC", "SELECT DISTINCT K FROM G"):
        pivot = f"SELECT * FROM (SELECT K, X FROM G WHERE X IS NOT NULL) PIVOT (SUM(X) FOR K IN ({values}))"
        assert sorted(rows(table, pivot)[0]) == [3, 3]
    common = "WITH C AS (SELECT K, X FROM G WHERE K = 'a') SELECT * FROM C PIVOT (SUM(X) FOR K IN (ANY))"
    assert rows(table, common) == [(3,)]


@pytest.mark.supports("ASOF JOIN … MATCH_CONDITION (…) ON …: the nearest earlier or later row; rows without one stay")
def test_asof_join(connection):
    connection.cursor().execute("CREATE TABLE L AS SELECT * FROM VALUES (1, 10), (2, 20) AS V (ID, AT)")
    connection.cursor().execute("CREATE TABLE R AS SELECT * FROM VALUES (1, 5), (1, 8), (2, 30) AS V (ID, AT)")
    join = "SELECT L.ID, R.AT FROM L ASOF JOIN R MATCH_CONDITION (L.AT {} R.AT) ON L.ID = R.ID ORDER BY 1"
    assert rows(connection, join.format(">=")) == [(1, 8), (2, None)]
    assert rows(connection, join.format("<=")) == [(1, None), (2, 30)]


@pytest.mark.supports("ORDER BY ALL; SPLIT_TO_TABLE; TO_CHAR with a format that is computed")
def test_what_duckdb_writes_otherwise(table):
    assert rows(table, "SELECT K, X FROM G WHERE X < 3 ORDER BY ALL DESC") == [("a", 2), ("a", 1)]
    split = "SELECT F.INDEX, F.VALUE FROM TABLE(SPLIT_TO_TABLE('a,b', ',')) F"
    assert rows(table, split) == [(1, "a"), (2, "b")]
    assert rows(table, "SELECT K, S.VALUE FROM G, LATERAL SPLIT_TO_TABLE(K || ',z', ',') S WHERE X = 1 ORDER BY 2") == [
        ("a", "a"),
        ("a", "z"),
    ]
    shown = "TO_CHAR('2026-02-03 04:05:06.789'::TIMESTAMP_NTZ, {})"
    joined = shown.format("'yyyy-mm-dd HH24:MI:SS.FF3' || 'UTC'")
    assert one(table, f"SELECT {joined}") == "2026-02-03 04:05:06.789UTC"
    assert one(table, f"SELECT {shown.format('F')} FROM (SELECT 'DD.MM.YYYY MON' AS F)") == "03.02.2026 Feb"


@pytest.mark.supports("SAMPLE by rows and by percentage; GENERATOR, SEQ4, UNIFORM, RANDOM")
def test_samples_and_generated_rows(table):
    assert one(table, "SELECT COUNT(*) FROM G SAMPLE (2 ROWS)") == 2
    assert one(table, "SELECT COUNT(*) FROM G TABLESAMPLE BERNOULLI (100)") == 4
    assert rows(table, "SELECT SEQ4() FROM TABLE(GENERATOR(ROWCOUNT => 3))") == [(0,), (1,), (2,)]
    numbered = "SELECT ROW_NUMBER() OVER (ORDER BY SEQ8()) FROM TABLE(GENERATOR(ROWCOUNT => 2)) ORDER BY 1"
    assert rows(table, numbered) == [(1,), (2,)]
    assert one(table, "SELECT UNIFORM(3, 3, RANDOM())") == 3


@pytest.mark.supports(
    "UNION, EXCEPT / MINUS, INTERSECT, WITH (RECURSIVE), VALUES, joins (USING, NATURAL, FULL), subqueries"
)
def test_combining(table):
    assert rows(table, "SELECT 1 UNION SELECT 1") == [(1,)]
    assert rows(table, "SELECT 1 MINUS SELECT 1") == []
    recursive = "WITH RECURSIVE C AS (SELECT 1 A UNION ALL SELECT A + 1 FROM C WHERE A < 3) SELECT A FROM C ORDER BY A"
    assert rows(table, recursive) == [(1,), (2,), (3,)]
    assert rows(table, "SELECT COLUMN1, $2 FROM VALUES (1, 'a')") == [(1, "a")]
    assert one(table, "SELECT COUNT(*) FROM G A JOIN G B USING (K, X)") == 3
    assert one(table, "SELECT COUNT(*) FROM G NATURAL JOIN (SELECT 'a' K)") == 2
    assert one(table, "SELECT COUNT(*) FROM G A FULL OUTER JOIN (SELECT 9 X) B ON A.X = B.X") == 5
    assert rows(table, "SELECT * EXCLUDE (Y, F, D) FROM G WHERE X = 1") == [("a", 1)]


@pytest.mark.supports("identifiers: unquoted ones are upper case in any writing, quoted ones as written")
def test_identifiers(table):
    cursor = table.cursor().execute('SELECT k AS "lower", X "Mixed Case", upper(K) FROM g WHERE x = 1')
    assert [column.name for column in cursor.description] == ["lower", "Mixed Case", "UPPER(K)"]


@pytest.mark.differs("two columns of one table whose names differ only in case: refused; Snowflake takes them")
def test_column_names_that_differ_in_case(connection):
    with pytest.raises(ProgrammingError):
        connection.cursor().execute('CREATE TABLE CASES ("A" INT, "a" INT)')


@pytest.mark.parametrize(
    ("source", "is_looked_for"),
    [
        ("TABLE(GENERATOR(ROWCOUNT => 5))", False),
        ("TABLE(SPLIT_TO_TABLE('a b', ' '))", False),
        ("G, TABLE(FLATTEN(INPUT => X))", False),
        ("TABLE(RESULT_SCAN(LAST_QUERY_ID()))", True),
        ('"g"', True),
    ],
)
def test_names_in_lower_case_are_looked_for_only_where_they_can_be(source: str, is_looked_for: bool) -> None:
    """Once one can be there, every statement of the warehouse costs a look at the columns of its tables."""
    engine = SimpleNamespace(has_lower_names=False, has_lower_tables=False)
    context: Any = SimpleNamespace(connection=SimpleNamespace(engine=engine))
    with suppress(AttributeError):  # the look itself, which this context has no tables for
        check_letter_case(parse_one(f"CREATE TABLE T AS SELECT 1 AS N FROM {source}", read="snowflake"), context)
    assert engine.has_lower_names is is_looked_for


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ('SELECT N FROM (SELECT 1 AS "n") AS T', "invalid identifier"),
        ('SELECT T.N FROM (SELECT 1 AS "n") AS T', "invalid identifier"),
        ('SELECT "n" FROM (SELECT 1 AS N) AS T', "invalid identifier"),
        ('SELECT * FROM (SELECT 1 AS "n", 2 AS N) AS T', "differ only in case"),
        ('SELECT "n" FROM (SELECT 1 AS "n") AS T', None),
        ('SELECT COUNT(*) AS "table.row_count", COUNT_IF(TRUE) AS "failing_rows"', None),
    ],
)
def test_a_name_that_a_query_gives_is_meant_as_it_is_written(query: str, refused: str | None) -> None:
    """Where no table of the warehouse has a name in lower case, so that nothing but the query itself can tell."""
    engine = SimpleNamespace(has_lower_names=False, has_lower_tables=False)
    context: Any = SimpleNamespace(connection=SimpleNamespace(engine=engine))
    tree = parse_one(query, read="snowflake")
    upper_case_unquoted(tree, context)
    if refused is None:
        assert check_letter_case(tree, context) is tree
    else:
        with pytest.raises(ProgrammingError, match=refused):
            check_letter_case(tree, context)


@pytest.mark.differs("CONDITIONAL_CHANGE_EVENT and HASH_AGG are refused with an error that names them")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CONDITIONAL_CHANGE_EVENT(K) OVER (ORDER BY X) FROM G",
        "SELECT HASH_AGG(K) FROM G",
    ],
)
def test_queries_that_are_refused(table, statement):
    with pytest.raises(ProgrammingError, match="Unsupported feature") as raised:
        table.cursor().execute(statement)
    assert raised.value.errno == 2


@pytest.mark.differs("HASH gives other numbers than Snowflake's, stable on this warehouse")
def test_hash(connection):
    assert one(connection, "SELECT HASH('a', 1)") == one(connection, "SELECT HASH('a', 1)")
    assert one(connection, "SELECT HASH('a') <> HASH('b')") is True


@pytest.mark.differs("a quotient of decimals is exact to 15 significant digits; Snowflake's to 38")
def test_precision_of_division(connection):
    quotient = one(connection, "SELECT 12345678901234567890.12 :: NUMBER(30, 2) / 3")
    assert abs(quotient - Decimal("12345678901234567890.12") / 3) < Decimal(10) ** 5
