"""Values and conditions of datasets: sums, times between, what is computed, chosen and listed."""

from __future__ import annotations

import json
from functools import reduce
from operator import or_
from typing import Any

import pytest

from transforms.datasets.syntax.conditions import case, feature, of_cohort
from transforms.datasets.syntax.errors import QueryError
from transforms.datasets.syntax.query import (
    Output,
    aggregate,
    aggregation,
    cohort,
    count,
    every,
    first,
    last,
    list_of,
)


def test_sums_include_the_row_itself(ask: Any):
    total, many = aggregation("sum", "points").named("total"), count().named("so_far")
    question = cohort(every("show").take("points")).append(
        aggregate("show").on_or_before().take(total, many),
        aggregate("gift").on_or_after().take(count().named("gifts")),
        last("gift").on_or_before().take("activity_id"),
        first("gift").on_or_after().take("activity_id"),
    )
    assert ask(question) == [
        ("s9", 1, 9, 9, 1, 0, None, None),
        ("s1", 1, 1, 1, 1, 4, "g1", "g1"),
        ("s2", 2, 2, 6, 3, 2, "g3", "g3"),
        ("s3", 3, 3, 6, 3, 2, "g3", "g3"),
    ]
    last_only = cohort(last("show").take("points")).append(aggregate("show").on_or_before().take(total, many))
    assert ask(last_only) == [("s9", 1, 9, 9, 1), ("s3", 3, 3, 6, 3)]


def test_gaps_and_medians_of_times_between(ask: Any):
    """Only gifts at least an hour and a half behind the stream count, and half of them come within so many hours."""
    question = cohort(first("show")).append(
        aggregate("gift")
        .after()
        .on(feature("days_between") >= 1.5 / 24)
        .take(count().named("late"), aggregation("median", feature("seconds_between") / 3_600).named("hours"))
    )
    assert ask(question) == [("s9", 1, 0, None), ("s1", 1, 2, 3.5)]


def test_values_are_computed_and_chosen(ask: Any):
    size = case((feature("points") >= 30, "big"), (feature("points").is_null(), None), otherwise="small")
    question = cohort(every("gift").take("title", Output(size, "size"), Output(feature("points") / 20 - 1, "x")))
    assert ask(question) == [
        ("g1", 1, "x", "small", -0.5),
        ("g2", 2, "y", None, None),
        ("g3", 3, None, "big", 0.5),
        ("g4", 4, "x", "big", 1.0),
    ]
    by_zero = cohort(first("gift").take(Output(1 / (feature("points") - 10), "x")))
    assert ask(by_zero) == [("g1", 1, None)]
    likes = cohort(every("gift").where(feature("title").like("_") & ~feature("points").between(11, 39)))
    assert [row[0] for row in ask(likes)] == ["g1", "g4"]


def test_lists_have_an_order_and_a_separator(ask: Any):
    title = feature("title")
    question = cohort(first("show")).append(
        aggregate("gift")
        .ever()
        .take(
            list_of("activity_id", " > ", by=feature("points"), descending=True).named("by_points"),
            list_of(title).named("titles"),
            aggregation("listagg_distinct", "title").named("different"),
            list_of("activity_id", "", by=title).named("by_title"),
        )
    )
    assert ask(question) == [
        ("s9", 1, None, None, None, None),
        ("s1", 1, "g4 > g3 > g1 > g2", "x, y, x", "x, y", "g1g4g2g3"),
    ]


def test_the_whole_of_the_features_can_be_taken(ask: Any):
    question = cohort(first("show").take("feature_json")).append(first("gift").ever().take("feature_json"))
    (_, of_guest, none), (_, of_ann, gift) = ((row[0], row[2], row[3]) for row in ask(question))
    assert none is None
    assert [json.loads(one)["points"] for one in (of_guest, of_ann, gift)] == [9, 1, 10]


@pytest.mark.parametrize(
    "use",
    [
        lambda: feature("points") == 5 and feature("title") == "a",
        lambda: not feature("is_gold"),
        lambda: 1 < feature("points") < 5,
        lambda: feature("points") in [1, 2],
        lambda: [1] if feature("points") >= 5 else [],
        lambda: bool(feature("points")),
    ],
)
def test_a_condition_cannot_be_used_as_a_boolean(use: Any):
    with pytest.raises(QueryError, match="neither true nor false"):
        use()


def test_operators_of_python_are_conditions(ask: Any):
    points = feature("points")
    for condition, expected in (
        (points == 2, ["s2"]),
        (points != 2, ["s9", "s1", "s3"]),
        ((points == 1) | (points == 9), ["s9", "s1"]),
        (~(points > 1), ["s1"]),
        (points >= 3, ["s9", "s3"]),
        (points + points == 6, ["s3"]),
        (feature("title") == feature("title"), []),
    ):
        assert [row[0] for row in ask(cohort(every("show").where(condition)))] == expected
    related = cohort(every("show")).append(
        first("gift").ever().on(feature("ts") == of_cohort("ts")).take("activity_id")
    )
    assert ask(related) == [("s9", 1, None), ("s1", 1, "g1"), ("s2", 2, "g3"), ("s3", 3, "g3")]


def test_hundreds_of_values_and_conditions_are_answered(ask: Any):
    options, points = range(2, 502), feature("points")
    either = reduce(or_, [points == option for option in options])
    for condition in (points.is_in(*options), either, ~~either):
        assert [row[0] for row in ask(cohort(every("show").where(condition)))] == ["s9", "s2", "s3"]
