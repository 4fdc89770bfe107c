"""Roles, users, virtual warehouses, monitors and grants: a script that prepares an account runs, and SHOW tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from snowflake.connector.errors import ProgrammingError

from tests.embedded.files import run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snowflake.connector import SnowflakeConnection


def told(connection: SnowflakeConnection, sql: str, *columns: str) -> list[tuple[Any, ...]]:
    """Chosen columns of what SHOW tells."""
    cursor = connection.cursor()
    cursor.execute(sql)
    at = [[column[0] for column in cursor.description].index(name) for name in columns]
    return [tuple(row[place] for place in at) for row in cursor.fetchall()]


def granted(connection: SnowflakeConnection, role: str) -> list[tuple[Any, ...]]:
    return told(connection, f"SHOW GRANTS TO ROLE {role}", "privilege", "granted_on", "name")


@pytest.fixture
def role(connection: SnowflakeConnection) -> Iterator[str]:
    run(connection, "CREATE ROLE READER_OF_TESTS COMMENT = 'reads'")
    yield "READER_OF_TESTS"
    run(connection, "DROP ROLE IF EXISTS READER_OF_TESTS")


def test_what_an_account_begins_with_is_there(connection):
    begun = {"ACCOUNTADMIN", "ORGADMIN", "PUBLIC", "SECURITYADMIN", "SYSADMIN", "USERADMIN"}
    assert begun <= {name for (name,) in told(connection, "SHOW ROLES", "name")}
    assert told(connection, "SHOW USERS", "name")
    assert told(connection, "SHOW WAREHOUSES", "name")


@pytest.mark.supports("CREATE, ALTER, DROP and SHOW of roles, users, warehouses and resource monitors")
def test_a_virtual_warehouse_is_made_changed_and_dropped(connection):
    with pytest.raises(ProgrammingError, match="syntax error"):
        run(connection, "CREATE RESOURCE MONITOR M CREDIT_QUOTA = 50")
    run(connection, "CREATE RESOURCE MONITOR IF NOT EXISTS M WITH CREDIT_QUOTA = 50 TRIGGERS ON 80 PERCENT DO NOTIFY")
    made = "CREATE WAREHOUSE IF NOT EXISTS W WITH WAREHOUSE_SIZE = 'X-SMALL' AUTO_SUSPEND = 60 RESOURCE_MONITOR = M"
    assert run(connection, made) == [("Warehouse W successfully created.",)]
    assert run(connection, made) == [("W already exists, statement succeeded.",)]
    run(connection, "ALTER WAREHOUSE W SET WAREHOUSE_SIZE = LARGE COMMENT = 'it''s big'")
    columns = ("name", "size", "auto_suspend", "auto_resume", "resource_monitor", "comment")
    assert told(connection, "SHOW WAREHOUSES LIKE 'w'", *columns) == [("W", "Large", "60", "true", "M", "it's big")]
    columns = ("name", "credit_quota", "notify_at", "suspend_at")
    assert told(connection, "SHOW RESOURCE MONITORS", *columns) == [("M", "50.00", "80%", "")]
    run(connection, "ALTER RESOURCE MONITOR M TRIGGERS ON 75 PERCENT DO NOTIFY ON 90 PERCENT DO NOTIFY")
    run(connection, "ALTER RESOURCE MONITOR M SET CREDIT_QUOTA = 40")
    assert told(connection, "SHOW RESOURCE MONITORS", *columns) == [("M", "40.00", "75%,90%", "")]
    for statement in ("DROP WAREHOUSE W", "DROP RESOURCE MONITOR M"):
        run(connection, statement)
    with pytest.raises(ProgrammingError, match=r"Warehouse 'W' does not exist"):
        run(connection, "ALTER WAREHOUSE W SET AUTO_SUSPEND = 1")


def test_a_service_user_has_a_key_and_no_password(connection):
    run(connection, "CREATE USER U TYPE = SERVICE DEFAULT_ROLE = PUBLIC RSA_PUBLIC_KEY = 'MIIB'")
    columns = ("name", "type", "default_role", "has_rsa_public_key")
    assert told(connection, "SHOW USERS LIKE 'U'", *columns) == [("U", "SERVICE", "PUBLIC", "true")]
    run(connection, "DROP USER U")
    with pytest.raises(ProgrammingError, match="PASSWORD"):
        run(connection, "CREATE USER U PASSWORD = 'secret'")


@pytest.mark.supports("GRANT and REVOKE on objects, on all and on future ones; SHOW GRANTS TO, SHOW FUTURE GRANTS TO")
def test_a_future_grant_reaches_what_is_made_later_and_nothing_before(connection, role):
    database = run(connection, "SELECT CURRENT_DATABASE()")[0][0]
    run(connection, "CREATE SCHEMA S")
    run(connection, "CREATE TABLE S.BEFORE (A INT)")
    run(connection, f"GRANT SELECT ON FUTURE TABLES IN SCHEMA S TO ROLE {role}")
    assert granted(connection, role) == []
    run(connection, "CREATE TABLE S.AFTER (A INT)")
    after = ("SELECT", "TABLE", f"{database}.S.AFTER")
    assert granted(connection, role) == [after]
    future = told(connection, f"SHOW FUTURE GRANTS TO ROLE {role}", "privilege", "grant_on", "name")
    assert future == [("SELECT", "TABLE", f"{database}.S.<TABLE>")]
    run(connection, f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA S TO ROLE {role}")
    before = (database + ".S.BEFORE",)
    assert granted(connection, role) == sorted(
        [after, ("INSERT", "TABLE", after[2]), *[(one, "TABLE", *before) for one in ("INSERT", "SELECT")]]
    )
    run(connection, f"REVOKE SELECT ON TABLE S.AFTER FROM ROLE {role}")
    run(connection, "DROP TABLE S.BEFORE")
    assert granted(connection, role) == [("INSERT", "TABLE", after[2])], "what is dropped takes its grants with it"


def test_an_object_has_one_owner_and_roles_are_granted_to_roles(connection, role):
    database = run(connection, "SELECT CURRENT_DATABASE()")[0][0]
    run(connection, f"GRANT OWNERSHIP ON DATABASE {database} TO ROLE SYSADMIN COPY CURRENT GRANTS")
    run(connection, f"GRANT OWNERSHIP ON DATABASE {database} TO ROLE {role}")
    run(connection, f"GRANT ROLE PUBLIC TO ROLE {role}")
    assert granted(connection, role) == [("OWNERSHIP", "DATABASE", database), ("USAGE", "ROLE", "PUBLIC")]
    assert ("OWNERSHIP", "DATABASE", database) not in granted(connection, "SYSADMIN")


@pytest.mark.differs("Roles and grants are kept and told by SHOW; no statement is refused for want of a privilege")
def test_nothing_is_refused_for_want_of_a_privilege(connection, role):
    run(connection, "CREATE TABLE HIDDEN (A INT)")
    run(connection, f"USE ROLE {role}")
    assert run(connection, "SELECT * FROM HIDDEN") == []


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE WAREHOUSE W SHAPE = ROUND", "warehouse option SHAPE"),
        ("ALTER WAREHOUSE EMBEDDED RENAME TO W", "ALTER WAREHOUSE other than SET"),
        ("GRANT SELECT ON DYNAMIC TABLE T TO ROLE PUBLIC", "GRANT ON DYNAMIC"),
        ("GRANT USAGE ON DATABASE D TO ROLE NOBODY", "Role 'NOBODY' does not exist"),
        ("GRANT ROLE NOBODY TO ROLE PUBLIC", "Role 'NOBODY' does not exist"),
        ("GRANT ALL PRIVILEGES ON DATABASE D TO ROLE PUBLIC", "GRANT ALL PRIVILEGES"),
        ("SHOW GRANTS ON DATABASE D", "SHOW GRANTS other than TO ROLE"),
        ("DROP ROLE SYSADMIN", "Insufficient privileges"),
        ("DROP USER NOBODY", "User 'NOBODY' does not exist"),
    ],
)
def test_what_is_not_done_is_refused_by_name(connection, statement, reason):
    with pytest.raises(ProgrammingError, match=reason):
        run(connection, statement)
