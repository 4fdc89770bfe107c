"""Streamers over time: a rename opens a version, an unreturned id ends nothing."""

from __future__ import annotations

from typing import Any

from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, load, minutes, rows_of, written
from transforms.engine.stored import read_table
from transforms.history.streamers_history import TABLE as STREAMERS

READ = ("streamer_id", "streamer_login", "valid_from", "valid_to", "is_current", "is_deleted", "observed_at_last")


def user(user_id: str, login: str, **fields: Any) -> dict[str, Any]:
    return {"id": user_id, "login": login, "display_name": login.title(), "broadcaster_type": "partner", **fields}


def test_renamed_streamer_closes_the_open_version(warehouse: Session):
    load(warehouse, LandingFile("users", T0, (user("1", "ann"), user("2", "bob"))))
    build_all(warehouse, ["+streamers_history"])
    load(warehouse, LandingFile("users", minutes(15), (user("1", "anna"),)))
    assert written(build_all(warehouse, ["+streamers_history"])["streamers_history"]) == (1, 1, 0)
    assert rows_of(read_table(warehouse, STREAMERS), *READ) == [
        ("1", "ann", T0, minutes(15), False, False, T0),
        ("1", "anna", minutes(15), None, True, False, minutes(15)),
        ("2", "bob", T0, None, True, False, T0),
    ]


def test_an_account_made_known_later_is_carried_without_a_version(warehouse: Session):
    load(warehouse, LandingFile("users", T0, (user("1", "ann"),)))
    load(warehouse, LandingFile("users", minutes(15), (user("1", "ann", created_at="2015-01-01T00:00:00Z"),)))
    build_all(warehouse, ["+streamers_history"])
    rows = rows_of(read_table(warehouse, STREAMERS), "account_created_at", "valid_from", "observed_at_last")
    assert [(str(row[0]), *row[1:]) for row in rows] == [("2015-01-01 00:00:00", T0, minutes(15))]
