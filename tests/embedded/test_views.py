"""Views: what they read, the columns they keep, their text."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.embedded.answers import one, rows


@pytest.mark.supports("views: CREATE (OR REPLACE) VIEW with column names, DESC VIEW, SHOW VIEWS, DROP VIEW IF EXISTS")
def test_views(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T (A INT)")
    cursor.execute("CREATE VIEW V (B) AS SELECT A FROM T")
    cursor.execute("CREATE OR REPLACE VIEW V (C) COMMENT = 'c' AS SELECT A * 2 FROM T")
    assert [row[0] for row in rows(connection, "DESC VIEW V")] == ["C"]
    assert [row[1] for row in rows(connection, "SHOW VIEWS")] == ["V"]
    cursor.execute("DROP VIEW IF EXISTS V")
    assert "already dropped" in one(connection, "DROP VIEW IF EXISTS V")


@pytest.mark.supports(
    "views: names of their own schema, comments of columns, what they read may change; not of themselves"
)
def test_what_views_read(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T AS SELECT 1 A")
    cursor.execute("CREATE SECURE VIEW V (B COMMENT 'the b') COPY GRANTS COMMENT = 'v' AS SELECT A FROM T")
    assert [row[9] for row in rows(connection, "DESC VIEW V")] == ["the b"]
    cursor.execute("CREATE SCHEMA OTHER")
    cursor.execute("CREATE TABLE T AS SELECT 2 Z")
    assert rows(connection, "SELECT * FROM PUBLIC.V") == [(1,)]
    cursor.execute("USE SCHEMA PUBLIC")
    cursor.execute("CREATE OR REPLACE TABLE T AS SELECT 3 A, 4 C")
    assert rows(connection, "SELECT * FROM V") == [(3,)]
    cursor.execute("DROP TABLE T")
    for statement, code in (
        ("SELECT * FROM V", 2003),
        ("CREATE OR REPLACE VIEW V AS SELECT * FROM V", 2014),
        ("CREATE OR REPLACE TABLE V (A INT)", 2203),
        ("DROP TABLE V", 2203),
        ("INSERT INTO V VALUES (1)", 2203),
        ("CREATE VIEW W AS SELECT * FROM MISSING", 2003),
    ):
        with pytest.raises(ProgrammingError) as raised:
            cursor.execute(statement)
        assert raised.value.errno == code, statement
    cursor.execute("CREATE OR REPLACE VIEW V AS SELECT 5 A")
    cursor.execute("ALTER VIEW V RENAME TO W")
    assert rows(connection, "SELECT A FROM W") == [(5,)]


@pytest.mark.supports("views of SELECT *: an error (002057) once what they read has more or fewer columns")
def test_views_keep_their_columns(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T AS SELECT 1 A")
    cursor.execute("CREATE VIEW STARRED AS SELECT * FROM T")
    cursor.execute("CREATE VIEW OVER_IT AS (SELECT * FROM STARRED)")
    cursor.execute("CREATE TEMPORARY VIEW MINE AS SELECT T.*, 2 AS B FROM T")
    cursor.execute("CREATE VIEW NAMED AS SELECT A FROM T")
    cursor.execute("ALTER TABLE T ADD COLUMN Z INT")
    for view in ("STARRED", "OVER_IT", "MINE"):
        with pytest.raises(ProgrammingError, match="but view query produces") as raised:
            cursor.execute(f"SELECT A FROM {view}")
        assert raised.value.errno == 2057, view
    assert rows(connection, "SELECT * FROM NAMED") == [(1,)]
    assert rows(connection, "DESCRIBE TABLE IDENTIFIER('named')") == rows(connection, "DESC VIEW NAMED")
    assert [row[0] for row in rows(connection, "DESC VIEW STARRED")] == ["A"]
    cursor.execute("ALTER TABLE T DROP COLUMN Z")
    assert rows(connection, "SELECT * FROM OVER_IT") == [(1,)]
    cursor.execute("CREATE OR REPLACE TABLE T AS SELECT 1 A, 2 B")
    cursor.execute("CREATE OR REPLACE VIEW STARRED AS SELECT * FROM T")
    cursor.execute("ALTER TABLE T DROP COLUMN A")
    with pytest.raises(ProgrammingError, match=r"declared 2 column\(s\), but view query produces 1"):
        cursor.execute("SELECT B FROM STARRED")
    with pytest.raises(ProgrammingError, match="Invalid column definition list"):
        cursor.execute("CREATE VIEW LISTED (A, B, C) AS SELECT * FROM T")


@pytest.mark.supports("a view's text as it was sent: SHOW VIEWS, INFORMATION_SCHEMA.VIEWS")
def test_texts_of_views(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T AS SELECT 1 A")
    texts = {
        "S": """CREATE OR REPLACE VIEW s AS
            SELECT * FROM t -- it's "all" of it""",
        "C": "create view c (x) comment = 'y' as with w as (select a from t) select a::text from w union select '''1'",
        "P": "CREATE VIEW p AS (SELECT TO_VARCHAR(a) AS n FROM t)",
    }
    for text in texts.values():
        cursor.execute(f" {text};")
    shown = cursor.execute("SHOW VIEWS").fetchall()
    assert {row[1]: row[7] for row in shown} == texts
    assert dict(rows(connection, "SELECT table_name, view_definition FROM INFORMATION_SCHEMA.VIEWS")) == texts
    assert rows(connection, "SELECT x FROM c ORDER BY 1") == [("'1",), ("1",)]
