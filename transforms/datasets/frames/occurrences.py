"""Occurrences of an activity as rows that can be related: whose, when, which number, and the values that are used.

Without a filter the stream's own numbers are taken; what a filter leaves is numbered anew, and so are several
activities that are asked of as one. Equal times are ordered by activity_id, as the stream orders them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transforms.activity.columns import STREAM
from transforms.datasets.frames.expressions import expression_of
from transforms.datasets.syntax.conditions import Condition, Value
from transforms.functions import DataFrame, Expression, Window, coalesce, col, lead, lit, row_number
from transforms.types import DataType

_STREAM_COLUMNS = {column.name for column in STREAM}


@dataclass(frozen=True)
class Occurrences:
    """Rows of one activity; every column begins with the prefix, so that frames can be joined.

    Args:
        frame: The rows.
        prefix: What the columns' names begin with.
        types: Types of the values that the frame has.
    """

    frame: DataFrame
    prefix: str
    types: Mapping[str, DataType]

    @property
    def entity(self) -> Expression:
        """Whose each is."""
        return col(f"{self.prefix}entity")

    @property
    def ts(self) -> Expression:
        """When each was."""
        return col(f"{self.prefix}ts")

    @property
    def id(self) -> Expression:
        """Its activity_id."""
        return col(f"{self.prefix}id")

    @property
    def number(self) -> Expression:
        """Its number per entity, from 1."""
        return col(f"{self.prefix}number")

    @property
    def next_ts(self) -> Expression:
        """When the entity's next one is, NULL where there is none."""
        return col(f"{self.prefix}next_ts")

    def name_column(self, value: str) -> str:
        """Name the column that holds a value."""
        own = {"ts": "ts", "activity_id": "id"}
        return f"{self.prefix}{own.get(value) or f'value_{list(self.types).index(value)}'}"

    @property
    def values(self) -> dict[str, DataType]:
        """Columns that hold values, beside entity, ts, id, number and next_ts, with their types."""
        return {self.name_column(v): t for v, t in self.types.items() if v not in ("ts", "activity_id")}

    def keep(self, condition: Expression) -> Occurrences:
        """Keep those of which the condition holds, their numbers as they are."""
        return self.with_frame(self.frame.filter(condition))

    def with_frame(self, frame: DataFrame) -> Occurrences:
        """The same columns of another frame."""
        return Occurrences(frame, self.prefix, self.types)


def occurrences_of(
    stream: DataFrame,
    activities: Sequence[str],
    condition: Condition | None,
    types: Mapping[str, DataType],
    prefix: str,
) -> Occurrences:
    """The occurrences of an activity, or of several as if they were one.

    Args:
        stream: An activity stream.
        activities: The activities.
        condition: Only occurrences of which it holds.
        types: The values that are needed.
        prefix: What the columns' names begin with.
    """
    found = Occurrences(stream, prefix, types)
    read = stream.filter(_is_one_of(activities)).select(
        coalesce(col("customer"), col("anonymous_customer_id")).alias(f"{prefix}entity"),
        col("ts").alias(f"{prefix}ts"),
        col("activity_id").alias(f"{prefix}id"),
        col("activity_occurrence").alias(f"{prefix}number"),
        col("activity_repeated_at").alias(f"{prefix}next_ts"),
        *[
            _read(name, one).alias(found.name_column(name))
            for name, one in types.items()
            if name not in ("ts", "activity_id")
        ],
    )
    if condition is None and len(activities) == 1:
        return found.with_frame(read)

    def column_of(value: Value) -> Expression:
        return col(found.name_column(value.name))

    passing = read if condition is None else read.filter(expression_of(condition, column_of))
    return found.with_frame(_number(passing, found))


def _number(passing: DataFrame, found: Occurrences) -> DataFrame:
    """The occurrences with numbers of their own."""
    in_order = Window.partition_by(found.entity).order_by(found.ts, found.id)
    return passing.select(
        found.entity,
        found.ts,
        found.id,
        row_number().over(in_order).alias(f"{found.prefix}number"),
        lead(found.ts).over(in_order).alias(f"{found.prefix}next_ts"),
        *[col(name) for name in found.values],
    )


def _is_one_of(activities: Sequence[str]) -> Expression:
    if len(activities) == 1:
        return col("activity") == lit(activities[0])
    return col("activity").in_(*[lit(activity) for activity in dict.fromkeys(activities)])


def _read(name: str, data_type: DataType) -> Expression:
    return col(name) if name in _STREAM_COLUMNS else col("feature_json")[name].cast(data_type)
