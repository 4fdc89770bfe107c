"""Datasets as frames: the cohort's rows with every append joined to them, lazily, one statement when it is collected.

An append is joined from the left and has at most one row per row of the cohort, so it never adds or drops a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from transforms.activity.columns import ts
from transforms.activity.definitions.activity import Activity
from transforms.datasets.analysis.plan import COHORT_COLUMNS, Plan, PlannedAppend, plan_of
from transforms.datasets.analysis.projection import values_of
from transforms.datasets.frames.cohort import PREFIX, Cohort, cohort_of, key_of
from transforms.datasets.frames.expressions import value_of
from transforms.datasets.frames.joins import parts_of
from transforms.datasets.frames.occurrences import Occurrences
from transforms.datasets.frames.pairs import Part
from transforms.datasets.syntax.conditions import COHORT, Value, values_in
from transforms.datasets.syntax.query import Pick, Query
from transforms.engine.known_schemas import use_known_schemas
from transforms.functions import DataFrame, Expression, col
from transforms.types import DataType

_HELD_AS = dict(zip((column.name for column in COHORT_COLUMNS), ("id", "entity", "ts", "number"), strict=True))


def dataset_of(query: Query, stream: DataFrame, activities: Mapping[str, Activity]) -> DataFrame:
    """The dataset that answers a question: activity_id, entity, ts, occurrence, then what is taken and appended.

    Args:
        query: The question.
        stream: The activity stream that the cohort's activity is in, with the columns of columns.STREAM.
        activities: Every known activity by name (`list_known_activities()`).

    Raises:
        QueryError: The question names what is not known or asks what cannot be asked.
    """
    return compile_plan(plan_of(query, activities), stream)


def compile_plan(plan: Plan, stream: DataFrame) -> DataFrame:
    """Compile the dataset of a checked question; what Snowpark asks about columns meanwhile is told here."""
    with use_known_schemas(stream.session):
        dataset = _put_together(plan, stream)
        # Kept with the frame: asked later, Snowpark would send what it was told here, where not every type was.
        _ = dataset.schema
    return dataset


def _put_together(plan: Plan, stream: DataFrame) -> DataFrame:
    cohort = cohort_of(stream, plan)
    earlier: dict[str, Part] = {}

    def in_dataset(value: Value) -> Expression:
        if value.of is None or value.of == COHORT:
            return col(cohort.rows.name_column(value.name))
        return (earlier[value.of].named or {})[value.name]

    held = {name: col(f"{PREFIX}{column}") for name, column in _HELD_AS.items()}
    held |= {output.column.name: value_of(output.of, in_dataset) for output in plan.projection}  # type: ignore[arg-type]
    dataset = cohort.rows.frame
    for place, append in enumerate(plan.appends):
        related = _relate_rows(cohort, append, earlier, f"e{place}r_")
        for part in parts_of(stream, related, append, f"e{place}", in_dataset):
            dataset = dataset.join(part.frame, on=part.on, how="left")
            held |= part.columns
            if part.named:
                earlier[str(append.append.selection.name)] = part
    return dataset.select(*[held[column.name].cast(column.type).alias(column.name) for column in plan.columns])


def _relate_rows(cohort: Cohort, planned: PlannedAppend, earlier: Mapping[str, Part], prefix: str) -> Cohort:
    """The rows that an append is related to: the cohort's, each at the time of what the append hangs on.

    They are made of the cohort's rows and of the parts that are named, not of the whole dataset so far: a question of
    many appends would else contain itself many times.

    Args:
        cohort: The cohort.
        planned: The append.
        earlier: Parts of earlier appends by the name of the append.
        prefix: Begin of the names of columns that no other frame has.
    """
    base, anchor = cohort.rows, planned.append.anchor
    if anchor is None and not _relates_to_others(planned):
        return cohort
    columns: dict[str, Expression] = {}
    types: dict[str, DataType] = {}
    for (of, name), data_type in planned.referred.items():
        columns[key_of(Value(name, of))] = _list_named(earlier[of])[name]
        types[key_of(Value(name, of))] = data_type
    for value in {one.name: one for one in _name_values(planned) if one.of == COHORT}.values():
        columns[key_of(value)] = col(base.name_column(value.name))
        types[key_of(value)] = base.types.get(value.name, ts.type)
    at = base.ts if anchor is None else _list_named(earlier[anchor])[ts.name]
    frame = base.frame
    for part in _find_needed([of for of, _ in planned.referred], earlier):
        frame = frame.join(part.frame, on=part.on, how="left")
    rows = Occurrences(frame, prefix, types)
    selected = frame.filter(at.is_not_null()).select(
        base.entity.alias(f"{prefix}entity"),
        at.alias(f"{prefix}ts"),
        base.id.alias(f"{prefix}id"),
        base.number.alias(f"{prefix}number"),
        base.next_ts.alias(f"{prefix}next_ts"),
        *[column.alias(rows.name_column(key)) for key, column in columns.items()],
    )
    return replace(cohort, rows=rows.with_frame(selected), base=base, at=at)


def _relates_to_others(planned: PlannedAppend) -> bool:
    """Whether which events are taken, or what is made of many, depends on earlier appends."""
    is_of_many = planned.append.selection.pick is Pick.AGGREGATE
    named = _name_values(planned) if is_of_many else values_in(planned.append.condition)
    return any(value.of not in (None, COHORT) for value in named)


def _name_values(planned: PlannedAppend) -> list[Value]:
    of_outputs = [value for output in planned.projection for value in values_of(output.of)]
    return [*values_in(planned.append.condition), *of_outputs]


def _list_named(part: Part) -> Mapping[str, Expression]:
    return part.named or {}


def _find_needed(names: list[str], earlier: Mapping[str, Part]) -> list[Part]:
    """The parts of that name and those that they are joined by, in the order of the question."""
    wanted = set(names)
    for name in reversed(list(earlier)):
        if name in wanted and earlier[name].needs is not None:
            wanted.add(str(earlier[name].needs))
    return [part for name, part in earlier.items() if name in wanted]
