"""What an unmodified Snowpark session does with DataFrames."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from snowflake.connector.errors import DatabaseError
from snowflake.snowpark import Row, Window, functions, types
from snowflake.snowpark.exceptions import SnowparkClientException, SnowparkSQLException

MOMENT = dt.datetime(2024, 1, 2, 3, 4, 5, 123456)
TYPED = {
    "A_BOOLEAN": (types.BooleanType(), True),
    "A_LONG": (types.LongType(), 2**62),
    "A_DECIMAL": (types.DecimalType(20, 5), Decimal("123456789012345.67890")),
    "A_DOUBLE": (types.DoubleType(), 0.1),
    "A_STRING": (types.StringType(), "x'é😀\\n\n\"שלום"),
    "A_DATE": (types.DateType(), dt.date(2024, 2, 29)),
    "A_TIME": (types.TimeType(), dt.time(1, 2, 3)),
    "A_NTZ": (types.TimestampType(types.TimestampTimeZone.NTZ), MOMENT),
    "A_TZ": (types.TimestampType(types.TimestampTimeZone.TZ), MOMENT.replace(tzinfo=dt.UTC)),
    "A_LTZ": (types.TimestampType(types.TimestampTimeZone.LTZ), MOMENT.replace(tzinfo=dt.UTC)),
    "A_BINARY": (types.BinaryType(), bytearray(b"\x00\xff")),
}
SCHEMA = types.StructType([types.StructField(name, kind) for name, (kind, _) in TYPED.items()])


@pytest.fixture
def typed(session):
    return session.create_dataframe([[value for _, value in TYPED.values()], [None] * len(TYPED)], schema=SCHEMA)


@pytest.fixture
def letters(session):
    return session.create_dataframe([("a", 1, 1.5), ("a", 2, 2.5), ("b", 3, None)], schema=["K", "X", "Y"])


@pytest.mark.supports("create_dataframe with every scalar type, NULLs and unicode; exact values and types come back")
def test_every_type_comes_back(session, typed):
    typed.write.save_as_table("TYPED")
    stored = session.table("TYPED")
    assert [field.datatype for field in stored.schema] == [kind for kind, _ in TYPED.values()]
    full, empty = sorted(stored.collect(), key=lambda row: row["A_LONG"] is None)
    assert list(full) == [value for _, value in TYPED.values()]
    assert list(empty) == [None] * len(TYPED)


@pytest.mark.supports("create_dataframe of more than 512 rows (bound values) equals that of few (literals)")
def test_bound_rows_equal_literal_rows(session, typed):
    row = [value for _, value in TYPED.values()]
    many = session.create_dataframe([row] * 600, schema=SCHEMA)
    assert many.distinct().collect() == typed.filter(functions.col("A_LONG").is_not_null()).collect()
    assert many.count() == 600


@pytest.mark.supports("create_dataframe with VARIANT, OBJECT and ARRAY columns")
def test_semi_structured_columns(session):
    schema = types.StructType(
        [
            types.StructField("V", types.VariantType()),
            types.StructField("A", types.ArrayType()),
            types.StructField("O", types.MapType()),
        ]
    )
    session.create_dataframe([[{"a": [1, None]}, [1, "x"], {"k": None}]], schema=schema).write.save_as_table("SEMI")
    assert session.table("SEMI").collect() == [Row(V='{"a":[1,null]}', A='[1,"x"]', O='{"k":null}')]
    assert [field.datatype for field in session.table("SEMI").schema] == [
        types.VariantType(),
        types.ArrayType(types.StringType()),
        types.MapType(types.StringType(), types.StringType()),
    ]
    assert session.table("SEMI").select(functions.explode("A").alias("E")).count() == 2
    chosen = session.table("SEMI").select(functions.col("V")["a"][0].cast("int"), functions.col("A")[1].cast("string"))
    assert chosen.collect() == [Row(1, "x")]


@pytest.mark.supports("save_as_table: errorifexists, ignore, overwrite, append (by position and by name), truncate")
def test_save_modes(session, letters):
    letters.write.save_as_table("L")
    with pytest.raises(SnowparkSQLException) as raised:
        letters.write.save_as_table("L")
    assert raised.value.sql_error_code == 2002
    letters.write.mode("ignore").save_as_table("L")
    letters.write.mode("append").save_as_table("L")
    assert session.table("L").count() == 6
    letters.select("Y", "K", "X").write.mode("append").save_as_table("L", column_order="name")
    assert session.table("L").filter(functions.col("K") == "b").select("X").distinct().collect() == [Row(X=3)]
    letters.write.mode("truncate").save_as_table("L")
    assert session.table("L").count() == 3
    letters.select("K").write.mode("overwrite").save_as_table("L", comment="it's new")
    assert session.table("L").columns == ["K"]


@pytest.mark.supports("save_as_table overwrites a table from a query on that table")
def test_overwrite_from_itself(session, letters):
    letters.write.save_as_table("L")
    session.table("L").with_column("Z", functions.col("X") + 1).write.mode("overwrite").save_as_table("L")
    assert session.table("L").sort("X").select("Z").collect() == [Row(Z=2), Row(Z=3), Row(Z=4)]


@pytest.mark.supports("NOT NULL columns of a schema are kept by save_as_table and enforced")
def test_not_null_is_kept(session):
    schema = types.StructType(
        [types.StructField("ID", types.LongType(), nullable=False), types.StructField("S", types.StringType())]
    )
    empty = session.create_dataframe([], schema=schema)
    empty.write.save_as_table("STRICT")
    described = session.sql("DESCRIBE TABLE STRICT").collect()
    assert [(row["name"], row["null?"]) for row in described] == [("ID", "N"), ("S", "Y")]
    with pytest.raises(DatabaseError) as raised:
        session.sql("INSERT INTO STRICT VALUES (NULL, 'x')").collect()
    assert raised.value.errno == 100072


@pytest.mark.supports(
    "temporary tables: save_as_table(table_type='temporary'), cache_result; another session does not see them"
)
def test_temporary_tables(session, letters, connection):
    letters.write.save_as_table("T", table_type="temporary")
    assert session.table("T").count() == 3
    assert letters.cache_result().filter(functions.col("X") > 1).count() == 2
    assert connection.cursor().execute("SHOW TABLES LIKE 'T'").fetchall() == []
    session.sql("CREATE TABLE HIDDEN (A INT)").collect()
    session.sql("CREATE TEMPORARY TABLE HIDDEN AS SELECT 5 A").collect()
    assert session.table("HIDDEN").collect() == [Row(A=5)]
    session.sql("DROP TABLE HIDDEN").collect()
    assert session.table("HIDDEN").collect() == []


@pytest.mark.supports(
    "insert_into, create_or_replace_view, create_or_replace_temp_view, to_local_iterator, to_pandas, collect_nowait"
)
def test_writing_and_reading(session, letters):
    letters.write.save_as_table("L")
    letters.write.insert_into("L")
    session.table("L").create_or_replace_view("V")
    session.table("L").create_or_replace_temp_view("TV")
    assert session.table("V").count() == session.table("TV").count() == 6
    assert len(list(session.table("L").to_local_iterator())) == 6
    frame = letters.sort("X").to_pandas()
    assert frame["X"].tolist() == [1, 2, 3]
    assert str(frame["X"].dtype).startswith("int")
    assert letters.collect_nowait().result() == letters.collect()


@pytest.mark.supports(
    "group_by, windows, joins, pivot, unpivot, union_by_name, except, intersect, sample, drop_duplicates, describe"
)
def test_relational_operations(session, letters):
    newest = functions.row_number().over(Window.partition_by("K").order_by(functions.col("X").desc()))
    assert letters.with_column("R", newest).filter(functions.col("R") == 1).select("X").sort("X").collect() == [
        Row(2),
        Row(3),
    ]
    grouped = (
        letters.group_by("K").agg(functions.sum("X").alias("S"), functions.avg("X").alias("M")).sort("K").collect()
    )
    assert grouped == [Row("a", 3, Decimal("1.500000")), Row("b", 3, Decimal("3.000000"))]
    assert letters.join(letters.select("K", functions.col("X").alias("X2")), "K").count() == 5
    assert letters.select("K", "X").pivot("K", ["a", "b"]).sum("X").collect() == [Row(3, 3)]
    assert session.create_dataframe([(1, 2)], schema=["A", "B"]).unpivot("V", "N", ["A", "B"]).count() == 2
    assert letters.union_all_by_name(letters.select("Y", "K", "X")).count() == 6
    assert letters.except_(letters).count() == 0
    assert letters.intersect(letters).count() == 3
    assert letters.sample(n=2).count() == 2
    assert letters.drop_duplicates("K").count() == 2
    assert letters.describe().count() == 5
    assert session.range(3).collect() == [Row(0), Row(1), Row(2)]
    assert letters.na.fill({"Y": 0.0}).filter(functions.col("Y") == 0).count() == 1


@pytest.mark.supports("schema of a query without running it: names, types, precision")
def test_schema_of_a_query(letters):
    chosen = letters.select(
        functions.upper("K"),
        functions.sum("X").over(),
        functions.lit(Decimal("1.25")).alias("D"),
        functions.to_date(functions.lit("2024-01-01")).alias("DAY"),
    )
    assert [field.datatype for field in chosen.schema][1:] == [
        types.LongType(),
        types.DecimalType(38, 18),
        types.DateType(),
    ]
    assert chosen.columns[0] == '"UPPER(""K"")"'


@pytest.mark.supports("session.sql with parameters, query_tag, use_schema")
def test_session(session):
    assert session.sql("SELECT ? AS A, ? AS B", params=[1, "x"]).collect() == [Row(A=1, B="x")]
    session.query_tag = "build stg_users"
    assert session.sql("SHOW PARAMETERS LIKE 'QUERY_TAG'").collect()[0]["value"] == "build stg_users"
    session.sql("CREATE SCHEMA OTHER").collect()
    session.use_schema("OTHER")
    assert session.sql("SELECT CURRENT_SCHEMA()").collect() == [Row("OTHER")]


@pytest.mark.supports("a missing table or column is named")
def test_missing_objects(session, letters):
    with pytest.raises(SnowparkSQLException) as raised:
        session.table("NOPE").collect()
    assert raised.value.sql_error_code == 2003
    with pytest.raises(SnowparkSQLException) as raised:
        letters.select("NOPE").collect()
    assert raised.value.sql_error_code == 904
    with pytest.raises(SnowparkClientException):
        letters["NOPE"]


@pytest.mark.differs("TIMESTAMP_TZ keeps the moment and not the zone it was written in: values come back in UTC")
def test_zone_of_a_timestamp(session):
    written = dt.datetime(2024, 1, 2, 3, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    schema = types.StructType([types.StructField("T", types.TimestampType(types.TimestampTimeZone.TZ))])
    (row,) = session.create_dataframe([[written]], schema=schema).collect()
    assert row["T"] == written
    assert row["T"].utcoffset() == dt.timedelta(0)


@pytest.mark.differs("NUMBER(38, 0) holds 64 bits; a larger whole number is an error (100039)")
def test_large_whole_numbers(session):
    with pytest.raises(SnowparkSQLException) as raised:
        session.sql("SELECT '99999999999999999999' :: NUMBER(38, 0)").collect()
    assert raised.value.sql_error_code in {100038, 100039}
