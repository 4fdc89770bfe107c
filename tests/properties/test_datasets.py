"""Datasets equal a brute-force oracle on generated streams, in every combination of what the language has."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from snowflake.snowpark import DataFrame, Session

from tests.properties import dataset_oracle
from tests.properties.dataset_world import ACTIVITIES, T0, Event, generated, in_one_spelling, stored_stream
from transforms.datasets.frames.compile import dataset_of
from transforms.datasets.syntax.conditions import Condition, case, feature, of_append, of_cohort
from transforms.datasets.syntax.query import (
    Append,
    Output,
    Pick,
    Query,
    Relation,
    Selection,
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

pytestmark = pytest.mark.lengthy

SEED = 20240227
GOOD_SHOW = feature("points") >= 1
COHORTS = {
    "first": first("show").take("points", "title"),
    "filtered first": first("show").where(GOOD_SHOW).take("points"),
    "last": last("show").take("amount"),
    "third": nth(3, "show").take("points"),
    "every": every("show").take("points", "activity_occurrence", "link"),
    "filtered every": every("show").where(GOOD_SHOW | feature("is_gold").is_null()).take("seen_at"),
    "days": spine("day", "show"),
    "weeks of filtered": replace(spine("week", "show", start=date(2024, 2, 28)), condition=GOOD_SHOW),
    "months until": spine("month", "show", end=date(2024, 4, 1)),
}
RELATIONS = [(relation, False) for relation in Relation] + [(Relation.IN_BETWEEN, True)]
HANGING = (Relation.BEFORE, Relation.ON_OR_BEFORE, Relation.AT, Relation.ON_OR_AFTER, Relation.AFTER)
TEMPER = case((feature("points") > 4, "hot"), (feature("title").like("_"), feature("title")), otherwise="cold")
COMPUTED = (
    feature("points") * 2 - feature("activity_occurrence"),
    feature("amount") / feature("points"),
    -feature("share") + feature("amount"),
    feature("amount") * feature("amount"),
    100 - feature("days_between") * 24,
    TEMPER,
    case((feature("is_gold"), feature("amount")), otherwise=0),
)
VALUES = ("ts", "points", "amount", "share", "title", "is_gold", "seen_at", "revenue_impact", "activity_id")
WHOLE = (
    aggregation("median", "points"),
    aggregation("count_distinct", "title"),
    aggregation("listagg", "title"),
    aggregation("listagg", "activity_id"),
    aggregation("first_value", "points"),
    aggregation("last_value", "title"),
    aggregation("median", "amount"),
    aggregation("listagg_distinct", "title"),
    list_of("title", "; ", by=feature("points"), descending=True),
    list_of("activity_id", "", by=feature("share")),
    list_of(TEMPER, "/"),
    aggregation("max", "days_between"),
    aggregation("median", "seconds_between"),
    aggregation("any", feature("days_between") > 1),
)
RUNNING = (
    count(),
    count("title"),
    *[aggregation(name, of) for name in ("sum", "avg") for of in ("points", "amount", "share")],
    *[aggregation(name, of) for name in ("min", "max") for of in ("points", "amount", "title", "seen_at", "ts")],
    aggregation("any", "is_gold"),
    aggregation("all", feature("points") > 2),
    aggregation("any", feature("title").is_in("a", "b") & ~feature("is_gold").is_null()),
    aggregation("sum", feature("points") * feature("amount")),
    aggregation("avg", case((feature("points") > 0, feature("points")))),
    count(feature("points") / feature("share")),
)
SELECTIONS = [
    first("gift"),
    first("gift").take(*VALUES),
    last("gift").take("ts", "days_between"),
    last("show").take(*VALUES, "days_between"),
    nth(2, "gift").take("points", "ts", "seconds_between"),
    nth(1, "show").take("amount"),
    aggregate("gift").take(*WHOLE),
    aggregate("gift").take(*RUNNING),
    aggregate("show").take(count(), aggregation("sum", "points"), aggregation("last_value", "points")),
    aggregate("gift").take(count()),
    first("gift", "chat").take("points", "activity", "amount"),
    last("show", "chat", "gift").take("activity_id", "days_between"),
    nth(3, "gift", "chat").take("title", "feature_json"),
    aggregate("chat", "gift").take(count(), aggregation("sum", "points"), aggregation("listagg", "activity")),
    first("gift").take("days_between"),
    last("gift").take(*COMPUTED),
    nth(2, "show").take(*COMPUTED, "feature_json"),
]
EXTRAS = ("none", "where", "on", "within")


@dataclass(frozen=True)
class Case:
    """One append to one cohort."""

    cohort: str
    append: Append


def condition_of(dice: random.Random, depth: int = 2) -> Condition:
    """A condition of any shape."""
    if depth and dice.random() < 0.6:
        left, right = condition_of(dice, depth - 1), condition_of(dice, depth - 1)
        return dice.choice([left & right, left | right, ~left])
    return dice.choice(
        [
            feature("points") > dice.randrange(-2, 5),
            feature("points") <= feature("activity_occurrence"),
            feature("amount") < Decimal("1.5"),
            feature("points") + feature("activity_occurrence") * 2 >= dice.randrange(9),
            feature("points").between(dice.randrange(-2, 3), 4),
            feature("title").like(dice.choice(["a", "_", "%'s", 'q"%', "ä%", "%"])),
            case((feature("is_gold"), feature("points")), otherwise=2) == 2,
            feature("share") / feature("points") > Decimal("0.3"),
            feature("share").differs(0.25),
            feature("title").is_in("a", "it's", ""),
            feature("title").equals('q"q'),
            feature("is_gold").equals(True),
            feature("seen_at") >= T0 + timedelta(hours=dice.randrange(80)),
            feature("ts") < T0 + timedelta(hours=dice.randrange(80)),
            feature("revenue_impact").is_null(),
            feature("link").is_null(),
        ]
    )


def extra_of(dice: random.Random, is_spine: bool) -> Condition:
    """An extra condition that looks at the cohort's row."""
    if is_spine:
        return dice.choice([feature("seen_at") > of_cohort("ts"), feature("days_between").between(-1, 1.5)])
    return dice.choice(
        [
            feature("days_between") > dice.randrange(-2, 2),
            (feature("seconds_between") / 3_600 <= 5) | (feature("points") - of_cohort("points") > 2),
            feature("points") > of_cohort("points"),
            feature("title").equals(of_cohort("title")) | (feature("points") < of_cohort("points")),
            (feature("points") >= 0) & feature("is_gold").differs(of_cohort("is_gold")),
            ~(feature("seen_at") < of_cohort("ts")),
        ]
    )


def cases(seed: int, share: float) -> Iterator[tuple[Query, list[str]]]:
    """Questions of a cohort and a relation each, with the appends of this share of all combinations.

    The combinations are dealt like cards, so that each comes up as often as any other.
    """
    dice = random.Random(seed)
    combinations, deck = list(product(SELECTIONS, EXTRAS)), list[Any]()
    for name, (relation, on_or_after) in product(COHORTS, RELATIONS):
        dealt = round(len(combinations) * share)
        if len(deck) < dealt:
            deck += dice.sample(combinations, len(combinations))
        chosen, deck = deck[:dealt], deck[dealt:]
        question, told = cohort(COHORTS[name]), []
        for selection, extra in chosen:
            append = Append(_named(selection, len(told)), relation, on_or_after)
            if extra in ("where", "on") or dice.random() < 0.3:
                append = append.where(condition_of(dice)) if extra != "on" else append
            if extra == "on":
                append = append.on(extra_of(dice, is_spine=not isinstance(COHORTS[name], Selection)))
            if extra == "within":
                append = append.within(timedelta(hours=dice.choice([0, 3, 30])))
            question = question.append(_related_to_earlier(dice, append, question))
            told.append(f"{name}: {append}")
        yield question, told


def _related_to_earlier(dice: random.Random, append: Append, question: Query) -> Append:
    """The append under a name, where it picks one event; at times it hangs on one that has a name, or looks at it."""
    names = [one.selection.name for one in question.appends if one.selection.name]
    if append.selection.pick is not Pick.AGGREGATE and dice.random() < 0.5:
        append = replace(append, selection=append.selection.named(f"g{len(question.appends)}"))
    if not names or dice.random() < 0.4:
        return append
    anchor = dice.choice(names)
    if dice.random() < 0.8:
        append = replace(append, relation=dice.choice(HANGING), on_or_after=False, anchor=anchor)
    if dice.random() < 0.3:
        append = append.on(feature("points") >= of_append(dice.choice(names), "points"))
    if dice.random() < 0.3:
        taken = feature("points") - of_append(anchor, "points")
        of = aggregation("sum", taken) if append.selection.pick is Pick.AGGREGATE else taken
        append = append.take(Output(of, f"since_{len(question.appends)}"))
    return append


def _named(selection: Selection, place: int) -> Selection:
    """The selection with columns whose names no other append has."""
    outputs = selection.outputs or selection.take(count() if selection.pick is Pick.AGGREGATE else "ts").outputs
    return replace(selection, outputs=tuple(replace(output, alias=f"a{place}_{i}") for i, output in enumerate(outputs)))


def comparable(value: Any) -> Any:
    """Numbers alike whatever their type, as exact as a mean can be."""
    if isinstance(value, Decimal | float | int) and not isinstance(value, bool):
        return round(float(value), 5)
    return in_one_spelling(value) if isinstance(value, str) and value.startswith("{") else value


def compared(query: Query, events: list[Event], stream: DataFrame) -> int:
    """Hold the dataset against the oracle, column by column; how many rows there are."""
    found = [tuple(map(comparable, row))[1:] for row in dataset_of(query, stream, ACTIVITIES).collect()]
    expected = [tuple(map(comparable, row)) for row in dataset_oracle.answer(query, events)]

    def in_order(row: tuple[Any, ...]) -> Any:
        return row[:3]

    assert len(found) == len(expected)
    wrong = [
        (own, other)
        for own, other in zip(sorted(found, key=in_order), sorted(expected, key=in_order), strict=True)
        if own != other
    ]
    assert not wrong, f"{len(wrong)} rows differ: {differing(query, *wrong[0])}"
    return len(found)


def differing(query: Query, found: tuple[Any, ...], expected: tuple[Any, ...]) -> str:
    """The columns that differ."""
    outputs = [
        *getattr(query.cohort, "outputs", ()),
        *[(a, output) for a in query.appends for output in a.selection.outputs],
    ]
    told = ["entity", "ts", "occurrence", *outputs]
    return "; ".join(
        f"{told[place]}: found {own!r}, expected {other!r} (row {found[:3]})"
        for place, (own, other) in enumerate(zip(found, expected, strict=True))
        if own != other
    )


@pytest.fixture(scope="module")
def session(at_once: Session) -> Iterator[Session]:
    """A session that does not ask for the columns of every step of a frame: half the time, the same statements."""
    chosen = at_once.reduce_describe_query_enabled, at_once.sql_simplifier_enabled
    at_once.reduce_describe_query_enabled = at_once.sql_simplifier_enabled = True
    yield at_once
    at_once.reduce_describe_query_enabled, at_once.sql_simplifier_enabled = chosen


@pytest.fixture(scope="module")
def world(session: Session) -> tuple[list[Event], DataFrame]:
    """A generated stream, and the table that holds it."""
    events = generated(SEED)
    return events, stored_stream(session, events, "generated_stream")


@pytest.mark.parametrize("name", list(COHORTS))
def test_datasets_equal_the_oracle(name: str, world: tuple[list[Event], DataFrame]):
    events, stream = world
    checked = 0
    for query, told in cases(SEED, 0.05):
        if query.cohort is COHORTS[name]:
            assert compared(query, events, stream) > 0
            checked += len(told)
    assert checked * len(COHORTS) >= 3 * len(SELECTIONS) * len(EXTRAS)


COHORT_ROWS = {"first": 20, "every": 90, "days": 90}


@pytest.mark.parametrize("name", list(COHORT_ROWS))
def test_each_event_is_in_exactly_one_part_of_time(name: str, world: tuple[list[Event], DataFrame]):
    events, stream = world
    ids = aggregation("listagg", "activity_id")
    parts = [Relation.BEFORE, Relation.AT, Relation.AFTER]
    relations = [(part, False) for part in (*parts, Relation.EVER, Relation.IN_BETWEEN)] + [(Relation.IN_BETWEEN, True)]
    query = cohort(COHORTS[name])
    for place, (relation, on_or_after) in enumerate(relations):
        query = query.append(Append(aggregate("gift").take(ids.named(f"part_{place}")), relation, on_or_after))
    rows = [row.as_dict() for row in dataset_of(query, stream, ACTIVITIES).collect()]
    seen: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        before, at, after, ever, between, on_or_between = (
            (row[f"PART_{place}"] or "").split(", ") if row[f"PART_{place}"] else [] for place in range(6)
        )
        assert before + at + after == ever, "in order of time, each once"
        assert set(on_or_between) <= set(at) | set(after)
        assert set(on_or_between) - set(between) <= set(at)
        seen[row["ENTITY"]] += on_or_between
    assert len(rows) >= COHORT_ROWS[name]
    assert all(len(ids) == len(set(ids)) for ids in seen.values()), "[this, next) of two rows share no event"
    if name == "every":
        begun = {e.entity: e.ts for e in events if e.activity == "show" and e.activity_occurrence == 1}
        gifts = [e for e in events if e.activity == "gift" and e.entity in begun]
        expected = {e.activity_id for e in gifts if e.ts >= begun[e.entity]}
        assert {one for ids in seen.values() for one in ids} == expected


@pytest.mark.parametrize("name", ["filtered first", "every", "weeks of filtered"])
def test_appends_neither_add_nor_drop_rows(name: str, world: tuple[list[Event], DataFrame]):
    _, stream = world
    alone = cohort(COHORTS[name])
    relations = [Append(_named(s, i), r) for i, (s, r) in enumerate(product(SELECTIONS[:3], Relation))]
    unmatched = aggregate("chat").ever().where(feature("points") > 1_000).take(count().named("never"))
    kept = ["activity_id", "entity", "ts", "occurrence"]
    rows = dataset_of(alone, stream, ACTIVITIES).select(*kept).collect()
    appended = dataset_of(alone.append(*relations, unmatched), stream, ACTIVITIES)
    assert sorted(map(tuple, appended.select(*kept).collect())) == sorted(map(tuple, rows))
    assert len({row[0] for row in rows}) == len(rows)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 4))
def test_datasets_equal_the_oracle_at_length(seed: int, session: Session):
    events = generated(seed, customers=120)
    stream = stored_stream(session, events, "generated_stream_at_length")
    for query, _ in cases(seed, 0.4):
        compared(query, events, stream)
