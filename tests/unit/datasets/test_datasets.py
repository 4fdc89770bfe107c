"""Datasets of a small stream, whole: each construct, ties, NULLs, nothing at all, and one statement."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session
from snowflake.snowpark.functions import lit

from tests.properties.dataset_world import ACTIVITIES, Event, numbered, stored_stream
from transforms.activity.definitions.registry import known_activities
from transforms.catalog import models
from transforms.datasets.analysis.plan import plan_of
from transforms.datasets.frames.compile import dataset_of, planned_dataset
from transforms.datasets.syntax.conditions import case, feature, of_append, of_cohort
from transforms.datasets.syntax.errors import QueryError
from transforms.datasets.syntax.parser import parse_query
from transforms.datasets.syntax.query import (
    Output,
    Query,
    aggregate,
    aggregation,
    cohort,
    count,
    every,
    first,
    last,
    list_of,
    nth,
    spine,
)
from transforms.engine.stored import current_database, read_table

T0 = datetime(2024, 1, 31, 20)


def event(activity_id: str, hour: float, activity: str, points: int | None = None, **given: Any) -> Event:
    """An event of Ann's, so many hours after T0."""
    features = dict.fromkeys(feature.name for feature in ACTIVITIES[activity].features)
    customer = given.pop("customer", "twitch:ann")
    anonymous = given.pop("anonymous", None)
    at = T0 + timedelta(hours=hour)
    return Event(activity_id, at, customer, anonymous, activity, {**features, "points": points, **given})


EVENTS = numbered(
    [
        event("s1", 0, "show", 1),
        event("s3", 2, "show", 3),
        event("s2", 2, "show", 2),
        event("g1", 0, "gift", 10, title="x"),
        event("g2", 1, "gift", None, title="y"),
        event("g3", 2, "gift", 30),
        event("g4", 5, "gift", 40, title="x"),
        event("s9", 1, "show", 9, customer=None, anonymous="guest"),
        event("c1", 30, "chat"),
    ]
)


@pytest.fixture(scope="module")
def stream(_unit_session: Session) -> DataFrame:
    return stored_stream(_unit_session, EVENTS, "small_stream")


@pytest.fixture
def ask(stream: DataFrame) -> Any:
    """Ask a question; the rows by entity and time, without the entity and its time."""

    def rows(query: Query) -> list[tuple[Any, ...]]:
        found = dataset_of(query, stream, ACTIVITIES).sort("entity", "ts", "occurrence").collect()
        return [(row[0], *row[3:]) for row in found]

    return rows


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


QUERIES = (Path(__file__).parents[3] / "transforms" / "datasets" / "QUERIES.md").read_text(encoding="utf-8")
ASKED = re.findall(r'^\$ snowcast activity query (?:--table \w+ )?"([^"]+)"', QUERIES, flags=re.MULTILINE)


@pytest.mark.parametrize("question", [one for one in ASKED if "recieved" not in one])
def test_a_question_of_the_documentation_is_answered(question: str, frames: Session):
    plan = plan_of(parse_query(question), known_activities())
    answer = planned_dataset(plan, read_table(frames, models()[plan.stream].table)).collect()
    assert (answer, len(plan.columns) > 4) == ([], True)


def test_the_question_in_python_of_the_documentation_is_that_in_text(frames: Session):
    (block,) = re.findall(r"```python\n(.*?)```", QUERIES, flags=re.DOTALL)
    said: dict[str, Any] = {"timedelta": timedelta, "known_activities": known_activities, "session": frames}
    exec(block.replace("ANALYTICS.ACTIVITY", f"{current_database(frames)}.ACTIVITY"), said)  # noqa: S102
    assert len(ASKED) == 10
    assert repr(said["question"]) == repr(parse_query(ASKED[1]))
    assert said["frame"].collect() == []
