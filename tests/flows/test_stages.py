"""The order in which a run builds and validates tables."""

from __future__ import annotations

from itertools import groupby

from flows.layers import _stages
from transforms.catalog import in_order, models


def test_no_table_is_built_with_one_that_it_reads_or_before_it():
    stages = _stages(in_order())
    stage_of = {model.table.name: number for number, (_, stage) in enumerate(stages) for model in stage}
    assert set(stage_of) == set(models())
    early = [
        (name, read) for name, model in models().items() for read in model.inputs if stage_of[read] >= stage_of[name]
    ]
    assert early == []


def test_each_layer_is_built_once_and_the_marts_of_activities_after_the_activities():
    stages = _stages(in_order())
    assert [layer for layer, _ in groupby(layer for layer, _ in stages)] == [
        *("RAW", "STAGING", "HISTORY", "MARTS", "ACTIVITY", "MARTS")
    ]
    counted = {model.table.name for _, stage in stages[-2:] for model in stage}
    assert counted == {"int_customer_periods", "mart_growth_accounting", "mart_retention_cohorts"}
