"""Staged files read as tables: SELECT from a stage, session.read, INFER_SCHEMA."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.embedded.files import put, run, write_ndjson, write_text

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection
    from snowflake.snowpark import Session

RECORDS = [{"id": 1, "name": "ünï", "tags": ["a"]}, {"id": 2, "name": None, "at": {"b": [5]}}]


@pytest.fixture
def stage(session: Session, tmp_path: Path) -> str:
    session.sql("CREATE STAGE S").collect()
    session.sql("CREATE FILE FORMAT J TYPE = JSON").collect()
    session.file.put(str(write_ndjson(tmp_path / "a.json.gz", RECORDS)), "@S/json", auto_compress=False)
    path = write_text(tmp_path / "a.csv", 'id,name,day\n1,"x, y",2026-01-01\n2,,2026-01-02\n')
    session.file.put(str(path), "@S/csv", auto_compress=False)
    return "@S"


@pytest.mark.supports(
    "SELECT $1:path, METADATA$… FROM @stage (FILE_FORMAT => …, PATTERN => …) with alias, in joins, CTEs, CTAS"
)
def test_a_stage_is_read_like_a_table(session: Session, stage: str) -> None:
    source = f"{stage}/json (FILE_FORMAT => 'J', PATTERN => '.*json[.]gz')"
    rows = session.sql(
        f"SELECT t.$1:id::INT AS id, $1:name::VARCHAR AS name, METADATA$FILENAME AS f, METADATA$FILE_ROW_NUMBER AS n "
        f"FROM {source} t ORDER BY id"
    ).collect()
    assert [tuple(row) for row in rows] == [(1, "ünï", "json/a.json.gz", 1), (2, None, "json/a.json.gz", 2)]
    session.sql(f"CREATE TABLE T AS SELECT $1:id::INT AS id, $1 AS record FROM {source}").collect()
    joined = f"WITH s AS (SELECT $1:id::INT AS id FROM {source}) SELECT COUNT(*) FROM s JOIN T ON s.id = T.id"
    assert session.sql(joined).collect()[0][0] == 2
    keys = f"SELECT METADATA$FILE_CONTENT_KEY, METADATA$FILE_LAST_MODIFIED, METADATA$START_SCAN_TIME FROM {source}"
    assert all(value is not None for value in session.sql(keys).collect()[0])


@pytest.mark.supports("SELECT $1, $2, … of CSV; columns that a row does not have are NULL")
def test_csv_columns_have_numbers(session: Session, stage: str) -> None:
    session.sql("CREATE FILE FORMAT C TYPE = CSV SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '\"'").collect()
    rows = session.sql(f"SELECT $1::INT, $2, $9 FROM {stage}/csv (FILE_FORMAT => 'C') ORDER BY 1").collect()
    assert [tuple(row) for row in rows] == [(1, "x, y", None), (2, None, None)]


@pytest.mark.supports("session.read.json, also with INFER_SCHEMA and metadata columns")
def test_snowpark_reads_json(session: Session, stage: str) -> None:
    from snowflake.snowpark.functions import col
    from snowflake.snowpark.types import IntegerType

    frame = session.read.option("INFER_SCHEMA", False).json(f"{stage}/json")
    assert sorted(row[0] for row in frame.select(col("$1")["id"].cast(IntegerType())).collect()) == [1, 2]
    inferred = session.read.option("INFER_SCHEMA", True).json(f"{stage}/json").collect()
    assert [(row["id"], row["name"]) for row in inferred] == [(1, "ünï"), (2, None)]
    with_metadata = session.read.with_metadata("METADATA$FILENAME").json(f"{stage}/json").collect()
    assert {row[0] for row in with_metadata} == {"json/a.json.gz"}


@pytest.mark.supports("session.read.csv with a schema, with options, with INFER_SCHEMA and PARSE_HEADER")
def test_snowpark_reads_csv(session: Session, stage: str) -> None:
    from snowflake.snowpark.types import DateType, IntegerType, StringType, StructField, StructType

    fields = [StructField("ID", IntegerType()), StructField("NAME", StringType()), StructField("DAY", DateType())]
    reader = session.read.schema(StructType(fields)).options(
        {"skip_header": 1, "field_optionally_enclosed_by": '"', "pattern": ".*[.]csv"}
    )
    expected = [(1, "x, y", datetime.date(2026, 1, 1)), (2, None, datetime.date(2026, 1, 2))]
    assert [tuple(row) for row in reader.csv(f"{stage}/csv").sort("ID").collect()] == expected
    options = {"PARSE_HEADER": True, "INFER_SCHEMA": True, "field_optionally_enclosed_by": '"'}
    assert [tuple(row) for row in session.read.options(options).csv(f"{stage}/csv").collect()] == expected


@pytest.mark.supports("session.read.parquet; its columns keep their types")
@pytest.mark.differs("Parquet: logical types are always used, as USE_LOGICAL_TYPE = TRUE does")
def test_snowpark_reads_parquet(session: Session, stage: str, tmp_path: Path) -> None:
    import pandas as pd

    moment = datetime.datetime(2026, 1, 1, 0, 0, 0, 1)
    pd.DataFrame({"ID": [1, 2], "AT": [moment, None], "F": [1.5, None]}).to_parquet(tmp_path / "p.parquet")
    session.file.put(str(tmp_path / "p.parquet"), f"{stage}/p", auto_compress=False)
    rows = session.read.parquet(f"{stage}/p").sort("ID").collect()
    assert [tuple(row) for row in rows] == [(1, moment, 1.5), (2, None, None)]
    assert session.read.option("pattern", ".*parquet").parquet(f"{stage}/p").count() == 2


@pytest.mark.supports("DataFrame.copy_into_table with transformations, options, and validation")
def test_snowpark_copies_into_a_table(session: Session, stage: str) -> None:
    from snowflake.snowpark.functions import col, sql_expr
    from snowflake.snowpark.types import IntegerType

    session.sql("CREATE TABLE T (ID INT, FILE VARCHAR)").collect()
    frame = session.read.option("INFER_SCHEMA", False).json(f"{stage}/json")
    expressions = [col("$1")["id"].cast(IntegerType()), sql_expr("METADATA$FILENAME")]
    copied = frame.copy_into_table("T", transformations=expressions, target_columns=["ID", "FILE"], on_error="CONTINUE")
    assert [(row["status"], row["rows_loaded"]) for row in copied] == [("LOADED", 2)]
    assert [tuple(row) for row in session.table("T").sort("ID").collect()] == [
        (1, "json/a.json.gz"),
        (2, "json/a.json.gz"),
    ]


@pytest.mark.supports("DataFrameWriter.copy_into_location")
def test_snowpark_unloads(session: Session, stage: str) -> None:
    frame = session.create_dataframe([[1, "a"], [2, "b"]], schema=["ID", "NAME"])
    written = frame.write.copy_into_location(f"{stage}/out/", file_format_type="parquet", header=True, overwrite=True)
    assert written[0]["rows_unloaded"] == 2
    assert session.read.parquet(f"{stage}/out").sort("ID").collect() == frame.sort("ID").collect()


@pytest.mark.supports("INFER_SCHEMA for JSON, CSV and Parquet")
@pytest.mark.differs(
    "INFER_SCHEMA: numbers are NUMBER(38, 0) or REAL whatever their digits; JSON texts are TEXT, dates too"
)
def test_a_schema_is_inferred(session: Session, stage: str) -> None:
    inferred = "SELECT COLUMN_NAME, TYPE, EXPRESSION FROM TABLE(INFER_SCHEMA(LOCATION => '{}', FILE_FORMAT => '{}'))"
    rows = session.sql(inferred.format(f"{stage}/json", "J") + " ORDER BY ORDER_ID").collect()
    assert [tuple(row) for row in rows] == [
        ("id", "NUMBER(38, 0)", "$1:id::NUMBER(38, 0)"),
        ("name", "TEXT", "$1:name::TEXT"),
        ("tags", "ARRAY", "$1:tags::ARRAY"),
        ("at", "OBJECT", "$1:at::OBJECT"),
    ]


@pytest.mark.supports("a broken line is an error in a SELECT, too")
def test_a_broken_line_ends_the_select(connection: SnowflakeConnection, tmp_path: Path) -> None:
    run(connection, "CREATE STAGE B FILE_FORMAT = (TYPE = JSON)")
    put(connection, write_text(tmp_path / "b.json", '{"a":1}\n{"a":\n'), "@B")
    with pytest.raises(ProgrammingError, match="File 'b/b.json', line 2, character 6"):
        run(connection, "SELECT $1 FROM @B")


@pytest.mark.parametrize(
    ("statement", "feature"),
    [
        ("CREATE VIEW V AS SELECT $1 AS R FROM @S/json", "view over staged files"),
        ("SELECT * FROM @S/json", r"SELECT \*"),
    ],
)
@pytest.mark.differs("a view over staged files and SELECT * from a stage are refused by name")
def test_what_reading_cannot_do_is_named(session: Session, stage: str, statement: str, feature: str) -> None:
    from snowflake.snowpark.exceptions import SnowparkSQLException

    with pytest.raises(SnowparkSQLException, match=feature):
        session.sql(statement).collect()


@pytest.mark.supports("an empty location gives no rows")
def test_nothing_staged_gives_no_rows(session: Session, stage: str) -> None:
    assert session.sql(f"SELECT $1:a::INT FROM {stage}/none (FILE_FORMAT => 'J')").collect() == []
