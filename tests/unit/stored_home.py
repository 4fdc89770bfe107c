"""A small home as a version of the code left it: `python -m tests.unit.stored_home` writes what the present one leaves.

The file has a line per table: its stored columns and its rows. It is made with the declarations of the version before
(by running this module there), so it changes only when a release is cut, or when a formula is meant to give other
rows of the same inputs.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, delivered, load, minutes, read_from_sheet, stream
from tests.unit.livelogs import GIFT, READ_AT, STREAM
from transforms.contract import Layer

FROZEN = Path(__file__).with_name("stored_home.jsonl.gz")
_LATER = datetime(2023, 10, 20)
_EARLY = (
    LandingFile("streams", T0, (stream("1", 10), stream("2", 7, game_id="g2", game_name="Go"))),
    LandingFile("users", T0, ({"id": "u1", "login": "login_1", "display_name": "Name 1", "view_count": 3},)),
    LandingFile("games", T0, ({"id": "g1", "name": "Chess", "box_art_url": "x", "igdb_id": "5"},)),
    read_from_sheet("streams", READ_AT, STREAM),
    read_from_sheet("gifts", READ_AT, GIFT, {**GIFT, "id": "g2", "userID": "anonymous", "isCanceled": "True"}),
    read_from_sheet("gift_types", READ_AT, {"giftID": "rose", "name": "Rose", "point": "10"}),
    delivered(
        "users",
        datetime(2023, 9, 1),
        {"user_id": "a", "country": "US", "signup_date": "2023-08-01", "plan_type": "basic"},
        {"user_id": "b", "country": "DE", "signup_date": "2023-08-02", "plan_type": "basic"},
    ),
    delivered(
        "subscriptions",
        datetime(2023, 9, 1),
        {"subscription_id": "S1", "user_id": "a", "start_date": "2023-08-05", "end_date": "", "monthly_price": "10.00"},
        {"subscription_id": "S2", "user_id": "b", "start_date": "2023-08-06", "end_date": "", "monthly_price": "5.00"},
    ),
    delivered(
        "payments",
        datetime(2023, 9, 1),
        {"payment_id": "P1", "user_id": "a", "payment_date": "2023-08-05", "amount": "10.00"},
        {"payment_id": "P2", "user_id": "b", "payment_date": "someday", "amount": "5.00"},
    ),
    delivered("viewing_activity", T0, {"user_id": "a", "watch_date": "2023-09-20", "hours_watched": "1.5"}),
)
# A day later a title and a category have changed, a user and a subscription are gone, and a sample comes late.
_LATE = (
    LandingFile("streams", minutes(30), (stream("1", 20, title="new", game_id="g2", game_name="Go"),)),
    LandingFile("streams", minutes(15), (stream("1", 15),)),
    delivered("users", _LATER, {"user_id": "a", "country": "US", "signup_date": "2023-08-01", "plan_type": "premium"}),
    delivered(
        "subscriptions",
        _LATER,
        {"subscription_id": "S1", "user_id": "a", "start_date": "2023-08-05", "end_date": "", "monthly_price": "12.00"},
    ),
    LandingFile(
        "links",
        _LATER,
        ({"platform": "livelogs", "anonymous_id": "bob", "customer_platform": "billing", "customer_id": "a"},),
        source="identity",
    ),
)


def make_home(session: Session) -> None:
    """Load two deliveries of every source into a prepared, empty database, and build all tables after each."""
    for files in (_EARLY, _LATE):
        load(session, *files)
        build_all(session)


def read_home(session: Session) -> list[dict[str, Any]]:
    """Read every stored table: its columns as Snowflake declares them, and its rows as JSON values."""
    cursor = session.connection.cursor()
    cursor.execute(
        "SELECT table_schema, table_name, column_name, data_type, numeric_precision, numeric_scale, is_nullable "
        "FROM information_schema.columns WHERE table_schema NOT IN ('INFORMATION_SCHEMA', 'PUBLIC') "
        "AND table_schema || '.' || table_name IN (SELECT table_schema || '.' || table_name "
        "FROM information_schema.tables WHERE table_type = 'BASE TABLE') "  # views hold nothing
        "AND NOT STARTSWITH(table_name, 'SNOWCAST_') "  # temporary results of this session
        "ORDER BY table_schema, table_name, ordinal_position"
    )
    tables: dict[str, list[list[str]]] = {}
    for schema, table, column, kind, precision, scale, nullable in cursor.fetchall():
        spelled = f"{kind}({precision}, {scale})" if kind == "NUMBER" else kind
        tables.setdefault(f"{schema}.{table}", []).append(
            [column, spelled + ("" if nullable == "YES" else " NOT NULL")]
        )
    home = []
    for name, columns in tables.items():
        cursor.execute(f"SELECT {', '.join(column for column, _ in columns)} FROM {name}")
        rows = sorted(([_plain(value) for value in row] for row in cursor.fetchall()), key=str)
        home.append({"table": name, "columns": columns, "rows": rows})
    return home


def store_home(session: Session, home: list[dict[str, Any]]) -> None:
    """Make the tables of a home in an empty database, with its rows."""
    cursor = session.connection.cursor()
    for schema in Layer:  # the scripts of the deployment make them all, whatever tables a version has in them
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table in home:
        name, columns = table["table"], table["columns"]
        cursor.execute(f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns)})")
        if table["rows"]:
            values = [
                f"PARSE_JSON(column{number})"
                if kind.startswith("VARIANT")
                else f"column{number}::{kind.split(' NOT ')[0]}"
                for number, (_, kind) in enumerate(columns, start=1)
            ]
            places = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in table["rows"])
            cursor.execute(
                f"INSERT INTO {name} SELECT {', '.join(values)} FROM VALUES {places}",
                [value for row in table["rows"] for value in row],
            )


def frozen_home() -> list[dict[str, Any]]:
    """Return the home that the version before has left."""
    return [json.loads(line) for line in gzip.decompress(FROZEN.read_bytes()).decode().splitlines()]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def main() -> None:
    """Write what the present code leaves."""
    from deployments.embedded import ensure_running, stop
    from tests.properties.conftest import _prepared

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            with _prepared(ensure_running(home)) as session:
                make_home(session)
                lines = [json.dumps(table, ensure_ascii=False) for table in read_home(session)]
        finally:
            stop(home)
    FROZEN.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))


if __name__ == "__main__":
    main()
