"""Users in staging."""

from __future__ import annotations

from datetime import datetime

from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, load, minutes, rows_of, written
from transforms.engine.stored import read_table
from transforms.ops import QUARANTINE
from transforms.staging.stg_twitch_users import TABLE

USER = {
    "id": "u1",
    "login": "ann",
    "display_name": "Ann",
    "type": "",
    "broadcaster_type": "partner",
    "description": "",
    "profile_image_url": "https://example.com/p.png",
    "offline_image_url": "",
    "created_at": "2015-06-01T10:00:00.123Z",
}


def test_users_become_typed_rows_and_nameless_ones_are_refused(warehouse: Session):
    unknown_kind = {**USER, "id": "u2", "broadcaster_type": "new kind"}
    load(warehouse, LandingFile("users", T0, (USER, unknown_kind, {"login": "nobody"}), name="f"))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (2, 0, 0)
    names = [column.name for column in TABLE.columns if column.name != "streamer_key"]
    profile = ("ann", "Ann", "")
    rest = ("", "https://example.com/p.png", None, datetime(2015, 6, 1, 10, 0, 0, 123000))
    assert rows_of(read_table(warehouse, TABLE), *names) == [
        ("u1", T0, "twitch", *profile, "partner", *rest),
        ("u2", T0, "twitch", *profile, "new kind", *rest),
    ]
    assert rows_of(read_table(warehouse, QUARANTINE), "rule") == [("streamer_id_missing",)]


def test_each_snapshot_keeps_its_own_row_and_repeats_the_last_file(warehouse: Session):
    load(warehouse, LandingFile("users", minutes(15), ({**USER, "display_name": "Later"},), name="l"))
    build_all(warehouse, [TABLE.name])
    load(
        warehouse,
        LandingFile("users", T0, (USER,), name="a"),
        LandingFile("users", T0, ({**USER, "display_name": "B"},), name="b"),
    )
    build_all(warehouse, [TABLE.name])
    assert rows_of(read_table(warehouse, TABLE), "snapshot_at", "streamer_name") == [(T0, "B"), (minutes(15), "Later")]
