"""Questions as text: each construct reads as the builder builds it, and each mistake is told at its word."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.properties.dataset_world import ACTIVITIES
from transforms.activity.definitions.activity import Activity
from transforms.activity.definitions.registry import known_activities
from transforms.datasets.analysis.plan import plan_of
from transforms.datasets.syntax.conditions import feature, of_cohort
from transforms.datasets.syntax.errors import QueryError, Word
from transforms.datasets.syntax.parser import parse_query
from transforms.datasets.syntax.query import (
    Aggregation,
    Function,
    Output,
    Query,
    Relation,
    Value,
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

KNOWN = {**ACTIVITIES, "paid": Activity("paid", "viewer_activity", "of another stream", ())}


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("first show", cohort(first("show"))),
        ("LAST show", cohort(last("show"))),
        ("nth 3 show take ts, points as p", cohort(nth(3, "show").take("ts", Output(Value("points"), "p")))),
        ('all "a name"', cohort(every("a name"))),
        ("every month of show", cohort(spine("month", "show"))),
        (
            "every day of show where points > 1 from 2024-01-01 until '2024-02-01'",
            cohort(
                spine("day", "show", start=date(2024, 1, 1), end=date(2024, 2, 1)).where(feature("points") > 1),
            ),
        ),
        (
            "first show append first gift after\nappend last gift in_between on_or_after",
            cohort(first("show")).append(first("gift").after(), last("gift").in_between(on_or_after=True)),
        ),
        (
            "first show append aggregate gift ever take count() as n, sum(points), any(points >= 2.5), all(is_gold)",
            cohort(first("show")).append(
                aggregate("gift")
                .ever()
                .take(
                    count().named("n"),
                    aggregation("sum", "points"),
                    aggregation("any", feature("points") >= Decimal("2.5")),
                    Aggregation(Function.ALL, Value("is_gold")),
                )
            ),
        ),
        (
            "first show append nth 2 gift before where title = 'it''s' on points > cohort.points within 1.5 hours",
            cohort(first("show")).append(
                nth(2, "gift")
                .before()
                .where(feature("title").equals("it's"))
                .on(feature("points") > of_cohort("points"))
                .within(timedelta(minutes=90))
            ),
        ),
        (
            "all show where not (is_gold or points <> -1) and title is not null and title not in ('a', 'b')",
            cohort(
                every("show").where(
                    ~(feature("is_gold").equals(True) | feature("points").differs(-1))
                    & ~feature("title").is_null()
                    & ~feature("title").is_in("a", "b")
                )
            ),
        ),
        (
            "all show where points = 1 or points = 2 and is_gold = false",
            cohort(
                every("show").where(
                    feature("points").equals(1) | (feature("points").equals(2) & feature("is_gold").equals(False))
                )
            ),
        ),
        (
            "all show where ts >= 2024-01-01 where title is null",
            cohort(every("show").where(feature("ts") >= "2024-01-01").where(feature("title").is_null())),
        ),
    ],
)
def test_a_text_reads_as_the_builder_builds(text: str, question: Query):
    assert repr(parse_query(text)) == repr(question)


@pytest.mark.parametrize("relation", list(Relation))
def test_every_relation_has_its_word(relation: Relation):
    assert parse_query(f"all show append first gift {relation}").appends[0].relation is relation


@pytest.mark.parametrize(
    ("text", "word", "said"),
    [
        ("frist show", "frist", "expected which occurrences, found 'frist'; did you mean first?"),
        ("first", None, "expected an activity, the question ends"),
        ("nth 0 show", "0", "nth counts from 1; found 0"),
        ("nth two show", "two", "expected a number"),
        ("first shwo", "shwo", "'shwo' is no activity; did you mean show? known: chat, gift, paid, show"),
        ("first show appendd first gift ever", "appendd", "expected append or the end"),
        ("first show append first gift afterr", "afterr", "expected a relation, found 'afterr'; did you mean after?"),
        ("first show append first gift", None, "expected a relation, the question ends"),
        ("first show append all gift ever", "all", "expected which occurrences, found 'all'"),
        ("aggregate show", "aggregate", "expected which occurrences"),
        ("first show append first paid ever", "paid", "paid is in viewer_activity and show in streamer_activity"),
        ("first show take pionts", "pionts", "'pionts' is no feature of show; did you mean points?"),
        ("first show append first gift ever take pionts", "pionts", "'pionts' is no feature of gift"),
        ("first show append first gift ever take sum(points)", "sum", "sum needs many occurrences: say aggregate"),
        ("first show append aggregate gift ever take points", "points", "first_value(points), say"),
        ("first show append aggregate gift ever take summ(points)", "summ", "'summ' is no function; known: count"),
        ("first show append aggregate gift ever take sum(title)", "title", "sum takes a number; title is a text"),
        ("first show append aggregate gift ever take sum()", "sum", "sum needs a feature"),
        ("first show append aggregate gift ever take sum(points > 1)", "sum", "conditions are for any and all"),
        ("first show append aggregate gift ever take any(points)", "points", "any takes a boolean"),
        ("first show append aggregate gift ever take count() as n, count() as N", "N", "two columns are named n"),
        ("first show take points as ts", "ts", "two columns are named ts"),
        ('first show take points as "a b"', "a b", "'a b' cannot name a column"),
        ("first show where points > 'x'", "x", "points is a number; it cannot be compared with x"),
        ("first show where ts > 'yesterday'", "yesterday", "ts is a timestamp; it cannot be compared"),
        ("first show where is_gold > true", "is_gold", "is_gold is a boolean: compare it with = or !="),
        ("first show where points", "points", "points is a number; it cannot be compared with True"),
        ("first show where cohort.points > 1", "points", "a filter cannot look at the cohort's row"),
        (
            "first show append first gift ever on points > cohort.title",
            "title",
            "points is a number and title is a text",
        ),
        ("first show append first gift ever on points > cohort.pts", "pts", "'pts' is no feature of show"),
        ("every day of show append first gift ever on points > cohort.points", "points", "feature of a spine of show"),
        ("first show where points >", None, "expected a number, a 'text', a day, true or false, the question ends"),
        ("first show where (points > 1", None, "expected ), the question ends"),
        ("first show where title = 'x", "'", "a quote is not closed"),
        ("first show # x", "#", "'#' is not expected"),
        ("first show append first gift ever within -1 days", "-1", "within takes a positive length"),
        ("first show append first gift ever within 2 fortnights", "fortnights", "expected a unit of time"),
        ("every year of show", "year", "expected a period, found 'year'"),
        ("every day of show from 'soon'", "soon", "'soon' is no day"),
    ],
)
def test_a_mistake_is_told_at_its_word(text: str, word: str | None, said: str):
    with pytest.raises(QueryError) as raised:
        plan_of(parse_query(text), KNOWN)
    assert said in str(raised.value)
    assert isinstance(raised.value.word, Word)
    start, length = raised.value.word.start, raised.value.word.length
    assert text[start : start + length].strip("\"'") == (word or "").strip("'")


def test_every_question_of_the_documentation_can_be_asked():
    text = (Path(__file__).parents[3] / "transforms" / "datasets" / "QUERIES.md").read_text(encoding="utf-8")
    questions = re.findall(r'^\$ snowcast activity query (?:--table \w+ )?"([^"]+)"', text, flags=re.MULTILINE)
    mistakes = [question for question in questions if "recieved" in question]
    assert (len(questions), len(mistakes)) == (6, 1)
    for question in set(questions) - set(mistakes):
        assert len(plan_of(parse_query(question), known_activities()).columns) > 4
