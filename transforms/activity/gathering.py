"""All activities of a package as one frame, and what becomes of events that belong to nobody."""

from __future__ import annotations

import inspect
from functools import reduce
from typing import TYPE_CHECKING, Any

from transforms.activity.activities import definitions
from transforms.contract import INTEGER, TEXT, VARIANT
from transforms.functions import col, concat, iff, lit, object_construct_keep_null, to_variant, when

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snowflake.snowpark import DataFrame

_TOLD = ("activity", "platform", "ts", "feature_json")


def gathered(package: str, given: Mapping[str, Any]) -> DataFrame:
    """The events of every activity of a package.

    Args:
        package: streamer, viewer, streamer_lifecycle or viewer_lifecycle.
        given: Tables and parameters by name; each activity takes those that its `events` names.
    """
    frames: list[DataFrame] = []
    for module in definitions(package):
        wanted = inspect.signature(module.events).parameters
        frames.append(module.events(**{name: given[name] for name in wanted}))
    return reduce(lambda left, right: left.union_all(right), frames)


def judged(events: DataFrame) -> DataFrame:
    """Events with the rule that they break, if any: somebody did it, at some time.

    A refused event has no file of its own: it is named by its activity and its id, and its record is the event.
    """
    rule = when(col("ts").is_null(), lit("ts is never NULL"))
    rule = rule.when(col("person").is_null(), lit("a deed has a customer or an anonymous customer"))
    reason = when(col("ts").is_null(), lit("the event has no time"))
    reason = reason.when(col("person").is_null(), lit("its source names nobody who did it"))
    told = [part for name in _TOLD for part in (lit(name), col(name))]
    ruled = events.select("*", rule.otherwise(lit(None)).cast(TEXT).alias("_rule"))
    is_refused = col("_rule").is_not_null()
    return ruled.select(
        "*",
        reason.otherwise(lit(None)).cast(TEXT).alias("_reason"),
        iff(is_refused, to_variant(object_construct_keep_null(*told)), lit(None).cast(VARIANT)).alias("_record"),
        concat(col("activity"), lit("/"), col("activity_id")).alias("_source_file"),
        lit(1).cast(INTEGER).alias("_source_row"),
        lit("").alias("_load_id"),
    )
