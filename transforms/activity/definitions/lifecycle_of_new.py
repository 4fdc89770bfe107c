"""What new events amount to: the lifecycle of persons whose events before them are known to have amounted to nothing.

A rule that one event can fulfil (`is_row_wise`) needs no event of before: an earlier one would have
fulfilled it. A rule that counts (`counts`) reads the counted activity of those persons again for whom the count may now
be reached, until it is. Any other rule reads everything that these persons have done.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from transforms.activity.definitions.activity import Definition
from transforms.contract import INTEGER
from transforms.formulas.frames import union_all
from transforms.functions import DataFrame, coalesce, col, count, in_, lit, max


def collect_new_lifecycle(
    definitions: Sequence[Definition], events: str, given: Mapping[str, Any], whole: DataFrame, ends: DataFrame
) -> DataFrame:
    """Collect the lifecycle events that come of new events.

    Args:
        definitions: The lifecycle activities.
        events: Name of the table of events.
        given: New rows of the tables, later than everything that is stored of their person; and `thresholds`.
        whole: All events.
        ends: The last row of each activity of these persons, as stored.
    """
    frames: list[DataFrame] = []
    for one in definitions:
        read = dict(given)
        if one.counts is not None:
            counted = one.counts(given["thresholds"])
            read[events] = _with_counted(one, counted, given[events], whole, ends)
        elif not one.is_row_wise:
            read[events] = whole.filter(in_([col("person")], given[events].select("person")))
        wanted = inspect.signature(one.emit).parameters
        emitted = ends.filter(col("activity") == lit(one.name)).select("person")
        moments = one.emit(**{name: read[name] for name in wanted})
        frames.append(moments.filter(~in_([col("person")], emitted)))
    return union_all(frames)


def _with_counted(
    definition: Definition, rule: tuple[str, int], new: DataFrame, whole: DataFrame, ends: DataFrame
) -> DataFrame:
    """Return new events, with all events of the counted activity of the persons who may have reached the number."""
    activity, number = rule
    is_counted = col("activity") == lit(activity)
    nothing = lit(0).cast(INTEGER)
    so_far = ends.filter(is_counted).select("person", col("activity_occurrence").alias("counted"), nothing.alias("new"))
    more = new.filter(is_counted).select("person", nothing.alias("counted"), lit(1).alias("new"))
    both = (
        so_far.union_all(more)
        .group_by("person")
        .agg(max("counted").alias("counted"), count(lit(1)).alias("found"), max("new").alias("new"))
    )
    is_stored = coalesce(col("counted"), lit(0)) > lit(0)
    total = col("counted") + col("found") - is_stored.cast(INTEGER)
    emitted = ends.filter(col("activity") == lit(definition.name)).select("person")
    reaching = both.filter((col("new") == lit(1)) & (total >= lit(number)) & ~in_([col("person")], emitted))
    names = [name for name in whole.columns if name in new.columns]
    counted = whole.filter(is_counted & in_([col("person")], reaching.select("person")))
    return new.filter(~is_counted).select(*names).union_all(counted.select(*names))
