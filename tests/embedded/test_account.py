"""Parameters of the account: every login starts with them, and none that is not done here is left out in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deployments.embedded import Endpoint, ensure_running, stop
from tests.embedded.files import refusal, run


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    home = tmp_path_factory.mktemp("home")
    yield ensure_running(home)
    stop(home)


def connect(endpoint: Endpoint, **stated: Any) -> Any:
    import snowflake.connector

    return snowflake.connector.connect(**endpoint.connection_parameters(), session_parameters=stated)


@pytest.mark.supports("ALTER ACCOUNT SET / UNSET: parameters that logins start with")
@pytest.mark.differs("values of an account's parameters that are not done refuse the statements that stand on them")
def test_who_leaves_a_parameter_to_the_account_is_refused_by_its_name(account: Endpoint) -> None:
    with connect(account) as before, connect(account) as owner:
        run(owner, "ALTER ACCOUNT SET TIMEZONE = 'America/Los_Angeles' WEEK_START = 7, BINARY_INPUT_FORMAT = HEX")
        assert run(before, "SELECT 1") == [(1,)]
    with connect(account) as leaving:
        assert "parameter TIMEZONE = America/Los_Angeles of the account" in str(refusal(leaving, "SELECT 1"))
        run(leaving, "ALTER SESSION SET TIMEZONE = 'UTC'")
        assert "parameter WEEK_START = 7 of the account" in str(refusal(leaving, "SELECT 1"))
        run(leaving, "ALTER SESSION SET WEEK_START = 1")
        assert run(leaving, "SELECT 1") == [(1,)]
    with connect(account, TIMEZONE="UTC", WEEK_START=0) as stating:
        assert run(stating, "SELECT 1") == [(1,)]
        run(stating, "ALTER ACCOUNT UNSET TIMEZONE, WEEK_START")
    with connect(account) as after:
        assert run(after, "SELECT 1") == [(1,)]


def test_an_account_without_autocommit_keeps_nothing_that_is_not_committed(account: Endpoint) -> None:
    with connect(account) as owner:
        run(owner, "CREATE OR REPLACE TABLE kept (a INT)")
        run(owner, "ALTER ACCOUNT SET AUTOCOMMIT = FALSE")
    with connect(account) as leaving, connect(account, AUTOCOMMIT=True) as stating:
        run(stating, "INSERT INTO kept VALUES (1)")
        run(leaving, "INSERT INTO kept VALUES (2)")
        run(leaving, "ROLLBACK")
        assert run(stating, "SELECT a FROM kept") == [(1,)]
        run(stating, "ALTER ACCOUNT UNSET AUTOCOMMIT")
