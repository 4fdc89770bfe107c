"""CREATE, ALTER, DROP; SHOW, DESCRIBE and INFORMATION_SCHEMA tell of it."""

from __future__ import annotations

import pytest
from snowflake.connector import DictCursor
from snowflake.connector.errors import ProgrammingError

from tests.embedded.answers import one, rows


def described(connection, table):
    return [(row[0], row[1], row[3]) for row in rows(connection, f"DESCRIBE TABLE {table}")]


@pytest.mark.supports(
    "CREATE TABLE with every type, NOT NULL, DEFAULT, PRIMARY KEY (as NOT NULL), COMMENT; DESCRIBE TABLE"
)
def test_create_and_describe(connection):
    connection.cursor().execute(
        """CREATE TABLE T (A INT NOT NULL, B VARCHAR(3), C NUMBER(10, 2), D FLOAT, E BOOLEAN, F DATE, G TIME,
        H TIMESTAMP_NTZ, I TIMESTAMP_TZ, J BINARY, K VARIANT, L VARCHAR DEFAULT 'x', M ARRAY, N OBJECT,
        O TIMESTAMP_LTZ, PRIMARY KEY (C)) COMMENT = 'it''s'"""
    )
    assert described(connection, "T") == [
        ("A", "NUMBER(38,0)", "N"),
        ("B", "VARCHAR(3)", "Y"),
        ("C", "NUMBER(10,2)", "N"),
        ("D", "FLOAT", "Y"),
        ("E", "BOOLEAN", "Y"),
        ("F", "DATE", "Y"),
        ("G", "TIME(9)", "Y"),
        ("H", "TIMESTAMP_NTZ(9)", "Y"),
        ("I", "TIMESTAMP_TZ(9)", "Y"),
        ("J", "BINARY(8388608)", "Y"),
        ("K", "VARIANT", "Y"),
        ("L", "VARCHAR(16777216)", "Y"),
        ("M", "ARRAY", "Y"),
        ("N", "OBJECT", "Y"),
        ("O", "TIMESTAMP_LTZ(9)", "Y"),
    ]
    assert one(connection, "SELECT COMMENT FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_NAME = 'T'") == "it's"


@pytest.mark.supports(
    "CREATE OR REPLACE TABLE … AS SELECT, atomic, also from the table it replaces; CLONE, LIKE, IF NOT EXISTS"
)
def test_replace_and_clone(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T (A INT NOT NULL, B VARCHAR(3))")
    cursor.execute("INSERT INTO T VALUES (1, 'abc')")
    cursor.execute("CREATE OR REPLACE TABLE T (A INT NOT NULL, B VARCHAR(4)) AS SELECT A + 1, B || 'd' FROM T")
    assert rows(connection, "SELECT * FROM T") == [(2, "abcd")]
    with pytest.raises(ProgrammingError) as raised:
        cursor.execute("CREATE OR REPLACE TABLE T (A INT NOT NULL, B VARCHAR(4)) AS SELECT A, B || 'e' FROM T")
    assert raised.value.errno == 100078
    assert rows(connection, "SELECT * FROM T") == [(2, "abcd")]
    cursor.execute("CREATE TABLE C CLONE T")
    cursor.execute("CREATE TABLE L LIKE T")
    assert (one(connection, "SELECT COUNT(*) FROM C"), one(connection, "SELECT COUNT(*) FROM L")) == (1, 0)
    assert "already exists" in one(connection, "CREATE TABLE IF NOT EXISTS T (Z INT)")


@pytest.mark.supports("ALTER TABLE: ADD, DROP, RENAME COLUMN, SET / DROP NOT NULL, RENAME TO, SWAP WITH; COMMENT ON")
def test_alter(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T (A INT)")
    cursor.execute("ALTER TABLE T ADD COLUMN B VARCHAR, C INT NOT NULL")
    cursor.execute("ALTER TABLE T RENAME COLUMN B TO BB")
    cursor.execute("ALTER TABLE T ALTER COLUMN C DROP NOT NULL")
    cursor.execute("ALTER TABLE T DROP COLUMN A")
    assert described(connection, "T") == [("BB", "VARCHAR(16777216)", "Y"), ("C", "NUMBER(38,0)", "Y")]
    cursor.execute("COMMENT ON COLUMN T.C IS 'count'")
    assert [row[9] for row in rows(connection, "DESCRIBE TABLE T")] == [None, "count"]
    cursor.execute("CREATE TABLE U (Z INT)")
    cursor.execute("ALTER TABLE T SWAP WITH U")
    assert described(connection, "T") == [("Z", "NUMBER(38,0)", "Y")]
    cursor.execute("ALTER TABLE T RENAME TO V")
    assert described(connection, "V") == [("Z", "NUMBER(38,0)", "Y")]


@pytest.mark.supports("AUTOINCREMENT and IDENTITY columns, sequences with NEXTVAL")
def test_numbered_columns(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T (ID INT AUTOINCREMENT, TENS INT IDENTITY (10, 5), NAME VARCHAR)")
    cursor.execute("INSERT INTO T (NAME) VALUES ('a'), ('b')")
    assert rows(connection, "SELECT ID, TENS FROM T ORDER BY ID") == [(1, 10), (2, 15)]
    cursor.execute("CREATE OR REPLACE TABLE T (ID INT AUTOINCREMENT, NAME VARCHAR)")
    cursor.execute("CREATE SEQUENCE S")
    assert one(connection, "SELECT S.NEXTVAL") == 1
    assert [row[0] for row in rows(connection, "SHOW SEQUENCES")] == ["S"]


@pytest.mark.supports(
    "DEFAULT SEQ.NEXTVAL, also with full names: SQLAlchemy's Sequence; CREATE SEQUENCE START, INCREMENT"
)
def test_sequences(connection, database):
    cursor = connection.cursor()
    cursor.execute('CREATE TABLE "lower" (A INT)')
    cursor.execute(f"CREATE SEQUENCE {database}.PUBLIC.TENS START WITH 10 INCREMENT BY 10 ORDER")
    cursor.execute("CREATE TABLE T (ID INT DEFAULT TENS.NEXTVAL NOT NULL, NAME VARCHAR)")
    cursor.execute("INSERT INTO T (NAME) VALUES ('a'), ('b')")
    cursor.execute(f"INSERT INTO T SELECT {database}.PUBLIC.TENS.NEXTVAL, 'c'")
    assert rows(connection, "SELECT ID FROM T ORDER BY ID") == [(10,), (20,), (30,)]
    assert rows(connection, "SELECT TENS.NEXTVAL AS N, TENS.NEXTVAL") != []
    cursor.execute("CREATE SEQUENCE U")
    cursor.execute("DROP SEQUENCE U")


@pytest.mark.supports("SET, UNSET and $NAME: the value is computed once; texts that hold a $ stay as they are")
def test_variables(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T AS SELECT 5 A")
    cursor.execute("SET (TOP, NAME, AB) = ((SELECT MAX(A) FROM T), 'it''s', 1)")
    cursor.execute("SET A = 2")
    cursor.execute("INSERT INTO T VALUES (9)")
    assert rows(connection, "SELECT $TOP, $name, $AB, $A, '$TOP', 'cost $100'") == [
        (5, "it's", 1, 2, "$TOP", "cost $100")
    ]
    cursor.execute("UNSET (TOP, A)")
    with pytest.raises(ProgrammingError, match="TOP"):
        cursor.execute("SELECT $TOP")


@pytest.mark.supports("ALTER TABLE … ALTER a COMMENT …, b COMMENT … in one statement, as dbt's persist_docs sends it")
def test_comments_of_several_columns(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T (A INT, B INT)")
    cursor.execute("""ALTER TABLE T ALTER "A" COMMENT $$x's$$, "B" COMMENT $$y$$""")
    assert [row[9] for row in rows(connection, "DESCRIBE TABLE T")] == ["x's", "y"]
    cursor.execute("ALTER TABLE T MODIFY (COLUMN A COMMENT 'p', COLUMN B COMMENT 'q')")
    assert [row[9] for row in rows(connection, "DESCRIBE TABLE T")] == ["p", "q"]


@pytest.mark.supports("a session without a database: full names work, others are an error (090105)")
def test_no_database(connection, database):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T AS SELECT 1 A")
    cursor.execute(f"CREATE DATABASE {database}_GONE")
    cursor.execute(f"DROP DATABASE {database}_GONE")
    assert one(connection, f"SELECT A FROM {database}.PUBLIC.T") == 1
    for statement in ("SELECT * FROM T", "CREATE TABLE U (A INT)", "WITH C AS (SELECT * FROM T) SELECT * FROM C"):
        with pytest.raises(ProgrammingError) as raised:
            cursor.execute(statement)
        assert raised.value.errno == 90105
    assert rows(connection, "WITH C AS (SELECT 1 A) SELECT A FROM C") == [(1,)]


@pytest.mark.supports(
    "DROP SCHEMA: the load history and the stages of its tables go with it; SHOW STAGES, USERS, WAREHOUSES"
)
def test_dropped_schemas(connection, database):
    cursor = connection.cursor()
    cursor.execute("CREATE SCHEMA OTHER")
    cursor.execute("CREATE STAGE LANDING")
    assert [row[1] for row in rows(connection, "SHOW STAGES IN SCHEMA OTHER")] == ["LANDING"]
    cursor.execute("DROP SCHEMA OTHER")
    assert rows(connection, f"SHOW STAGES IN DATABASE {database}") == []
    assert "already dropped" in one(connection, "DROP SCHEMA IF EXISTS OTHER")


@pytest.mark.supports("SHOW TABLES / OBJECTS / SCHEMAS / DATABASES / COLUMNS with LIKE, IN, STARTS WITH, LIMIT")
def test_show(connection, database):
    cursor = connection.cursor(DictCursor)
    cursor.execute("CREATE TABLE FIRST_T (A INT NOT NULL)")
    cursor.execute("INSERT INTO FIRST_T VALUES (1), (2)")
    cursor.execute("DELETE FROM FIRST_T WHERE A = 1")
    cursor.execute("CREATE TEMPORARY TABLE SECOND_T (B VARCHAR)")
    shown = cursor.execute(f"SHOW TABLES IN SCHEMA {database}.PUBLIC").fetchall()
    assert [(row["name"], row["kind"], row["rows"]) for row in shown] == [
        ("FIRST_T", "TABLE", 1),
        ("SECOND_T", "TEMPORARY", 0),
    ]
    assert len(cursor.execute("SHOW TABLES LIKE 'first%'").fetchall()) == 1
    assert len(cursor.execute("SHOW TERSE OBJECTS STARTS WITH 'SEC' LIMIT 1").fetchall()) == 1
    assert {row["name"] for row in cursor.execute("SHOW SCHEMAS").fetchall()} == {"PUBLIC", "INFORMATION_SCHEMA"}
    assert database in {row["name"] for row in cursor.execute("SHOW DATABASES").fetchall()}
    columns = cursor.execute("SHOW COLUMNS IN TABLE FIRST_T").fetchall()
    assert [(row["column_name"], row["null?"]) for row in columns] == [("A", "false")]


@pytest.mark.supports("INFORMATION_SCHEMA: TABLES with exact ROW_COUNT, COLUMNS, VIEWS, SCHEMATA, DATABASES")
def test_information_schema(connection, database):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T (A INT NOT NULL, B VARCHAR(3), C NUMBER(10, 2))")
    cursor.execute("INSERT INTO T VALUES (1, 'a', 1)")
    tables = "SELECT TABLE_NAME, TABLE_TYPE, ROW_COUNT FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'PUBLIC'"
    assert rows(connection, tables) == [("T", "BASE TABLE", 1)]
    columns = f"""SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE
        FROM {database}.INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'T' ORDER BY ORDINAL_POSITION"""
    assert rows(connection, columns) == [
        ("A", "NUMBER", "NO", None, 38, 0),
        ("B", "TEXT", "YES", 3, None, None),
        ("C", "NUMBER", "YES", None, 10, 2),
    ]
    assert (database,) in rows(connection, "SELECT DATABASE_NAME FROM INFORMATION_SCHEMA.DATABASES")


@pytest.mark.supports("USE SCHEMA / DATABASE / ROLE / WAREHOUSE, ALTER SESSION SET and UNSET, SHOW PARAMETERS")
def test_session_statements(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE SCHEMA OTHER")
    cursor.execute("USE SCHEMA OTHER")
    cursor.execute("USE ROLE ANYONE")
    cursor.execute("ALTER SESSION SET QUERY_TAG = 'x'")
    assert one(connection, "SELECT CURRENT_SCHEMA()") == "OTHER"
    assert rows(connection, "SHOW PARAMETERS LIKE 'QUERY_TAG'")[0][1] == "x"


@pytest.mark.supports(
    "GET_DDL of tables and views, full names too: as Snowflake prints it, and it makes the same again"
)
def test_get_ddl(connection, database):
    cursor = connection.cursor()
    cursor.execute(
        """CREATE TABLE T (A INT NOT NULL COMMENT 'it''s', "b c" VARCHAR(3), C NUMBER(10, 2) DEFAULT 1, D TIMESTAMP_TZ)
        COMMENT = 'all'"""
    )
    cursor.execute("CREATE VIEW V (X, Y) COMMENT = 'seen' AS SELECT A, MAX(C) -- of all\n FROM T GROUP BY A")
    cursor.execute("CREATE TEMPORARY TABLE P (A VARIANT)")
    table = "\tA NUMBER(38,0) NOT NULL COMMENT 'it''s',\n\t\"b c\" VARCHAR(3),\n\tC NUMBER(10,2) DEFAULT 1"
    table = f"create or replace TABLE {{}} (\n{table},\n\tD TIMESTAMP_TZ(9)\n)COMMENT='all'\n;"
    view = "create or replace view V(\n\tX,\n\tY\n) COMMENT='seen'\nas SELECT A, MAX(C) -- of all\n FROM T GROUP BY A;"
    assert one(connection, "SELECT GET_DDL('table', 't')") == table.format("T")
    assert one(connection, "SELECT GET_DDL('TABLE', 'T', TRUE)") == table.format(f"{database}.PUBLIC.T")
    assert one(connection, f"SELECT GET_DDL('TABLE', '{database}.PUBLIC.V')") == view
    assert one(connection, "SELECT GET_DDL('VIEW', 'P')") == "create or replace TEMPORARY TABLE P (\n\tA VARIANT\n);"
    for name, made in (("T", table.format("T")), ("V", view)):
        cursor.execute(made)
        assert one(connection, f"SELECT GET_DDL('TABLE', '{name}')") == made
    for wrong, told in (("'TABLE', 'nowhere'", "does not exist"), ("'TABLE', UPPER('t')", "no constant")):
        with pytest.raises(ProgrammingError, match=told):
            cursor.execute(f"SELECT GET_DDL({wrong})")


@pytest.mark.differs("every session is in UTC: a session parameter that would change results is refused")
def test_session_parameters_that_are_refused(connection):
    with pytest.raises(ProgrammingError, match="TIMEZONE"):
        connection.cursor().execute("ALTER SESSION SET TIMEZONE = 'America/New_York'")


@pytest.mark.differs("primary, unique and foreign keys are not kept (Snowflake keeps and does not enforce them)")
def test_keys(connection):
    connection.cursor().execute("CREATE TABLE T (A INT PRIMARY KEY, B INT UNIQUE)")
    connection.cursor().execute("INSERT INTO T VALUES (1, 1), (1, 1)")
    assert rows(connection, "SHOW PRIMARY KEYS IN SCHEMA") == []


@pytest.mark.differs("ALTER TABLE ADD COLUMN of a VARCHAR with a length is refused")
def test_added_length(connection):
    connection.cursor().execute("CREATE TABLE T (A INT)")
    with pytest.raises(ProgrammingError, match="ADD COLUMN"):
        connection.cursor().execute("ALTER TABLE T ADD COLUMN B VARCHAR(3)")


@pytest.mark.supports("CREATE DATABASE makes the schema PUBLIC and uses it; full names work from anywhere")
def test_databases(connection, database):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T AS SELECT 1 A")
    cursor.execute(f"CREATE DATABASE {database}_2")
    try:
        context = rows(connection, "SELECT CURRENT_DATABASE(), CURRENT_SCHEMA()")
        assert context == [(f"{database}_2", "PUBLIC")]
        cursor.execute(f"CREATE VIEW V AS SELECT A + 1 B FROM {database}.PUBLIC.T")
        cursor.execute(f"USE DATABASE {database}")
        assert rows(connection, f"SELECT A, B FROM T CROSS JOIN {database}_2.PUBLIC.V") == [(1, 2)]
    finally:
        cursor.execute(f"DROP DATABASE {database}_2")
