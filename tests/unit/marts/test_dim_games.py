"""Categories: the newest observation wins, whatever listing it comes from and whenever it arrives."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, load, minutes, rows_of, stream, written
from transforms.engine.stored import read_table
from transforms.marts.dim_games import TABLE as GAMES


def test_a_category_that_no_listing_returned_is_named_by_its_streams(warehouse: Session):
    records = (stream("1", 5, game_id="g9", game_name="Go"), stream("2", 1, game_id="", game_name=""))
    chess = {"id": "g1", "name": "Chess", "box_art_url": "c.jpg", "igdb_id": "7"}
    load(warehouse, LandingFile("streams", T0, records), LandingFile("games", T0, (chess,)))
    build_all(warehouse, ["+dim_games"])
    assert rows_of(read_table(warehouse, GAMES).select(*GAMES.column_names)) == [
        ("", "No category", T0, None, None, None, T0, T0),
        ("g1", "Chess", T0, "c.jpg", "7", T0, T0, T0),
        ("g9", "Go", T0, None, None, None, T0, T0),
    ]


def test_a_renamed_category_takes_the_newest_name_also_from_a_late_listing(warehouse: Session):
    new_name = stream("1", 5, game_id="g1", game_name="Chess 2")
    load(warehouse, LandingFile("streams", minutes(15), (new_name,)))
    build_all(warehouse, ["+dim_games"])
    late = {"id": "g1", "name": "Chess", "box_art_url": "c.jpg", "igdb_id": ""}
    load(warehouse, LandingFile("games", T0, (late,)))
    assert written(build_all(warehouse, ["+dim_games"])["dim_games"]) == (0, 1, 0)
    assert rows_of(read_table(warehouse, GAMES).select(*GAMES.column_names)) == [
        ("g1", "Chess 2", minutes(15), "c.jpg", None, T0, T0, minutes(15))
    ]
