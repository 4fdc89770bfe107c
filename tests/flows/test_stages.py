"""The order in which a run builds and validates tables."""

from __future__ import annotations

import pytest

from flows.steps import layers
from flows.steps.layers import find_upstream, sort_into_stages
from transforms.catalog import models, select_models


def places(selectors: tuple[str, ...] = ()) -> dict[str, int]:
    return {
        m.table.name: number for number, stage in enumerate(sort_into_stages(select_models(selectors))) for m in stage
    }


def test_no_table_is_built_with_one_that_it_reads_or_before_it():
    place = places()
    assert set(place) == set(models())
    early = [(name, read) for name, model in models().items() for read in model.inputs if place[read] >= place[name]]
    assert early == []


def test_what_a_rule_reads_is_built_by_then():
    place = places()
    read = {name: layers._find_tables_of_rules(name) for name in models()}
    assert {"dim_streamers", "dim_games"} <= read["fact_stream_snapshots"]
    late = [(name, one) for name, tables in read.items() for one in tables if place[one] > place[name]]
    assert late == []


def test_layers_do_not_wait_for_one_another_where_nothing_binds_them():
    assert len(sort_into_stages(select_models())) <= 12
    assert places()["streamers_history"] == places()["dim_streamers"]


@pytest.mark.parametrize("selectors", [("marts",), ("tag:twitch",), ("fact_stream_days", "mart_game_daily")])
def test_a_selection_keeps_its_order(selectors: tuple[str, ...]):
    place = places(selectors)
    early = [(n, r) for n in place for r in models()[n].inputs if r in place and place[r] >= place[n]]
    assert early == []


def test_upstream_is_everything_below():
    assert find_upstream(["fact_stream_days"]) >= {
        "int_stream_observations",
        "stg_twitch_streams",
        "raw_twitch_streams",
    }
    assert find_upstream(["raw_twitch_streams", "no_such_table"]) == set()
