"""Datasets of a small stream, whole: each construct, ties, NULLs, nothing at all, and one statement."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import lit

from tests.properties.dataset_world import ACTIVITIES
from tests.unit.datasets.conftest import T0
from transforms.catalog import models
from transforms.datasets.frames.compile import dataset_of
from transforms.datasets.syntax.conditions import feature, of_append, of_cohort
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
    nth,
    spine,
)
from transforms.engine.stored import read_table


def test_cohorts_are_numbered_by_time_and_id(ask: Any):
    assert ask(cohort(every("show").take("points"))) == [
        ("s9", 1, 9),
        ("s1", 1, 1),
        ("s2", 2, 2),
        ("s3", 3, 3),
    ]
    assert ask(cohort(first("show"))) == [("s9", 1), ("s1", 1)]
    assert ask(cohort(last("show"))) == [("s9", 1), ("s3", 3)]
    assert ask(cohort(nth(2, "show"))) == [("s2", 2)]
    assert ask(cohort(nth(4, "show"))) == []


def test_a_filter_numbers_anew(ask: Any):
    assert ask(cohort(first("show").where(feature("points") > 1).take("activity_occurrence"))) == [
        ("s9", 1, 1),
        ("s2", 1, 2),
    ]
    found = ask(cohort(first("show")).append(first("gift").ever().where(feature("points") > 10).take("points")))
    assert found == [("s9", 1, None), ("s1", 1, 30)]


def test_before_at_and_after_share_nothing(ask: Any):
    gifts = aggregation("listagg", "activity_id")
    question = cohort(every("show")).append(
        aggregate("gift").before().take(gifts.named("before")),
        aggregate("gift").at().take(gifts.named("at")),
        aggregate("gift").after().take(gifts.named("after")),
    )
    assert ask(question) == [
        ("s9", 1, None, None, None),
        ("s1", 1, None, "g1", "g2, g3, g4"),
        ("s2", 2, "g1, g2", "g3", "g4"),
        ("s3", 3, "g1, g2", "g3", "g4"),
    ]


def test_in_between_ends_at_the_next_occurrence(ask: Any):
    gifts = aggregation("listagg", "activity_id")
    question = cohort(every("show")).append(
        aggregate("gift").in_between().take(gifts.named("after_it")),
        aggregate("gift").in_between(on_or_after=True).take(gifts.named("on_or_after_it")),
        first("gift").in_between().take("activity_id"),
    )
    assert ask(question) == [
        ("s9", 1, None, None, None),
        ("s1", 1, "g2", "g1, g2", "g2"),
        ("s2", 2, None, None, None),
        ("s3", 3, "g4", "g3, g4", "g4"),
    ]


def test_no_match_is_zero_for_counts_and_sums_and_null_otherwise(ask: Any):
    functions = [
        count(),
        *[aggregation(f, "points") for f in ("count_distinct", "sum", "avg", "median", "min", "max")],
        *[aggregation(f, "title") for f in ("first_value", "last_value", "listagg")],
        aggregation("any", feature("points") > 20),
        aggregation("all", feature("points") > 20),
    ]
    question = cohort(last("show")).append(aggregate("gift").before().take(*functions))
    assert ask(question) == [
        ("s9", 1, 0, 0, 0, None, None, None, None, None, None, None, None, None),
        ("s3", 3, 2, 1, 10, 10.0, 10.0, 10, 10, "x", "y", "x, y", False, False),
    ]


def test_extra_conditions_look_at_the_cohorts_row(ask: Any):
    question = cohort(every("show").take("points")).append(
        nth(2, "gift").ever().on(feature("points") > of_cohort("points")).take("activity_id"),
        aggregate("gift").after().within(timedelta(hours=3)).take(count().named("soon")),
        aggregate("gift").after().within(timedelta(hours=2, minutes=59)).take(count().named("sooner")),
    )
    assert ask(question) == [
        ("s9", 1, 9, None, 0, 0),
        ("s1", 1, 1, "g3", 2, 2),
        ("s2", 2, 2, "g3", 1, 0),
        ("s3", 3, 3, "g3", 1, 0),
    ]


def test_a_time_between_is_taken_alone_whatever_the_relation(ask: Any):
    question = cohort(every("show")).append(
        last("gift").before().take("days_between"),
        first("gift").after().take("seconds_between"),
        nth(2, "gift").ever().take("seconds_between"),
        aggregate("gift").after().take(aggregation("max", "seconds_between").named("farthest")),
    )
    assert ask(question) == [
        ("s9", 1, None, None, None, None),
        ("s1", 1, None, 3_600.0, 3_600.0, 18_000.0),
        ("s2", 2, -1 / 24, 10_800.0, -3_600.0, 10_800.0),
        ("s3", 3, -1 / 24, 10_800.0, -3_600.0, 10_800.0),
    ]
    days = cohort(spine("day", "show")).append(first("gift").in_between(on_or_after=True).take("days_between"))
    assert [row[1:] for row in ask(days)] == [
        (1, None),
        (2, None),
        (3, None),
        (1, pytest.approx(20 / 24)),
        (2, pytest.approx(1 / 24)),
        (3, None),
    ]


def test_a_funnel_in_sequence_hangs_each_step_on_the_one_before(ask: Any):
    """A step that repeats is found behind the one before it, not behind the first row: that was the wrong recipe."""
    question = cohort(first("gift")).append(
        first("show").named("shown").after().take("activity_id"),
        first("gift").named("again").after("shown").take("activity_id", "days_between"),
        first("chat").after("again").take("activity_id"),
        first("show").after("again").take(Output(feature("points"), "never")),
        aggregate("gift").before("again").take(count().named("so_far")),
    )
    assert ask(question) == [("g1", 1, "s2", "g4", 0.125, "c1", None, 3)]
    nothing = cohort(first("gift")).append(
        first("show").named("none").after().where(feature("points") > 99),
        first("gift").after("none").take("activity_id"),
        aggregate("gift").after("none").take(count().named("n")),
    )
    assert ask(nothing) == [("g1", 1, None, None, 0)]


def test_an_append_looks_at_what_earlier_ones_picked(ask: Any):
    question = cohort(every("show").take("points")).append(
        last("gift").named("g").ever(),
        first("gift").ever().on(feature("points") * 2 < of_append("g", "points")).take("activity_id"),
        aggregate("gift").ever().on(feature("ts") < of_append("g", "ts")).take(count().named("n")),
        last("gift").at("g").take(Output(feature("points") - of_append("g", "points") + of_cohort("points"), "same")),
    )
    g4 = T0 + timedelta(hours=5)
    assert ask(question) == [
        ("s9", 1, 9, None, None, 0, None),
        ("s1", 1, 1, g4, "g1", 3, 1),
        ("s2", 2, 2, g4, "g1", 3, 2),
        ("s3", 3, 3, g4, "g1", 3, 3),
    ]


def test_several_activities_are_as_one(ask: Any):
    touch = last("gift", "chat").ever().take("activity", "activity_id", "title")
    rows = cohort(every("chat", "show").take("activity")).append(touch, first("gift", "show").after().take("points"))
    assert ask(rows) == [
        ("s9", 1, "show", None, None, None, None),
        ("s1", 1, "show", "chat", "c1", None, None),
        ("s2", 2, "show", "chat", "c1", None, 40),
        ("s3", 3, "show", "chat", "c1", None, 40),
        ("c1", 4, "chat", "chat", "c1", None, None),
    ]


def test_a_spine_has_each_period_to_that_of_the_newest_event(stream: DataFrame):
    gifts = aggregate("gift").in_between(on_or_after=True).take(count().named("gifts"))
    days = dataset_of(cohort(spine("day", "show")).append(gifts), stream, ACTIVITIES)
    assert sorted(tuple(row)[1:] for row in days.collect()) == [
        ("guest", datetime(2024, 1, 31), 1, 0),
        ("guest", datetime(2024, 2, 1), 2, 0),
        ("guest", datetime(2024, 2, 2), 3, 0),
        ("twitch:ann", datetime(2024, 1, 31), 1, 3),
        ("twitch:ann", datetime(2024, 2, 1), 2, 1),
        ("twitch:ann", datetime(2024, 2, 2), 3, 0),
    ]
    bounded = spine("month", "show", start=date(2024, 1, 2), end=date(2024, 3, 1))
    months = dataset_of(cohort(bounded).append(gifts), stream, ACTIVITIES)
    assert sorted(tuple(row)[1:] for row in months.collect()) == [
        ("guest", datetime(2024, 2, 1), 1, 0),
        ("twitch:ann", datetime(2024, 2, 1), 1, 1),
    ]


def test_a_period_of_an_entity_keeps_its_id(stream: DataFrame):
    days = dataset_of(cohort(spine("day", "show")), stream, ACTIVITIES).sort("entity", "ts")
    texts = [f"3:day{len(who)}:{who}5:{day}" for who in ("guest", "twitch:ann") for day in (19753, 19754, 19755)]
    assert [row[0] for row in days.collect()] == [hashlib.md5(text.encode()).hexdigest() for text in texts]


def test_periods_are_made_once_for_all_entities_that_begin_together(stream: DataFrame):
    (statement,) = dataset_of(cohort(spine("month", "show")), stream, ACTIVITIES).queries["queries"]
    repeated = statement[: statement.index("array_generate_range")].rpartition("SELECT")[2]
    assert "SINCE" in repeated
    assert "ENTITY" not in repeated


def test_columns_are_named_by_what_they_hold_unless_told(stream: DataFrame):
    question = cohort(first("show").take("title")).append(
        first("gift").after(),
        nth(2, "gift").ever().take("points"),
        aggregate("gift").in_between().take(count(), aggregation("sum", "points"), aggregation("max", "ts").named("m")),
    )
    assert dataset_of(question, stream, ACTIVITIES).columns == [
        "ACTIVITY_ID",
        "ENTITY",
        "TS",
        "OCCURRENCE",
        "TITLE",
        "FIRST_GIFT_AFTER_TS",
        "NTH2_GIFT_EVER_POINTS",
        "COUNT_GIFT_IN_BETWEEN",
        "SUM_POINTS_GIFT_IN_BETWEEN",
        "M",
    ]


def test_a_dataset_is_one_statement_and_lazy(frames: Session, stream: DataFrame):
    question = cohort(every("show")).append(
        last("gift").before().take("points"), first("gift").after(), aggregate("gift").in_between()
    )
    with frames.query_history() as history:
        frame = dataset_of(question, stream, ACTIVITIES)
        assert history.queries == []
        assert len(frame.collect()) == 4
    assert len(history.queries) == 1


def test_an_empty_stream_gives_an_empty_dataset_of_the_same_columns(stream: DataFrame):
    nothing = stream.filter(lit(1) == lit(2))
    for rows in (every("show"), spine("week", "show")):
        question = cohort(rows).append(aggregate("gift").before(), last("gift").in_between().take("points"))
        frame = dataset_of(question, nothing, ACTIVITIES)
        assert (frame.collect(), len(frame.columns)) == ([], 6)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: nth(0, "show"), "nth counts from 1"),
        (lambda: spine("year", "show"), "'year' is no period; known: day, week, month"),
        (lambda: aggregation("mode", "points"), "'mode' is no aggregation; known: count"),
        (lambda: cohort(every("show").where(feature("points").is_in())), "points can be one of nothing"),
        (lambda: cohort(every("show").where(True)), "True is no condition"),
        (lambda: cohort(every("show").where("points > 5")), "'points > 5' is no condition"),
        (lambda: cohort(every("show").take(5)), "5 is nothing that can be taken"),
        (lambda: cohort(every()), "name an activity"),
        (lambda: cohort(every("show").take(feature("points") + 1)), "what is computed needs a name"),
        (lambda: cohort(every("show").where(feature("points") == float("nan"))), "cannot be compared|is no number"),
        (lambda: cohort(first("show")).append(first("gift").after("g")), "'g' is no earlier append"),
        (lambda: cohort(aggregate("show")), "a cohort has a row per occurrence"),
        (lambda: cohort(first("show")).append(every("gift").ever()), "say first, last, nth or aggregate"),
        (
            lambda: cohort(first("show")).append(first("gift").ever().within(timedelta(days=-1))),
            "within takes a positive length of time",
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(make: Any, said: str, stream: DataFrame):
    with pytest.raises(QueryError, match=said.replace("(", r"\(")):
        dataset_of(make(), stream, ACTIVITIES)


def test_a_question_of_a_hundred_appends_is_asked_without_a_statement_before(frames: Session):
    """What Snowpark would ask about columns grew with the square of the appends."""
    stream = read_table(frames, models()["viewer_activity"].table)
    appends = [aggregate("gift").before().where(feature("points") > n).take(count().named(f"n{n}")) for n in range(100)]
    with frames.query_history(include_describe=True) as history:
        frame = dataset_of(cohort(every("show")).append(*appends), stream, ACTIVITIES)
        assert len(frame.columns) == 104
        assert history.queries == []
        frame.collect()
    assert len(history.queries) == 1
