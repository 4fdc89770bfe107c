"""Unmodified clients: connector, Snowpark, SQLAlchemy, Great Expectations, pandas."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, 678901)
ROW = [1, 1.5, "it's \\ \n ünï 🎮", True, NOW.date(), NOW.time(), NOW, b"\x00ab", Decimal("1.25"), None]
TABLE = """
    CREATE TABLE every (i INT, f FLOAT, s VARCHAR, b BOOLEAN, d DATE, t TIME, ts TIMESTAMP_NTZ, bin BINARY,
    de NUMBER(10, 2), nothing VARCHAR)
"""
ONE_MILLION = """
    CREATE TABLE million AS SELECT SEQ4() AS n, MD5(n::VARCHAR) AS text, n / 3 AS ratio,
    '2026-01-01'::TIMESTAMP_NTZ AS stamp FROM TABLE(GENERATOR(ROWCOUNT => 1000000))
"""


@pytest.mark.supports("bound values of every type, one row and many, qmark and pyformat")
@pytest.mark.parametrize(("paramstyle", "mark"), [("qmark", "?"), ("pyformat", "%s")])
def test_bound_values_come_back_as_they_were(connection_parameters: dict[str, Any], paramstyle: str, mark: str) -> None:
    import snowflake.connector

    insert = f"INSERT INTO every VALUES ({', '.join([mark] * len(ROW))})"
    with snowflake.connector.connect(**connection_parameters, paramstyle=paramstyle) as connection:
        cursor = connection.cursor()
        cursor.execute(TABLE)
        cursor.execute(insert, ROW)
        assert cursor.rowcount == 1
        cursor.executemany(insert, [ROW, [None] * len(ROW)])
        assert cursor.rowcount == 2
        rows = cursor.execute("SELECT * FROM every ORDER BY i NULLS LAST").fetchall()
    assert rows == [tuple(ROW), tuple(ROW), (None,) * len(ROW)]


@pytest.mark.supports("executemany of 100,000 rows, qmark and pyformat")
@pytest.mark.parametrize(("paramstyle", "mark"), [("qmark", "?"), ("pyformat", "%s")])
def test_many_rows_are_inserted_at_once(connection_parameters: dict[str, Any], paramstyle: str, mark: str) -> None:
    import snowflake.connector

    rows = [(number, f"it's row {number}", NOW) for number in range(100_000)]
    with snowflake.connector.connect(**connection_parameters, paramstyle=paramstyle) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE many (n INT, s VARCHAR, stamp TIMESTAMP_NTZ)")
        cursor.executemany(f"INSERT INTO many (n, s, stamp) VALUES ({mark}, {mark}, {mark})", rows)
        assert cursor.rowcount == 100_000
        last = cursor.execute("SELECT COUNT(*), MAX(n), MAX(s), MIN(stamp) FROM many").fetchone()
    assert last == (100_000, 99_999, "it's row 99999", NOW)


@pytest.mark.supports("create_dataframe of 100,000 rows")
def test_a_large_frame_is_created(session: Session) -> None:
    rows = [(number, f"row {number}", NOW, None) for number in range(100_000)]
    frame = session.create_dataframe(rows, schema=["n", "s", "at", "nothing"])
    assert frame.count() == 100_000
    assert [tuple(row) for row in frame.sort("n").limit(1).collect()] == [rows[0]]


@pytest.mark.supports("executemany of INSERT … SELECT with expressions over the bound values, and of UPDATE")
def test_bound_rows_go_through_expressions(connection_parameters: dict[str, Any]) -> None:
    import snowflake.connector

    with snowflake.connector.connect(**connection_parameters, paramstyle="qmark") as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TABLE parsed (id INT, doc VARIANT)")
        cursor.executemany("INSERT INTO parsed SELECT ?, PARSE_JSON(?)", [(1, '{"a": 1}'), (2, '{"a": 2}')])
        assert cursor.rowcount == 2
        cursor.executemany("INSERT INTO parsed SELECT id + ?, doc FROM parsed WHERE id = ?", [(10, 1), (20, 2)])
        assert cursor.rowcount == 2
        cursor.executemany("UPDATE parsed SET id = id + 100 WHERE id = ?", [(1,), (2,)])
        cursor.executemany("INSERT INTO parsed (doc, id) SELECT PARSE_JSON(?), ?", [('{"a": 3}', 3), ('{"a": 4}', 4)])
        rows = cursor.execute("SELECT id, doc:a::INT FROM parsed ORDER BY id").fetchall()
    assert rows == [(3, 3), (4, 4), (11, 1), (22, 2), (101, 1), (102, 2)]


@pytest.fixture
def million(session: Session) -> Session:
    """A session on a database with a table of 1,000,000 rows."""
    session.sql(ONE_MILLION).collect()
    return session


@pytest.mark.supports("results of 1,000,000 rows: to_pandas, to_pandas_batches, to_local_iterator, fetchall")
def test_large_results_arrive_whole(million: Session) -> None:
    frame = million.table("million").to_pandas()
    assert (len(frame), frame["N"].sum(), frame["N"].nunique()) == (1_000_000, 499_999_500_000, 1_000_000)
    sizes = [len(batch) for batch in million.table("million").to_pandas_batches()]
    assert sum(sizes) == 1_000_000
    assert len(sizes) > 1
    assert sum(row["N"] for row in million.table("million").select("n").to_local_iterator()) == 499_999_500_000


@pytest.mark.supports("write_pandas into an existing table")
def test_write_pandas(connection: SnowflakeConnection) -> None:
    import pandas as pd
    from snowflake.connector.pandas_tools import write_pandas

    connection.cursor().execute("CREATE TABLE written (id INT, name VARCHAR, stamp TIMESTAMP_NTZ)")
    frame = pd.DataFrame({"ID": [1, 2], "NAME": ["a", None], "STAMP": [pd.Timestamp(NOW), pd.NaT]})
    succeeded, _, count, _ = write_pandas(connection, frame, "WRITTEN", use_logical_type=True)
    assert (succeeded, count) == (True, 2)
    rows = connection.cursor().execute("SELECT * FROM written ORDER BY id").fetchall()
    assert rows == [(1, "a", NOW), (2, None, None)]


@pytest.mark.supports("snowflake-sqlalchemy: engine, reflection, ORM-style insert and select")
def test_sqlalchemy(connection_parameters: dict[str, Any]) -> None:
    import sqlalchemy as sa
    from snowflake.sqlalchemy import URL

    known = {name: connection_parameters[name] for name in ("account", "user", "password", "database", "schema")}
    others = {name: connection_parameters[name] for name in ("host", "port", "protocol")}
    engine = sa.create_engine(URL(**known), connect_args=others)
    table = sa.Table(
        "people", sa.MetaData(), sa.Column("id", sa.Integer, nullable=False), sa.Column("name", sa.String(20))
    )
    table.create(engine)
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}])
    with engine.connect() as connection:
        assert connection.execute(sa.select(table).order_by(table.c.id)).all() == [(1, "Ada"), (2, None)]
    inspector = sa.inspect(engine)
    assert inspector.get_table_names() == ["people"]
    columns = {column["name"]: column for column in inspector.get_columns("people")}
    assert list(columns) == ["id", "name"]
    assert isinstance(columns["name"]["type"], sa.String)
    assert not columns["id"]["nullable"]
    reflected = sa.Table("people", sa.MetaData(), autoload_with=engine)
    assert [column.name for column in reflected.columns] == ["id", "name"]
    engine.dispose()


@pytest.mark.supports(
    "snowflake-sqlalchemy: create_all with a Sequence as default, ORM session, merge of objects, drop_all"
)
def test_sqlalchemy_sequences(connection_parameters: dict[str, Any]) -> None:
    import sqlalchemy as sa
    from snowflake.sqlalchemy import URL
    from sqlalchemy import orm

    names = ("account", "user", "password", "database", "schema")
    url = URL(**{name: connection_parameters[name] for name in names})
    rest = {name: connection_parameters[name] for name in ("host", "port", "protocol")}
    engine = sa.create_engine(url, connect_args=rest)
    base = orm.declarative_base()

    class Viewer(base):  # type: ignore[valid-type, misc]
        __tablename__ = "viewers"
        id = sa.Column(sa.Integer, sa.Sequence("viewer_ids", start=10), primary_key=True)
        name = sa.Column(sa.String(20), nullable=False)

    base.metadata.create_all(engine)
    base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all([Viewer(name="ada"), Viewer(name="bob")])
        session.commit()
        session.merge(Viewer(id=10, name="eve"))
        session.commit()
        found = session.scalars(sa.select(Viewer).order_by(Viewer.id)).all()
        assert [(viewer.id, viewer.name) for viewer in found] == [(10, "eve"), (11, "bob")]
    assert {column["name"] for column in sa.inspect(engine).get_columns("viewers")} == {"id", "name"}
    base.metadata.drop_all(engine)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


@pytest.mark.supports("Great Expectations: the Snowflake data source, SQL pushed down")
def test_great_expectations(connection_parameters: dict[str, Any], session: Session, tmp_path: Path) -> None:
    import great_expectations as gx

    session.sql("CREATE TABLE checked AS SELECT 1 AS id, 'a' AS name UNION ALL SELECT 2, NULL").collect()
    context = gx.get_context(mode="file", project_root_dir=tmp_path)
    names = ("account", "user", "password", "database", "schema", "warehouse", "role")
    others = {name: connection_parameters[name] for name in ("host", "port", "protocol")}
    source = context.data_sources.add_snowflake(
        "embedded", **{name: connection_parameters[name] for name in names}, kwargs={"connect_args": others}
    )
    batch = source.add_table_asset("checked", table_name="checked").add_batch_definition_whole_table("all").get_batch()
    assert batch.validate(gx.expectations.ExpectColumnValuesToBeUnique(column="id")).success
    found = batch.validate(gx.expectations.ExpectColumnValuesToNotBeNull(column="name"))
    assert not found.success
    assert found.result["unexpected_count"] == 1


@pytest.mark.supports("a session that is over says so at once")
def test_a_closed_session_is_refused(connection: SnowflakeConnection, connection_parameters: dict[str, Any]) -> None:
    import snowflake.connector

    other = snowflake.connector.connect(**connection_parameters)
    rest = other.rest
    assert rest is not None
    rest.delete_session()
    began = time.monotonic()
    with pytest.raises(snowflake.connector.errors.Error):
        other.cursor().execute("SELECT 1")
    assert time.monotonic() - began < 5
