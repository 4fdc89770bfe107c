"""VARIANT, OBJECT and ARRAY: building, access, conversion, FLATTEN."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest
from snowflake.connector.errors import ProgrammingError
from sqlglot import exp

from deployments.embedded.sql.macros import HOME, call
from deployments.embedded.sql.rewrites import pipeline
from deployments.embedded.sql.rewrites.paths import read_together
from deployments.embedded.sql.rewrites.trees import func
from tests.embedded.answers import one, rows, wrong_answers

DOCUMENT = """{"a":{"b":[1,"x",null,1.5,true]},"k y":2,"name":"Bob","n":null,"t":"2024-01-02T03:04:05Z"}"""


@pytest.fixture
def documents(connection):
    connection.cursor().execute(
        f"""CREATE TABLE DOCUMENTS AS
        SELECT COLUMN1 AS ID, PARSE_JSON(COLUMN2) AS V FROM VALUES (1, '{DOCUMENT}'), (2, '"plain"'), (3, NULL)"""
    )
    return connection


@pytest.mark.supports('access by path, bracket and GET_PATH, and casts: V:a.b[0]::int, col("V")["a"][0].cast()')
def test_access_and_casts(documents):
    assert not wrong_answers(
        documents,
        {
            "V:a.b[0]": "1",
            "V:a.b[1]": '"x"',
            "V:a.b[1]::STRING": "x",
            "V:a.b[3]::NUMBER(10, 2)": Decimal("1.50"),
            "V:a.b[3]::INT": 2,
            "V:a.b[4]::BOOLEAN": True,
            "V['k y']::INT": 2,
            "V:zz": None,
            "V:t::TIMESTAMP_NTZ": dt.datetime(2024, 1, 2, 3, 4, 5),
            "V:t::DATE": dt.date(2024, 1, 2),
            "GET_PATH(V, 'a.b[1]')::STRING": "x",
            "GET(V:a.b, 1)::STRING": "x",
            "UPPER(V:name)": "BOB",
            "V:name || '!'": "Bob!",
            "V:a.b[0] + 1": 2.0,
        },
        "FROM DOCUMENTS WHERE ID = 1",
    )


@pytest.mark.supports("JSON null is not SQL NULL: IS_NULL_VALUE, STRIP_NULL_VALUE, casts of JSON null give NULL")
def test_json_null(documents):
    assert not wrong_answers(
        documents,
        {
            "V:n IS NULL": False,
            "V:zz IS NULL": True,
            "IS_NULL_VALUE(V:n)": True,
            "V:n::STRING": None,
            "STRIP_NULL_VALUE(V:n) IS NULL": True,
            "TYPEOF(V:n)": "NULL_VALUE",
        },
        "FROM DOCUMENTS WHERE ID = 1",
    )


@pytest.mark.supports("TYPEOF, IS_INTEGER, IS_ARRAY, IS_OBJECT, AS_INTEGER, AS_VARCHAR …")
def test_types_of_values(documents):
    assert not wrong_answers(
        documents,
        {
            "TYPEOF(V)": "OBJECT",
            "TYPEOF(V:a.b)": "ARRAY",
            "TYPEOF(V:name)": "VARCHAR",
            "TYPEOF(V:a.b[0])": "INTEGER",
            "TYPEOF(V:a.b[3])": "DECIMAL",
            "TYPEOF(V:a.b[4])": "BOOLEAN",
            "IS_INTEGER(V:a.b[0])": True,
            "IS_ARRAY(V:a.b)": True,
            "IS_OBJECT(V:name)": False,
            "AS_INTEGER(V:a.b[0])": 1,
            "AS_INTEGER(V:name)": None,
            "AS_VARCHAR(V:name)": "Bob",
        },
        "FROM DOCUMENTS WHERE ID = 1",
    )


def test_paths_give_together_what_each_gives_alone(documents):
    """Paths of one column are read at once (rewrites/paths.py)."""
    paths = ["a", "a.b", "a.b[0]", "a.b[3]", "a.b[9]", "n", "name", "zz", '"k y"']
    asked = [f"{read}(V:{path})" for path in paths for read in ("TO_VARCHAR", "TYPEOF", "TO_VARIANT")]
    alone = [[row[0] for row in rows(documents, f"SELECT {one} FROM DOCUMENTS ORDER BY ID")] for one in asked]
    together = f"SELECT {', '.join(asked)} FROM DOCUMENTS ORDER BY ID"
    assert rows(documents, together) == [tuple(row) for row in zip(*alone, strict=True)]
    beside = "SELECT MAX(V:name::TEXT), COUNT_IF(V:n::TEXT IS NULL), MAX(IFF(ID = 1, V:t::TEXT, NULL)) FROM DOCUMENTS"
    assert rows(documents, beside) == [("Bob", 3, "2024-01-02T03:04:05Z")]


def test_a_value_is_parsed_once_for_all_its_paths():
    assert read_together in [rewrite.change for rewrite in pipeline.AFTER]
    read = [func("json_extract_string", exp.column("r"), f"$.{name}") for name in "aba"]
    kinds = [call("sf_typeof", func("json_extract", exp.column("r"), f"$.{name}")) for name in "ab"]
    alone = func("json_extract_string", exp.column("s"), "$.a")
    only_at_times = exp.If(this=exp.column("x"), true=func("json_extract_string", exp.column("r"), "$.c"))
    found = read_together(exp.select(*read, *kinds, alone, only_at_times).from_("t"), None).sql("duckdb")
    texts = [f"LIST_EXTRACT(JSON_EXTRACT_STRING(r, ['$.a', '$.b']), {place})" for place in (1, 2, 1)]
    types = [f"{HOME.upper()}.SF_VARIANT_TYPE(LIST_EXTRACT(JSON_TYPE(r, ['$.a', '$.b']), {at}))" for at in (1, 2)]
    rest = ["JSON_EXTRACT_STRING(s, '$.a')", "CASE WHEN x THEN JSON_EXTRACT_STRING(r, '$.c') END"]
    assert found == f"SELECT {', '.join([*texts, *types, *rest])} FROM t"


@pytest.mark.supports("a VARIANT compares as the type of the other side: V = 'text', V:a > 5, V:a IN (…)")
def test_comparison(documents):
    assert rows(documents, "SELECT ID FROM DOCUMENTS WHERE V = 'plain'") == [(2,)]
    assert rows(documents, "SELECT ID FROM DOCUMENTS WHERE V:name IN ('Al', 'Bob')") == [(1,)]
    assert rows(documents, "SELECT ID FROM DOCUMENTS WHERE V:a.b[0] > 0.5") == [(1,)]
    assert rows(documents, "SELECT ID FROM DOCUMENTS WHERE V:a.b[0] = ID") == [(1,)]
    assert rows(documents, "SELECT ID FROM DOCUMENTS WHERE V IN ('plain', 'x')") == [(2,)]
    assert one(documents, "SELECT NVL(V:zz, 'none') FROM DOCUMENTS WHERE ID = 1") == '"none"'


@pytest.mark.supports(
    "OBJECT_CONSTRUCT(_KEEP_NULL), OBJECT_INSERT, OBJECT_DELETE, OBJECT_PICK, OBJECT_KEYS, OBJECT_AGG"
)
def test_objects(connection):
    assert not wrong_answers(
        connection,
        {
            "OBJECT_CONSTRUCT('a', 1, 'b', NULL, 'c', 'z')": '{"a":1,"c":"z"}',
            "OBJECT_CONSTRUCT_KEEP_NULL('a', 1, 'b', NULL)": '{"a":1,"b":null}',
            "OBJECT_CONSTRUCT()": "{}",
            "OBJECT_INSERT(OBJECT_CONSTRUCT('x', 1), 'z', 5)": '{"x":1,"z":5}',
            "OBJECT_INSERT(OBJECT_CONSTRUCT('x', 1), 'x', 5, TRUE)": '{"x":5}',
            "OBJECT_DELETE(OBJECT_CONSTRUCT('a', 1, 'b', 2), 'a')": '{"b":2}',
            "OBJECT_PICK(OBJECT_CONSTRUCT('a', 1, 'b', 2), 'a')": '{"a":1}',
            'OBJECT_KEYS(PARSE_JSON(\'{"b":1,"a":2}\'))': '["a","b"]',
        },
    )
    assert one(connection, "SELECT OBJECT_CONSTRUCT(*) FROM (SELECT 1 A, NULL B, 'x' C)") == '{"A":1,"C":"x"}'
    aggregated = "SELECT OBJECT_AGG(COLUMN1, COLUMN2) FROM VALUES ('a', 1), ('b', NULL)"
    assert one(connection, aggregated) == '{"a":1}'
    with pytest.raises(ProgrammingError) as raised:
        one(connection, "SELECT OBJECT_INSERT(OBJECT_CONSTRUCT('x', 1), 'x', 5)")
    assert raised.value.errno == 100103


@pytest.mark.parametrize("key", ['quote"d', "a.b", "a/b~c", "", "*", "0", "-", "$", "it's", "back\\s", "é 🎁"])
def test_a_key_is_found_whatever_is_in_its_name(connection, key: str):
    pair = [key, "v"]
    row = "SELECT GET(o, k), o FROM (SELECT OBJECT_CONSTRUCT(k, v) AS o, k FROM (SELECT %s AS k, %s AS v))"
    found, made = connection.cursor().execute(row, pair).fetchone()
    assert (json.loads(found), json.loads(made)) == ("v", {key: "v"})
    of_array = "SELECT GET(ARRAY_CONSTRUCT('x'), k) FROM (SELECT %s AS k)"
    assert connection.cursor().execute(of_array, pair[:1]).fetchone() == (None,)


@pytest.mark.supports(
    "ARRAY_CONSTRUCT, ARRAY_SIZE, ARRAY_CONTAINS, ARRAY_APPEND, ARRAY_CAT, ARRAY_SLICE, ARRAY_TO_STRING …"
)
def test_arrays(connection):
    assert not wrong_answers(
        connection,
        {
            "ARRAY_CONSTRUCT(1, 'a', NULL)": '[1,"a",null]',
            "ARRAY_CONSTRUCT_COMPACT(1, NULL, 2)": "[1,2]",
            "ARRAY_SIZE(ARRAY_CONSTRUCT(1, 2, 3))": 3,
            "ARRAY_SIZE(PARSE_JSON('{}'))": None,
            "ARRAY_CONTAINS('a' :: VARIANT, ARRAY_CONSTRUCT(1, 'a'))": True,
            "ARRAY_CONTAINS(9 :: VARIANT, ARRAY_CONSTRUCT(1, 'a'))": False,
            "ARRAY_POSITION('a' :: VARIANT, ARRAY_CONSTRUCT(1, 'a'))": 1,
            "ARRAY_APPEND(ARRAY_CONSTRUCT(1), 2)": "[1,2]",
            "ARRAY_PREPEND(ARRAY_CONSTRUCT(1), 2)": "[2,1]",
            "ARRAY_CAT(ARRAY_CONSTRUCT(1), ARRAY_CONSTRUCT(2))": "[1,2]",
            "ARRAY_DISTINCT(ARRAY_CONSTRUCT(1, 1))": "[1]",
            "ARRAY_SORT(ARRAY_CONSTRUCT('b', 'a b', NULL, 'a'))": '["a","a b","b",null]',
            "ARRAY_SORT(ARRAY_CONSTRUCT(10, 9, 1.5))": "[1.5,9,10]",
            "ARRAY_COMPACT(ARRAY_CONSTRUCT(1, NULL))": "[1]",
            "ARRAY_TO_STRING(ARRAY_CONSTRUCT(1, 'a', NULL), '-')": "1-a-",
            "ARRAY_SLICE(ARRAY_CONSTRUCT(1, 2, 3, 4), 1, 3)": "[2,3]",
            "ARRAY_FLATTEN(ARRAY_CONSTRUCT(ARRAY_CONSTRUCT(1), ARRAY_CONSTRUCT(2)))": "[1,2]",
            "SPLIT('a,b', ',')": '["a","b"]',
        },
    )


@pytest.mark.supports("FILTER, TRANSFORM and REDUCE: x -> x > 1, x INT -> x * 2, (acc, x) -> acc + x")
def test_functions_of_elements(connection):
    expected = {
        "FILTER([1, 2, 3], x -> x > 1)": "[2,3]",
        'FILTER(PARSE_JSON(\'[{"a":1},{"a":2}]\'), o -> o:a = 2)': '[{"a":2}]',
        "FILTER(['a', 'b'], s -> s = 'a')": '["a"]',
        "TRANSFORM([1, 2, 3], x INT -> x * 2)": "[2,4,6]",
        "TRANSFORM(['a'], s -> UPPER(s))": '["A"]',
        "REDUCE([1, 2, 3], 0, (acc, x) -> acc + x)": 6,
    }
    assert wrong_answers(connection, expected) == {}
    connection.cursor().execute("CREATE TABLE E AS SELECT [1, 2, 5] AS A, 3 AS LIMIT_")
    assert one(connection, "SELECT FILTER(A, x -> x < 4) FROM E") == "[1,2]"


@pytest.mark.supports("ARRAY_MAX, ARRAY_MIN, ARRAY_EXCEPT, ARRAYS_OVERLAP")
def test_arrays_beside_each_other(connection):
    expected = {
        "ARRAY_MAX([10, 9, 100])": "100",
        "ARRAY_MIN([10, 9, NULL])": "9",
        "ARRAY_EXCEPT([1, 2], [2])": "[1]",
        "ARRAYS_OVERLAP([1, 2], [2, 3])": True,
        "ARRAYS_OVERLAP([1], [2])": False,
    }
    assert wrong_answers(connection, expected) == {}


@pytest.mark.supports("ARRAY_AGG, also DISTINCT and WITHIN GROUP; an empty ARRAY where there are no rows")
def test_array_agg(connection):
    numbers = "FROM (SELECT COLUMN1 X FROM VALUES (1), (NULL), (3), (3), (2))"
    assert not wrong_answers(
        connection,
        {
            "ARRAY_AGG(X) WITHIN GROUP (ORDER BY X DESC)": "[3,3,2,1]",
            "ARRAY_AGG(DISTINCT X) WITHIN GROUP (ORDER BY X)": "[1,2,3]",
            "ARRAY_SIZE(ARRAY_AGG(OBJECT_CONSTRUCT('x', X)))": 5,
        },
        numbers,
    )
    assert one(connection, f"SELECT ARRAY_AGG(X) {numbers} WHERE X > 5") == "[]"


@pytest.mark.supports("LATERAL FLATTEN: KEY, PATH, INDEX, VALUE; OUTER, PATH, RECURSIVE, MODE; TABLE(FLATTEN(…))")
def test_flatten(documents):
    elements = "SELECT F.INDEX, F.VALUE FROM DOCUMENTS D, LATERAL FLATTEN(INPUT => D.V:a.b) F ORDER BY F.INDEX"
    assert rows(documents, elements) == [(0, "1"), (1, '"x"'), (2, "null"), (3, "1.5"), (4, "true")]
    keys = "SELECT F.KEY, F.PATH, F.INDEX FROM DOCUMENTS, LATERAL FLATTEN(V) F WHERE F.VALUE::STRING = 'Bob'"
    assert rows(documents, keys) == [("name", "name", None)]
    outer = "SELECT ID, VALUE FROM DOCUMENTS, LATERAL FLATTEN(INPUT => V:a.b, OUTER => TRUE) WHERE ID > 1 ORDER BY ID"
    assert rows(documents, outer) == [(2, None), (3, None)]
    deep = """SELECT F.PATH FROM TABLE(FLATTEN(PARSE_JSON('{"a":[1,{"b":2}]}'), RECURSIVE => TRUE)) F"""
    assert rows(documents, deep) == [("a",), ("a[0]",), ("a[1]",), ("a[1].b",)]
    path = """SELECT VALUE FROM TABLE(FLATTEN(INPUT => PARSE_JSON('{"a":[7]}'), PATH => 'a'))"""
    assert rows(documents, path) == [("7",)]
    mode = "SELECT VALUE FROM TABLE(FLATTEN(INPUT => PARSE_JSON('[1]'), MODE => 'OBJECT'))"
    assert rows(documents, mode) == []


@pytest.mark.supports("PARSE_JSON (NULL for empty text), TRY_PARSE_JSON, TO_JSON, TO_VARIANT")
def test_parsing(connection):
    assert not wrong_answers(
        connection,
        {
            "PARSE_JSON('[1, 2]')": "[1,2]",
            "PARSE_JSON('')": None,
            "TRY_PARSE_JSON('{bad')": None,
            "TO_JSON(TO_VARIANT('plain'))": '"plain"',
            "TO_VARIANT(1.5) :: VARCHAR": "1.5",
            "'abc' :: VARIANT": '"abc"',
            "5 :: VARIANT :: INT": 5,
        },
    )
    with pytest.raises(ProgrammingError) as raised:
        one(connection, "SELECT PARSE_JSON('{bad')")
    assert raised.value.errno == 100069


@pytest.mark.differs("the keys of an OBJECT keep the order they were written in; Snowflake sorts them")
def test_key_order(connection):
    assert one(connection, """SELECT PARSE_JSON('{"b":1,"a":2}')""") == '{"b":1,"a":2}'


@pytest.mark.differs("a VARIANT is returned as compact JSON; Snowflake indents it")
def test_variant_text(connection):
    assert one(connection, "SELECT OBJECT_CONSTRUCT('a', 1)") == '{"a":1}'


@pytest.mark.differs("a VARIANT column compared or joined with a text column must be cast (error 100069 that says so)")
def test_variant_column_against_text_column(documents):
    with pytest.raises(ProgrammingError, match="has to be cast") as raised:
        rows(documents, "SELECT * FROM DOCUMENTS D JOIN (SELECT 'plain' S) T ON D.V = T.S")
    assert raised.value.errno == 100069
    assert rows(documents, "SELECT ID FROM DOCUMENTS D JOIN (SELECT 'plain' S) T ON D.V::STRING = T.S") == [(2,)]
