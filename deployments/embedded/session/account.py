"""Parameters of the account, which every login starts with: `ALTER ACCOUNT SET TIMEZONE = 'America/Los_Angeles'`.

The embedded warehouse knows one time zone and one spelling of everything. A client that leaves a parameter to an
account which has another value would get other rows on Snowflake than here: its statements are refused by the
parameter's name. Who states all that its statements stand on does not notice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployments.embedded.context import SessionState, StatementContext
from deployments.embedded.errors import unsupported
from deployments.embedded.process.paths import FILE_MODE
from deployments.embedded.scanner import Scanner
from deployments.embedded.session.parameters import ONLY, read_names
from deployments.embedded.wire.results import status_table

if TYPE_CHECKING:
    import pyarrow as pa

# What sessions do as they are told, whoever tells it.
_DONE = {"AUTOCOMMIT", "QUERY_TAG", "STATEMENT_TIMEOUT_IN_SECONDS"}
_FILE = "account.json"


def alter_account(sql: str, context: StatementContext) -> pa.Table:
    """`ALTER ACCOUNT SET WEEK_START = 7`, `ALTER ACCOUNT UNSET WEEK_START`: for logins from now on."""
    scanner = Scanner(sql)
    scanner.expect("ALTER", "ACCOUNT")
    known = dict(read_account(context.warehouse))
    if scanner.take("UNSET"):
        for name in read_names(scanner):
            known.pop(name, None)
    else:
        scanner.expect("SET")
        known.update({name: str(value) for name, value in scanner.options().items()})
    part = context.warehouse / f"{_FILE}.part"
    part.touch(mode=FILE_MODE)
    part.write_text(json.dumps(known), encoding="utf-8")
    part.replace(context.warehouse / _FILE)
    return status_table()


def read_account(warehouse: Path) -> Mapping[str, str]:
    """Return the account's parameters; none before the first ALTER ACCOUNT."""
    path = warehouse / _FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def find_unmet(account: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that a login leaves to the account, and that have a value there which is not done here."""
    return {
        name: value
        for name, value in account.items()
        if name not in given and name not in _DONE and value.upper() not in ONLY.get(name, ())
    }


def check_unmet(text: str, session: SessionState) -> None:
    """Refuse a statement of a session that stands on a parameter of the account which is not done here.

    Raises:
        SnowflakeError: There is one that neither the login nor ALTER SESSION has stated.
    """
    left = [name for name in session.unmet if name not in session.parameters]
    if left and text.split(None, 1)[0].upper() != "ALTER":
        name = min(left)
        raise unsupported(f"parameter {name} = {session.unmet[name]} of the account", "State it for the session.")
