"""INSERT, UPDATE, DELETE, MERGE and transactions."""

from __future__ import annotations

import pytest
from snowflake.connector.errors import DatabaseError
from snowflake.snowpark import functions
from snowflake.snowpark.exceptions import SnowparkSQLException

from tests.embedded.answers import one, rows


@pytest.fixture
def target(session):
    session.sql("CREATE TABLE TARGET (ID INT NOT NULL, NAME VARCHAR, N NUMBER(10, 2))").collect()
    session.sql("INSERT INTO TARGET VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 3)").collect()
    return session.table("TARGET")


def stored(session):
    return [tuple(row) for row in session.sql("SELECT ID, NAME FROM TARGET ORDER BY ID").collect()]


@pytest.mark.supports("Table.merge: update, insert, delete, several conditional clauses, exact counts")
def test_merge_with_conditions(session, target):
    source = session.create_dataframe([(1, "ONE"), (2, None), (3, "x"), (4, "four"), (5, None)], schema=["ID", "NAME"])
    result = target.merge(
        source,
        target["ID"] == source["ID"],
        [
            functions.when_matched(source["NAME"] == "x").delete(),
            functions.when_matched(source["NAME"].is_not_null()).update({"NAME": source["NAME"]}),
            functions.when_not_matched(source["NAME"].is_not_null()).insert(
                {"ID": source["ID"], "NAME": source["NAME"]}
            ),
        ],
    )
    assert (result.rows_inserted, result.rows_updated, result.rows_deleted) == (1, 1, 1)
    assert stored(session) == [(1, "ONE"), (2, "two"), (4, "four")]


@pytest.mark.supports("MERGE with clauses of any kinds tells how many rows each took")
@pytest.mark.parametrize("is_temporary", [False, True])
@pytest.mark.parametrize(
    ("kinds", "told", "left"),
    [
        ("U", {"updated": 2}, [(1, "a"), (2, "b"), (3, "three")]),
        ("D", {"deleted": 2}, [(3, "three")]),
        ("I", {"inserted": 3}, [(1, "one"), (2, "two"), (3, "three"), (7, "g"), (8, "h"), (9, "i")]),
        ("IU", {"inserted": 3, "updated": 2}, [(1, "a"), (2, "b"), (3, "three"), (7, "g"), (8, "h"), (9, "i")]),
        ("ID", {"inserted": 3, "deleted": 2}, [(3, "three"), (7, "g"), (8, "h"), (9, "i")]),
        ("UD", {"updated": 1, "deleted": 1}, [(1, "a"), (3, "three")]),
        ("IUD", {"inserted": 3, "updated": 1, "deleted": 1}, [(1, "a"), (3, "three"), (7, "g"), (8, "h"), (9, "i")]),
    ],
)
def test_counts_of_a_merge(session, target, kinds, told, left, is_temporary):
    if is_temporary:
        session.sql("CREATE TEMPORARY TABLE KEPT AS SELECT * FROM TARGET").collect()
    name = "KEPT" if is_temporary else "TARGET"
    clauses = {
        "D": f"WHEN MATCHED AND {'S.ID = 2' if 'U' in kinds else 'TRUE'} THEN DELETE",
        "U": "WHEN MATCHED THEN UPDATE SET NAME = S.NAME",
        "I": "WHEN NOT MATCHED THEN INSERT (ID, NAME) VALUES (S.ID, S.NAME)",
    }
    chosen = " ".join(clause for kind, clause in clauses.items() if kind in kinds)
    session.sql("BEGIN").collect()
    (answer,) = session.sql(
        f"""MERGE INTO {name} AS T USING (VALUES (1, 'a'), (2, 'b'), (7, 'g'), (8, 'h'), (9, 'i')) S (ID, NAME)
        ON T.ID = S.ID {chosen}"""
    ).collect()
    session.sql("COMMIT").collect()
    assert answer.as_dict() == {f"number of rows {kind}": count for kind, count in told.items()}
    assert [tuple(row) for row in session.sql(f"SELECT ID, NAME FROM {name} ORDER BY ID").collect()] == left


@pytest.mark.supports("MERGE from a table, a view, VALUES and a deep subquery")
def test_merge_sources(session, target):
    session.sql("CREATE VIEW SOURCE AS SELECT 1 ID, 'view' NAME").collect()
    view = session.table("SOURCE")
    assert (
        target.merge(view, target["ID"] == view["ID"], [functions.when_matched().update({"NAME": view["NAME"]})])[1]
        == 1
    )
    newest = (
        view.union_all(view.select(functions.lit(2).alias("ID"), functions.lit("deep").alias("NAME")))
        .with_column("R", functions.call_function("LENGTH", functions.col("NAME")))
        .filter(functions.col("R") > 1)
        .group_by("ID")
        .agg(functions.max("NAME").alias("NAME"))
    )
    result = target.merge(
        newest, target["ID"] == newest["ID"], [functions.when_matched().update({"NAME": newest["NAME"]})]
    )
    assert result.rows_updated == 2
    merged = session.sql(
        """MERGE INTO TARGET T USING (VALUES (3, 'III'), (9, 'IX')) S (ID, NAME) ON T.ID = S.ID
        WHEN MATCHED THEN UPDATE SET T.NAME = S.NAME WHEN NOT MATCHED THEN INSERT (ID, NAME) VALUES (S.ID, S.NAME)"""
    ).collect()
    assert merged[0].as_dict() == {"number of rows inserted": 1, "number of rows updated": 1}
    assert stored(session) == [(1, "view"), (2, "deep"), (3, "III"), (9, "IX")]


@pytest.mark.supports("MERGE whose source repeats a key of a row it updates: error 100090, nothing is changed")
def test_repeated_source_key(session, target):
    source = session.create_dataframe([(1, "a"), (1, "b"), (7, "new")], schema=["ID", "NAME"])
    with pytest.raises(SnowparkSQLException) as raised:
        target.merge(
            source,
            target["ID"] == source["ID"],
            [
                functions.when_matched().update({"NAME": source["NAME"]}),
                functions.when_not_matched().insert({"ID": source["ID"], "NAME": source["NAME"]}),
            ],
        )
    assert raised.value.sql_error_code == 100090
    assert stored(session) == [(1, "one"), (2, "two"), (3, "three")]


@pytest.mark.supports("MERGE where only one of several matching source rows meets a clause's condition is no error")
def test_repeated_key_that_one_clause_takes(session, target):
    source = session.create_dataframe([(1, "a"), (1, None)], schema=["ID", "NAME"])
    clause = functions.when_matched(source["NAME"].is_not_null()).update({"NAME": source["NAME"]})
    assert target.merge(source, target["ID"] == source["ID"], [clause]).rows_updated == 1


_UPDATES = "WHEN MATCHED THEN UPDATE SET T.NAME = S.NAME"
_TWICE = "(SELECT COLUMN1 AS ID, COLUMN2 AS NAME FROM VALUES (1, 'a'), (1, 'b'), (9, 'c')) S"
_SPELLED = "(SELECT COLUMN1 AS ID, COLUMN2 AS NAME FROM VALUES ('1', 'a'), ('01', 'b'), ('9', 'c')) S"
_OTHERS = "(SELECT COLUMN1 AS ID, COLUMN2 AS NAME FROM VALUES (1.2, 'a'), (1.4, 'b'), (2, 'c')) S"
_ONCE = "(SELECT COLUMN1 AS ID, COLUMN2 AS NAME FROM VALUES (1, 'a'), (9, 'b'), (9, 'c')) S"


@pytest.mark.parametrize(
    ("merge", "is_refused"),
    [
        (f"MERGE INTO TARGET T USING {_TWICE} ON T.ID = S.ID {_UPDATES}", True),
        (f"MERGE INTO TARGET T USING {_TWICE} ON S.ID + 0 = T.ID AND T.N > 0 {_UPDATES}", True),
        (f"MERGE INTO TARGET T USING {_TWICE} ON EQUAL_NULL(T.ID, S.ID) {_UPDATES}", True),
        (f"MERGE INTO TARGET T USING {_TWICE} ON T.ID = S.ID AND T.NAME = S.NAME {_UPDATES}", False),
        (f"MERGE INTO TARGET T USING {_TWICE} ON T.ID = S.ID AND S.NAME <> 'a' {_UPDATES}", False),
        (f"MERGE INTO TARGET T USING {_TWICE} ON T.ID >= S.ID AND T.ID < 2 {_UPDATES}", True),
        (f"MERGE INTO TARGET T USING {_TWICE} ON T.ID = 4 - S.ID AND T.ID = 3 {_UPDATES}", True),
        (f"MERGE INTO TARGET T USING {_TWICE} ON T.ID = S.ID WHEN NOT MATCHED THEN INSERT (ID) VALUES (S.ID)", False),
        (f"MERGE INTO TARGET T USING {_SPELLED} ON T.ID = S.ID {_UPDATES}", True),
        (f"MERGE INTO TARGET T USING {_OTHERS} ON T.ID = S.ID {_UPDATES}", False),
        (f"MERGE INTO TARGET T USING {_OTHERS} ON T.ID = S.ID::INT {_UPDATES}", True),
        (f"MERGE INTO TARGET T USING {_ONCE} ON T.ID = S.ID {_UPDATES}", False),
        (f"MERGE INTO TARGET T USING {_ONCE} ON T.ID = S.ID {_UPDATES} "
         "WHEN NOT MATCHED THEN INSERT (ID) VALUES (S.ID)", False),
        (f"MERGE INTO TARGET T USING {_ONCE} ON T.ID + S.ID > 0 {_UPDATES}", True),
        (f"MERGE INTO TARGET T USING {_TWICE} ON T.ID = S.ID WHEN MATCHED AND S.NAME = 'a' THEN DELETE "
         "WHEN MATCHED AND S.NAME = 'x' THEN UPDATE SET T.N = 0", False),
        (f"MERGE INTO TARGET T USING {_TWICE} ON T.ID = S.ID WHEN MATCHED AND S.NAME = 'a' THEN DELETE "
         "WHEN MATCHED AND S.NAME = 'b' THEN UPDATE SET T.N = 0", True),
        ("MERGE INTO TARGET USING (SELECT * FROM (SELECT ID AS NEW_ID, N AS NEW_N FROM TARGET UNION ALL "
         "SELECT 1, 5)) ON ID = NEW_ID WHEN MATCHED THEN UPDATE SET N = NEW_N", True),
        ("MERGE INTO TARGET USING (SELECT * FROM (SELECT ID AS NEW_ID, N AS NEW_N FROM TARGET)) ON ID = NEW_ID "
         "WHEN MATCHED THEN UPDATE SET N = NEW_N", False),
        ("MERGE INTO TARGET USING (SELECT ID AS NEW_ID, N AS NEW_N FROM TARGET) ON ID - NEW_ID = 0 "
         "WHEN MATCHED THEN UPDATE SET N = NEW_N", False),
        ("MERGE INTO TARGET USING PAIRS ON TARGET.ID = PAIRS.ID WHEN MATCHED THEN UPDATE SET N = PAIRS.N", True),
        ("MERGE INTO TARGET USING PAIRS P ON TARGET.ID = P.ID AND P.N = 8 WHEN MATCHED THEN UPDATE SET N = P.N", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("named", ["N2", "ROWID", '"rowid"'])  # a number that DuckDB would take for its own of a row
def test_what_changes_a_row_twice(session, target, merge, is_refused, named):
    session.sql(f"ALTER TABLE TARGET ADD COLUMN {named} INT").collect()
    session.sql(f"UPDATE TARGET SET {named} = 1").collect()
    session.sql("CREATE TABLE PAIRS (ID INT, N INT) AS SELECT * FROM VALUES (1, 7), (1, 8)").collect()
    before = stored(session)
    if not is_refused:
        session.sql(merge).collect()
        return
    with pytest.raises(SnowparkSQLException) as raised:
        session.sql(merge).collect()
    assert raised.value.sql_error_code == 100090
    assert stored(session) == before


def test_bound_values_reach_what_looks_for_repeated_keys(session, target):
    merge = (
        "MERGE INTO TARGET T USING (SELECT ? AS ID, ? AS NAME UNION ALL SELECT ?, ?) S ON T.ID = S.ID AND S.NAME <> ? "
        "WHEN MATCHED AND S.NAME > ? THEN UPDATE SET T.NAME = ? || S.NAME"
    )
    session.sql(merge, params=[1, "a", 1, "b", "a", "A", "new "]).collect()
    assert stored(session)[0] == (1, "new b")
    with pytest.raises(SnowparkSQLException) as raised:
        session.sql(merge, params=[1, "a", 1, "b", "z", "A", "new "]).collect()
    assert raised.value.sql_error_code == 100090


@pytest.mark.differs(
    "MERGE that only deletes, with a repeated source key: error 100090; Snowflake deletes the row once"
)
def test_repeated_key_that_deletes(session, target):
    source = session.create_dataframe([(1,), (1,)], schema=["ID"])
    with pytest.raises(SnowparkSQLException) as raised:
        target.merge(source, target["ID"] == source["ID"], [functions.when_matched().delete()])
    assert raised.value.sql_error_code == 100090


@pytest.mark.supports("Table.update and Table.delete, also by a join with another DataFrame, exact counts")
def test_update_and_delete(session, target):
    assert target.update({"NAME": functions.upper("NAME")}, target["ID"] < 3).rows_updated == 2
    other = session.create_dataframe([(2, "joined"), (9, "none")], schema=["ID", "NAME"])
    assert target.update({"NAME": other["NAME"]}, target["ID"] == other["ID"], other).rows_updated == 1
    assert target.delete(target["ID"] == other["ID"], other).rows_deleted == 1
    assert stored(session) == [(1, "ONE"), (3, "three")]


@pytest.mark.supports("INSERT with column lists, INSERT OVERWRITE, TRUNCATE; counts of rows")
def test_insert(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T (A INT, B VARCHAR DEFAULT 'd')")
    assert cursor.execute("INSERT INTO T (A) SELECT 1 UNION ALL SELECT 2").rowcount == 2
    assert cursor.execute("INSERT OVERWRITE INTO T SELECT 3, 'x'").rowcount == 1
    assert rows(connection, "SELECT * FROM T") == [(3, "x")]
    assert cursor.execute("UPDATE T SET B = 'y' WHERE A = 3").rowcount == 1
    assert cursor.execute("DELETE FROM T WHERE A = 4").rowcount == 0
    cursor.execute("TRUNCATE TABLE T")
    assert one(connection, "SELECT COUNT(*) FROM T") == 0


@pytest.mark.supports("transactions across statements: BEGIN / COMMIT / ROLLBACK, connection.autocommit(False)")
def test_transactions(connection, session):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T (A INT)")
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO T VALUES (1)")
    assert session.table("T").count() == 0
    cursor.execute("ROLLBACK")
    assert one(connection, "SELECT COUNT(*) FROM T") == 0
    connection.autocommit(False)
    cursor.execute("INSERT INTO T VALUES (1)")
    cursor.execute("MERGE INTO T USING (SELECT 2 A) S ON T.A = S.A WHEN NOT MATCHED THEN INSERT VALUES (S.A)")
    assert session.table("T").count() == 0
    connection.commit()
    assert session.table("T").count() == 2
    cursor.execute("DELETE FROM T")
    connection.rollback()
    connection.autocommit(True)
    assert session.table("T").count() == 2


@pytest.mark.supports("cache_result, large create_dataframe and temporary views inside a transaction")
def test_temporary_objects_in_a_transaction(session):
    session.sql("CREATE TABLE T (A INT)").collect()
    session.connection.autocommit(False)
    session.create_dataframe([[1], [2]], schema=["A"]).write.insert_into("T")
    assert session.table("T").cache_result().count() == 2
    session.create_dataframe([[n] for n in range(600)], schema=["A"]).write.insert_into("T")
    session.table("T").create_or_replace_temp_view("V")
    assert session.table("V").count() == 602
    session.connection.rollback()
    session.connection.autocommit(True)
    assert session.table("T").count() == 0


@pytest.mark.supports("DDL commits the open transaction; temporary tables do not")
def test_definitions_commit(connection):
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE T (A INT)")
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO T VALUES (1)")
    cursor.execute("CREATE TABLE U (A INT)")
    cursor.execute("ROLLBACK")
    assert one(connection, "SELECT COUNT(*) FROM T") == 1
    cursor.execute("BEGIN")
    cursor.execute("INSERT INTO T VALUES (2)")
    cursor.execute("CREATE TEMPORARY TABLE W (A INT)")
    cursor.execute("ROLLBACK")
    assert one(connection, "SELECT COUNT(*) FROM T") == 1


@pytest.mark.supports("a failed MERGE changes nothing, also where rows before the failing one were fine")
def test_merge_is_atomic(session, target):
    source = session.create_dataframe([(8, "ok"), (None, "bad")], schema=["ID", "NAME"])
    insert = functions.when_not_matched().insert({"ID": source["ID"], "NAME": source["NAME"]})
    with pytest.raises(DatabaseError) as raised:
        target.merge(source, target["ID"] == source["ID"], [insert])
    assert raised.value.errno == 100072
    assert session.table("TARGET").count() == 3
    assert session.table("TARGET").filter(functions.col("ID") == 8).collect() == []
