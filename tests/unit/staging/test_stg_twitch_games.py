"""Categories in staging."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import T0, LandingFile, build_all, load, rows_of, written
from transforms.engine.stored import read_table
from transforms.ops import QUARANTINE
from transforms.staging.stg_twitch_games import TABLE


def test_games_become_typed_rows_and_an_empty_id_is_refused(warehouse: Session):
    chess = {"id": "743", "name": "Chess", "box_art_url": "https://example.com/c.jpg", "igdb_id": ""}
    load(warehouse, LandingFile("games", T0, (chess, {"id": 33, "name": "Number"}, {**chess, "id": ""})))
    assert written(build_all(warehouse, [TABLE.name])[TABLE.name]) == (2, 0, 0)
    names = [column.name for column in TABLE.columns]
    assert rows_of(read_table(warehouse, TABLE), *names) == [
        ("33", T0, "Number", None, None),
        ("743", T0, "Chess", "https://example.com/c.jpg", None),
    ]
    assert rows_of(read_table(warehouse, QUARANTINE), "rule") == [("game_id_missing",)]
