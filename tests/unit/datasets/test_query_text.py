"""Questions as text: each construct reads as the builder builds it, and each mistake is told at its word."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.properties.dataset_world import ACTIVITIES
from transforms.activity.definitions.activity import Activity
from transforms.datasets.analysis.plan import plan_of
from transforms.datasets.syntax.conditions import case, condition_of, feature, of_append, of_cohort
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
    list_of,
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
            "first show or chat append first gift or chat as g on_or_after append last show on_or_before g "
            "on points - g.points > 0 take days_between",
            cohort(first("show", "chat")).append(
                first("gift", "chat").named("g").on_or_after(),
                last("show")
                .on_or_before("g")
                .on(feature("points") - of_append("g", "points") > 0)
                .take("days_between"),
            ),
        ),
        (
            "all show take points * 2 + 1 as a, (points - 1) / -amount as b, 3 - points as c where - 2 < points",
            cohort(
                every("show")
                .take(
                    Output(feature("points") * 2 + 1, "a"),
                    Output((feature("points") - 1) / -feature("amount"), "b"),
                    Output(3 - feature("points"), "c"),
                )
                .where(feature("points") > -2)
            ),
        ),
        (
            "all show where title like '%x_' and title not like 'a' and points between 1 and 2 + activity_occurrence "
            "and not ts between 2024-01-01 and '2024-02-01'",
            cohort(
                every("show").where(
                    feature("title").like("%x_")
                    & ~feature("title").like("a")
                    & feature("points").between(1, 2 + feature("activity_occurrence"))
                    & ~feature("ts").between("2024-01-01", "2024-02-01")
                )
            ),
        ),
        (
            "all show take case when points > 1 then 'a' when is_gold then title else null end as c",
            cohort(
                every("show").take(
                    Output(case((feature("points") > 1, "a"), (feature("is_gold"), feature("title"))), "c")
                )
            ),
        ),
        (
            "first show append aggregate gift ever take listagg(title, '; ' order by points desc) as l, "
            "listagg_distinct(title, '') as d, sum(points * 2) as s, any(not is_gold or points > 1) as y",
            cohort(first("show")).append(
                aggregate("gift")
                .ever()
                .take(
                    list_of("title", "; ", by=feature("points"), descending=True).named("l"),
                    Aggregation(Function.LISTAGG_DISTINCT, Value("title"), "").named("d"),
                    aggregation("sum", feature("points") * 2).named("s"),
                    aggregation("any", ~condition_of(feature("is_gold")) | (feature("points") > 1)).named("y"),
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
        (
            "first show where points = 1234567890123456789012345678901234567890",
            "1234567890123456789012345678901234567890",
            "is too long: numbers have at most 38 digits",
        ),
        ("nth 12345678901 show", "12345678901", "nth takes a number of 9 digits at most"),
        ("first show where ts > 2024-02-30", "2024-02-30", "times are written as 2024-01-31 or '2024-01-31 18:00'"),
        ("every day of show until 9999-01-01", "9999-01-01", "is outside the years 1990 to 2100"),
        (
            "first show append first gift ever within 99999999999999999999 days",
            "99999999999999999999",
            "100,000 days at most",
        ),
        ("first show take points as select", "select", "select is a reserved word of SQL"),
        ("first show take points as _build_id", "_build_id", "begins with _, as columns of Snowcast's own do"),
        ("first show where points = null", "null", "nothing equals null: say `is null` or `is not null`"),
        ("first show where points in (1, null)", "null", "nothing equals null"),
        ("first show append aggregate gift ever take count(*)", "*", "leave the * out: count() counts every event"),
        ("all show take count", "count", "the function is count(…), of an aggregate"),
        ("first show where title = abc", "abc", "a text is written in single quotes: 'abc'"),
        ("first show where title in (abc)", "abc", "a text is written in single quotes: 'abc'"),
        ('first show where title = "it\'s"', "it's", "a text is written in single quotes: 'it''s'"),
        ("first show where title = “a”", "“", "texts stand in straight single quotes"),
        ("first show where größe > 1", "ö", "a name with other letters than a to z stands in double quotes"),
        ("first show where points == 1", "==", "say ="),
        ("first show where points => 1", "=>", "say >="),
        ("first show;", ";", "leave it out"),
        ("first show where 1 < 2", "1", "a comparison names a feature on one side"),
        ("first show where upper(title) = 'A'", "upper", "'upper' is a function, which stands by itself"),
        ("first show where points like 'a'", "points", "like takes a text and a pattern; points is a number"),
        ("first show where points between 1", None, "expected and, the question ends"),
        ("first show where feature_json = 'x'", "feature_json", "can only be asked whether it is null"),
        ("first show where days_between > 1", "days_between", "say days_between with `on`"),
        ("first show take points + 1", "points", "what is computed needs a name: say `as`"),
        ("first show take points + title as x", "title", "computing takes numbers; title is a text"),
        ("first show take case when is_gold then 'a' else 5 end as x", "is_gold", "another branch is a text"),
        (
            "first show take case when is_gold then title else points end as x",
            "points",
            "one branch is a text and points",
        ),
        ("first show take case points when 1 then 2 end as x", "points", "expected when"),
        (f"first show where {'(' * 60}is_gold{')' * 60}", "(", "parentheses are nested at most 50 deep"),
        (f"first show take {' + '.join(['points'] * 3000)} as x", "points", "nested at most 50 deep"),
        ("first show append first gift after g", "g", "'g' is no earlier append; known: none"),
        ("first show append first gift as g after append last gift after f", "f", "'f' is no earlier append; known: g"),
        ("first show append first gift after tale points", "tale", "did you mean take?"),
        (
            "first show append first gift as g after append last gift in_between g",
            "g",
            "in_between is of the cohort's row",
        ),
        (
            "first show append aggregate gift as g ever append last gift after g",
            "g",
            "hangs on a first, last or nth one",
        ),
        ("first show append first gift as g after append last show as g ever", "g", "g is a name already"),
        ("first show append first gift as cohort ever", "cohort", "cohort is a name already"),
        ("first show append first gift as g after append last show ever on g.pts > 1", "pts", "no feature of gift"),
        (
            "first show append first gift or paid ever",
            "paid",
            "paid is in viewer_activity and gift in streamer_activity",
        ),
        ("first show or paid", "paid", "paid is in viewer_activity and show in streamer_activity"),
        ("first show or chat take amount, pionts", "pionts", "'pionts' is no feature of show or chat"),
        ("first show append aggregate gift ever take sum(points, ';')", "sum", "sum has no separator"),
        ("first show append aggregate gift ever take max(points order by ts)", "max", "max is in no order of choice"),
        ("first show append aggregate gift ever take listagg(title order by is_gold)", "is_gold", "which has no order"),
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


@pytest.mark.parametrize(
    "condition",
    [
        f"points in ({', '.join(map(str, range(500)))})",
        " or ".join(f"points = {n}" for n in range(500)),
        " and ".join(f"not points = {n}" for n in range(500)),
        "not " * 500 + "is_gold",
    ],
)
def test_hundreds_of_values_and_conditions_can_be_asked(condition: str):
    assert len(plan_of(parse_query(f"first show where {condition}"), KNOWN).columns) == 4
