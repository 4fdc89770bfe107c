"""All activities of a package as one frame, and what becomes of events that belong to nobody."""

from __future__ import annotations

import inspect
from functools import reduce
from typing import TYPE_CHECKING, Any

from transforms.activity.activities import definitions
from transforms.contract import INTEGER, TEXT, VARIANT
from transforms.functions import col, concat, iff, lit, object_construct_keep_null, to_variant, when
from transforms.increments import Part, Parts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

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


def parts_of(package: str) -> Parts:
    """The activities of a package by what they read: those that share a table, be it through a third, are one part."""
    read = {module: frozenset(_tables_of(module)) for module in definitions(package)}
    merged: list[frozenset[str]] = []
    for tables in read.values():
        apart = [one for one in merged if not one & tables]
        merged = [*apart, tables.union(*[one for one in merged if one & tables])]
    parts = []
    for inputs in merged:
        modules = [module for module, tables in read.items() if tables <= inputs]
        is_row_wise = all(getattr(module, "IS_ROW_WISE", False) for module in modules)
        parts.append(Part(tuple(sorted(inputs)), tuple(module.ACTIVITY.name for module in modules), is_row_wise))
    return Parts("activity", tuple(parts))


def _tables_of(module: ModuleType) -> list[str]:
    parameters = inspect.signature(module.events).parameters.values()
    return [one.name for one in parameters if one.kind is not one.KEYWORD_ONLY]


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
