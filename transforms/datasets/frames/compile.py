"""Datasets as frames: the cohort's rows with every append joined to them, lazily, one statement when it is collected.

An append is joined from the left and has at most one row per row of the cohort, so it never adds or drops a row.
"""

from __future__ import annotations

from collections.abc import Mapping

from transforms.activity.definitions.activity import Activity
from transforms.datasets.analysis.plan import COHORT_COLUMNS, Plan, plan_of
from transforms.datasets.frames.anchors import related_rows
from transforms.datasets.frames.cohort import PREFIX, cohort_of
from transforms.datasets.frames.expressions import value_of
from transforms.datasets.frames.joins import parts_of
from transforms.datasets.frames.pairs import Part
from transforms.datasets.syntax.conditions import COHORT, Value
from transforms.datasets.syntax.query import Query
from transforms.engine.known_schemas import known_schemas
from transforms.functions import DataFrame, Expression, col

_HELD_AS = dict(zip((column.name for column in COHORT_COLUMNS), ("id", "entity", "ts", "number"), strict=True))


def dataset_of(query: Query, stream: DataFrame, activities: Mapping[str, Activity]) -> DataFrame:
    """The dataset that answers a question: activity_id, entity, ts, occurrence, then what is taken and appended.

    Args:
        query: The question.
        stream: The activity stream that the cohort's activity is in, with the columns of columns.STREAM.
        activities: Every known activity by name (`known_activities()`).

    Raises:
        QueryError: The question names what is not known or asks what cannot be asked.
    """
    return planned_dataset(plan_of(query, activities), stream)


def planned_dataset(plan: Plan, stream: DataFrame) -> DataFrame:
    """The dataset of a checked question; what Snowpark asks about columns while it is put together is told here."""
    with known_schemas(stream.session):
        dataset = _put_together(plan, stream)
        # Kept with the frame: asked later, Snowpark would send what it was told here, where not every type was.
        _ = dataset.schema
    return dataset


def _put_together(plan: Plan, stream: DataFrame) -> DataFrame:
    cohort = cohort_of(stream, plan)
    earlier: dict[str, Part] = {}

    def in_dataset(value: Value) -> Expression:
        if value.of is None or value.of == COHORT:
            return col(cohort.rows.named(value.name))
        return (earlier[value.of].named or {})[value.name]

    held = {name: col(f"{PREFIX}{column}") for name, column in _HELD_AS.items()}
    held |= {output.column.name: value_of(output.of, in_dataset) for output in plan.projection}  # type: ignore[arg-type]
    dataset = cohort.rows.frame
    for place, append in enumerate(plan.appends):
        related = related_rows(cohort, append, earlier, f"e{place}r_")
        for part in parts_of(stream, related, append, f"e{place}", in_dataset):
            dataset = dataset.join(part.frame, on=part.on, how="left")
            held |= part.columns
            if part.named:
                earlier[str(append.append.selection.name)] = part
    return dataset.select(*[held[column.name].cast(column.type).alias(column.name) for column in plan.columns])
