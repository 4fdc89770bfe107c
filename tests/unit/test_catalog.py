"""The catalog: order, selectors, and what a wrong selector is told."""

from __future__ import annotations

import pytest

from transforms.catalog import find_raw_table, find_watched_columns, models, select_models
from transforms.contract import ContractError


def names(*selectors: str) -> list[str]:
    return [model.table.name for model in select_models(list(selectors))]


def test_inputs_come_before_the_tables_that_read_them():
    ordered = names()
    assert sorted(ordered) == sorted(models())
    for name, model in models().items():
        assert all(ordered.index(source) < ordered.index(name) for source in model.inputs)


def test_a_selector_takes_a_name_a_layer_or_a_tag():
    assert names("dim_games") == ["dim_games"]
    assert set(names("staging")) & set(names("tag:twitch")) == {
        *("stg_twitch_games", "stg_twitch_streams", "stg_twitch_users")
    }
    assert "dim_date" not in names("tag:twitch")
    assert (
        names(
            "dim_date",
            "tag:twitch",
            "tag:billing",
            "tag:livelogs",
            "tag:identity",
            "tag:amplitude",
            "tag:kafka",
            "ACTIVITY",
            "MARTS",
        )
        == names()
    )


def test_plus_follows_the_graph_up_and_down():
    assert names("+dim_games") == [
        *("raw_stream_samples", "raw_twitch_games", "raw_twitch_streams"),
        *("stg_stream_samples", "stg_twitch_games", "stg_twitch_streams", "dim_games"),
    ]
    assert names("fact_stream_days+") == [
        *("fact_stream_days", "mart_game_daily", "mart_streamer_daily", "mart_top_streamers"),
    ]


@pytest.mark.parametrize(("wrong", "near"), [("dim_game", "dim_games"), ("tag:twich", "tag:twitch"), ("mart", "marts")])
def test_a_selector_that_matches_nothing_names_near_ones(wrong: str, near: str):
    with pytest.raises(ContractError, match=f"nothing is selected by '{wrong}'; did you mean .*{near}"):
        select_models([wrong])


def test_landing_files_have_one_raw_table_each():
    assert find_raw_table("twitch", "users").name == "raw_twitch_users"
    with pytest.raises(ContractError, match="no raw table takes twitch/clips; known: amplitude/.*, twitch/games"):
        find_raw_table("twitch", "clips")


def test_columns_by_which_later_tables_group_are_watched():
    assert find_watched_columns(models()["stg_twitch_streams"].table) == ("stream_id", "streamer_key", "game_id")
    assert find_watched_columns(models()["mart_top_streamers"].table) == ()
