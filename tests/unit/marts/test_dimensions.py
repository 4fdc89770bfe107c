"""Dimensions: the newest observation wins, whatever listing it comes from and whenever it arrives."""

from __future__ import annotations

from datetime import date, timedelta

from snowflake.snowpark import Session
from snowflake.snowpark.functions import col

from tests.feeding import T0, LandingFile, build_all, load, minutes, rows_of, stream, written
from transforms.batches import stored
from transforms.marts import dim_date
from transforms.marts.dim_games import TABLE as GAMES
from transforms.marts.dim_streamers import TABLE as STREAMERS

READ = ("streamer_id", "streamer_login", "streamer_name", "broadcaster_type", "profile_seen_at")
SEEN = ("streamer_id", "first_seen_at", "last_seen_at", "last_live_at")


def user(user_id: str, name: str) -> dict[str, str]:
    return {"id": user_id, "login": name.lower(), "display_name": name, "broadcaster_type": "partner"}


def test_a_streamer_is_known_by_streams_alone(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5, user_id="u", user_login="ann", user_name="Ann"),)))
    build_all(warehouse, ["+dim_streamers"])
    assert rows_of(stored(warehouse, STREAMERS), *READ) == [("u", "ann", "Ann", None, None)]
    assert rows_of(stored(warehouse, STREAMERS), *SEEN) == [("u", T0, T0, T0)]


def test_the_newest_name_wins_and_the_newest_profile_stays(warehouse: Session):
    renamed = stream("1", 5, user_id="u", user_login="bea", user_name="Bea")
    load(warehouse, LandingFile("users", T0, (user("u", "Ann"),)), LandingFile("streams", minutes(15), (renamed,)))
    build_all(warehouse, ["+dim_streamers"])
    assert rows_of(stored(warehouse, STREAMERS), *READ) == [("u", "bea", "Bea", "partner", T0)]
    assert rows_of(stored(warehouse, STREAMERS), *SEEN) == [("u", T0, minutes(15), minutes(15))]


def test_a_late_file_fills_what_it_is_the_newest_for_and_overwrites_nothing(warehouse: Session):
    load(warehouse, LandingFile("streams", minutes(15), (stream("1", 5, user_id="u", user_name="New"),)))
    build_all(warehouse, ["+dim_streamers"])
    load(warehouse, LandingFile("users", T0, (user("u", "Old"),)))
    assert written(build_all(warehouse, ["+dim_streamers"])["dim_streamers"]) == (0, 1, 0)
    assert rows_of(stored(warehouse, STREAMERS), *READ) == [("u", "login_1", "New", "partner", T0)]
    assert rows_of(stored(warehouse, STREAMERS), *SEEN) == [("u", T0, minutes(15), minutes(15))]


def test_a_nameless_observation_does_not_take_a_name_away(warehouse: Session):
    load(warehouse, LandingFile("streams", T0, (stream("1", 5, user_id="u", user_name="Ann"),)))
    nameless = stream("1", 5, user_id="u", user_name="", user_login="")
    load(warehouse, LandingFile("streams", minutes(15), (nameless,)))
    build_all(warehouse, ["+dim_streamers"])
    assert rows_of(stored(warehouse, STREAMERS), "streamer_name", "named_at") == [("Ann", T0)]


def test_a_category_that_no_listing_returned_is_named_by_its_streams(warehouse: Session):
    records = (stream("1", 5, game_id="g9", game_name="Go"), stream("2", 1, game_id="", game_name=""))
    chess = {"id": "g1", "name": "Chess", "box_art_url": "c.jpg", "igdb_id": "7"}
    load(warehouse, LandingFile("streams", T0, records), LandingFile("games", T0, (chess,)))
    build_all(warehouse, ["+dim_games"])
    assert rows_of(stored(warehouse, GAMES).select(*GAMES.column_names)) == [
        ("", "No category", T0, None, None, None, T0, T0),
        ("g1", "Chess", T0, "c.jpg", "7", T0, T0, T0),
        ("g9", "Go", T0, None, None, None, T0, T0),
    ]


def test_the_calendar_agrees_with_python_on_every_day(frames: Session):
    built = rows_of(dim_date.build(session=frames, today=date(2024, 2, 3)))
    days = [dim_date.FIRST_DAY + timedelta(days=n) for n in range((date(2025, 1, 1) - dim_date.FIRST_DAY).days)]
    assert built == [
        (
            *(day, day.year, (day.month + 2) // 3, day.month, day.day, day.isoweekday(), *day.isocalendar()[:2]),
            *(day - timedelta(days=day.weekday()), day.replace(day=1), day.isoweekday() > 5),
        )
        for day in days
    ]


def test_the_calendar_is_rebuilt_only_for_another_day(warehouse: Session):
    first = build_all(warehouse, ["dim_date"], parameters={"today": date(2023, 5, 1)})["dim_date"]
    same = build_all(warehouse, ["dim_date"], parameters={"today": date(2023, 5, 1)})["dim_date"]
    later = build_all(warehouse, ["dim_date"], parameters={"today": date(2023, 5, 2)})["dim_date"]
    next_year = build_all(warehouse, ["dim_date"], parameters={"today": date(2024, 1, 1)})["dim_date"]
    assert (first.rows_inserted, same.skipped, written(later), written(next_year)) == (
        6209,
        True,
        (0, 0, 0),
        (366, 0, 0),
    )
    assert stored(warehouse, dim_date.TABLE).filter(col("is_weekend")).count() > 0
