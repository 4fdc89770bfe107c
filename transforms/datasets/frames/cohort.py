"""The rows of a dataset: occurrences of an activity, or every period of every entity (time spine)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from transforms.contract import INTEGER, TIMESTAMP
from transforms.datasets.analysis.plan import Plan
from transforms.datasets.frames.occurrences import Occurrences, occurrences_of
from transforms.datasets.syntax.conditions import Value
from transforms.datasets.syntax.query import Period, Pick, Selection, Spine
from transforms.formulas.keys import hash_spelled, spell_part
from transforms.formulas.periods import period_of
from transforms.functions import DataFrame, Expression, array_generate_range, col, dateadd, datediff, greatest, lit, max

PREFIX = "c_"
_EPOCH = date(1970, 1, 1)
_DAYS_OF_A_WEEK = 7


@dataclass(frozen=True)
class Cohort:
    """The rows that an append is related to.

    Args:
        rows: The rows; `next_ts` is the next occurrence of the activity, or the end of the period.
        has_one_row: An entity has one row at most.
        period: For a time spine: the length of its rows.
        base: The same rows as the dataset has them, where `rows` also hold what earlier appends picked; None: they do
            not.
        at: The time that the append is related to, as the dataset has it; None: that of the rows.
    """

    rows: Occurrences
    has_one_row: bool
    period: Period | None = None
    base: Occurrences | None = None
    at: Expression | None = None

    @property
    def in_dataset(self) -> Occurrences:
        """The rows as the dataset has them."""
        return self.rows if self.base is None else self.base

    @property
    def at_in_dataset(self) -> Expression:
        """The time that the append is related to, as the dataset has it."""
        return self.in_dataset.ts if self.at is None else self.at

    def column_of(self, value: Value) -> Expression:
        """The column of `rows` that holds a value of the cohort's row or of an earlier append."""
        return col(self.rows.name_column(value.name if self.base is None else key_of(value)))


def key_of(value: Value) -> str:
    """The name of a value where rows hold values of several."""
    return f"{value.of}.{value.name}"


def cohort_of(stream: DataFrame, plan: Plan) -> Cohort:
    """The cohort of a question on a stream."""
    selection = plan.cohort
    found = occurrences_of(stream, selection.activities, selection.condition, plan.types, PREFIX)
    if isinstance(selection, Spine):
        return Cohort(_periods(stream, found, selection), has_one_row=False, period=selection.period)
    return Cohort(pick_events(found, selection), has_one_row=selection.pick is not Pick.ALL)


def pick_events(found: Occurrences, selection: Selection) -> Occurrences:
    """Pick the first, last or nth occurrence per entity, or every one."""
    if selection.pick is Pick.LAST:
        return found.keep(found.next_ts.is_null())
    if selection.pick is Pick.ALL:
        return found
    return found.keep(found.number == lit(selection.number or 1))


def _periods(stream: DataFrame, found: Occurrences, spine: Spine) -> Occurrences:
    """Every period from that of the entity's first occurrence to the end."""
    period = str(spine.period)
    begun = period_of(period, found.ts).cast(TIMESTAMP)
    if spine.start is not None:
        begun = greatest(begun, lit(_first_period(spine.period, spine.start)))
    firsts = found.frame.filter(found.number == lit(1)).select(
        found.entity, begun.alias("begun"), spell_part(f"{PREFIX}entity").alias("spelled_entity")
    )
    spans = _spans(stream, firsts.select("begun").distinct(), spine)
    placed = firsts.join(spans, on=col("begun") == col("since"), how="inner")
    rows = placed.select(
        found.entity,
        found.ts,
        hash_spelled(spell_part(lit(period)), "spelled_entity", "spelled_day").alias(f"{PREFIX}id"),
        found.number,
        found.next_ts,
    )
    return Occurrences(rows, PREFIX, {})


def _spans(stream: DataFrame, begins: DataFrame, spine: Spine) -> DataFrame:
    """Every period from each begin to the end.

    Entities are many and begins are few: what is the same for all entities that begin together is made once.
    """
    period = str(spine.period)
    if spine.end is None:
        bounded = begins.cross_join(stream.select(max("ts").alias("ended")))
    else:
        bounded = begins.select("*", lit(_moment(spine.end) - timedelta(microseconds=1)).alias("ended"))
    period_count = _periods_between(spine.period, col("begun"), period_of(period, col("ended"))) + lit(1)
    counted = bounded.filter(col("begun") <= col("ended")).select(
        col("begun").alias("since"), array_generate_range(lit(0), period_count).alias("offsets")
    )
    each = counted.join_table_function("flatten", col("offsets")).select(
        "since", col("value").cast(INTEGER).alias("offset_")
    )
    begins_at = dateadd(period, col("offset_"), col("since")).cast(TIMESTAMP)
    numbered = each.select("since", begins_at.alias(f"{PREFIX}ts"), (col("offset_") + lit(1)).alias(f"{PREFIX}number"))
    ts = col(f"{PREFIX}ts")
    return numbered.select(
        "*",
        dateadd(period, lit(1), ts).cast(TIMESTAMP).alias(f"{PREFIX}next_ts"),
        spell_part(datediff("day", lit(_EPOCH), ts)).alias("spelled_day"),
    )


def _periods_between(period: Period, first: Expression, last: Expression) -> Expression:
    """How many periods the last is after the first, both named by their first days; WEEK_START is not asked."""
    if period is Period.WEEK:
        return (datediff("day", first, last) / lit(_DAYS_OF_A_WEEK)).cast(INTEGER)
    return datediff(str(period), first, last)


def _first_period(period: Period, day: date) -> datetime:
    """The first period that does not begin before the day."""
    if period is Period.WEEK:
        day += timedelta(days=-day.weekday() % 7)
    elif period is Period.MONTH and day.day > 1:
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return _moment(day)


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
