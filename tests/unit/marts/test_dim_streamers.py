"""Streamers: the newest observation wins, whatever listing it comes from and whenever it arrives."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, load, minutes, read_from_sheet, rows_of, stream, written
from tests.unit.livelogs import GIFT, STREAM
from transforms.engine.stored import read_table
from transforms.marts.dim_streamers import TABLE as STREAMERS

READ = ("streamer_id", "streamer_login", "streamer_name", "broadcaster_type", "profile_seen_at")
SEEN = ("streamer_id", "first_seen_at", "last_seen_at", "last_live_at")


def user(user_id: str, name: str) -> dict[str, str]:
    return {"id": user_id, "login": name.lower(), "display_name": name, "broadcaster_type": "partner"}


def test_a_streamer_is_known_by_streams_alone(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5, user_id="u", user_login="ann", user_name="Ann"),)))
    build_all(warehouse, ["+dim_streamers"])
    assert rows_of(read_table(warehouse, STREAMERS), *READ) == [("u", "ann", "Ann", None, None)]
    assert rows_of(read_table(warehouse, STREAMERS), *SEEN) == [("u", T0, T0, T0)]


def test_the_newest_name_wins_and_the_newest_profile_stays(warehouse: Session):
    renamed = stream("1", 5, user_id="u", user_login="bea", user_name="Bea")
    load(warehouse, LandingFile("users", T0, (user("u", "Ann"),)), LandingFile("streams", minutes(15), (renamed,)))
    build_all(warehouse, ["+dim_streamers"])
    assert rows_of(read_table(warehouse, STREAMERS), *READ) == [("u", "bea", "Bea", "partner", T0)]
    assert rows_of(read_table(warehouse, STREAMERS), *SEEN) == [("u", T0, minutes(15), minutes(15))]


def test_a_late_file_fills_what_it_is_the_newest_for_and_overwrites_nothing(warehouse: Session):
    load(warehouse, LandingFile("streams", minutes(15), (stream("1", 5, user_id="u", user_name="New"),)))
    build_all(warehouse, ["+dim_streamers"])
    load(warehouse, LandingFile("users", T0, (user("u", "Old"),)))
    assert written(build_all(warehouse, ["+dim_streamers"])["dim_streamers"]) == (0, 1, 0)
    assert rows_of(read_table(warehouse, STREAMERS), *READ) == [("u", "login_1", "New", "partner", T0)]
    assert rows_of(read_table(warehouse, STREAMERS), *SEEN) == [("u", T0, minutes(15), minutes(15))]


def test_a_nameless_observation_does_not_take_a_name_away(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5, user_id="u", user_name="Ann"),)))
    nameless = stream("1", 5, user_id="u", user_name="", user_login="")
    load(warehouse, LandingFile("streams", minutes(15), (nameless,)))
    build_all(warehouse, ["+dim_streamers"])
    assert rows_of(read_table(warehouse, STREAMERS), "streamer_name", "named_at") == [("Ann", T0)]


def test_live_logs_bring_streamers_of_another_platform_with_their_registration(warehouse: Session):
    load(
        warehouse,
        LandingFile("users", T0, (user("ann", "Ann"),)),
        read_from_sheet("streams", T0, STREAM),
        read_from_sheet("gifts", minutes(15), {**GIFT, "id": "g2", "receiverUserID": "cat"}, GIFT),
    )
    build_all(warehouse, ["+dim_streamers"])
    read = ("platform", "streamer_id", "streamer_name", "register_country", "profile_seen_at", "last_seen_at")
    assert rows_of(read_table(warehouse, STREAMERS), *read, "last_live_at") == [
        ("livelogs", "ann", None, "United States", T0, minutes(15), None),
        ("livelogs", "cat", None, None, None, minutes(15), None),
        ("twitch", "ann", "Ann", None, T0, T0, None),
    ]


def test_nobody_observed_gives_an_empty_table(warehouse: Session):
    assert written(build_all(warehouse, ["dim_streamers"])["dim_streamers"]) == (0, 0, 0)
    assert rows_of(read_table(warehouse, STREAMERS)) == []
