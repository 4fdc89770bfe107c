"""The values that a question can name of an activity: its features and the columns of the stream, typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transforms.activity.columns import STREAM, ts
from transforms.activity.definitions.activity import Activity
from transforms.contract import FLOAT
from transforms.datasets.syntax.errors import QueryError, unknown
from transforms.datasets.syntax.keywords import Function
from transforms.types import DataType

# Times from the cohort's row to an appended occurrence, negative before it, with their length in microseconds.
BETWEEN: Mapping[str, DataType] = {"seconds_between": FLOAT, "days_between": FLOAT}
MICROSECONDS_IN = {"seconds_between": 1_000_000, "days_between": 86_400_000_000}
STREAM_TYPES: Mapping[str, DataType] = {column.name: column.type for column in STREAM}


@dataclass(frozen=True)
class Scope:
    """The values that can be named of one activity, or of the cohort's rows.

    Args:
        of: Whose they are, for errors.
        types: Their types by name.
        differing: Features that several activities have with different types: they cannot be named.
    """

    of: str
    types: Mapping[str, DataType]
    differing: frozenset[str] = frozenset()

    def type_of(self, name: str) -> DataType:
        """The type of a value.

        Raises:
            QueryError: There is none of that name.
        """
        if name in self.differing:
            raise QueryError(f"{name} is not of one type in {self.of}: ask for each activity by itself", name)
        if name not in self.types:
            error = unknown(name, f"feature of {self.of}", self.types)
            hint = f"; the function is {name.lower()}(…), of an aggregate" if name.lower() in set(Function) else ""
            raise QueryError(f"{error}{hint}", name)
        return self.types[name]

    def pick_types(self, names: list[str]) -> dict[str, DataType]:
        """Pick the types of these values, each once, in order."""
        return {str(name): self.types[name] for name in names}

    def between(self) -> Scope:
        """The same and how far an appended occurrence is from the cohort's row."""
        return Scope(self.of, {**BETWEEN, **self.types}, self.differing)


def scope_of(activities: Sequence[Activity]) -> Scope:
    """The values of activities: a feature that one lacks is NULL there; columns of the stream go before features."""
    types: dict[str, DataType] = {}
    differing = set()
    for feature in (feature for activity in activities for feature in activity.features):
        if types.setdefault(feature.name, feature.type) != feature.type:
            differing.add(feature.name)
    names = " or ".join(activity.name for activity in activities)
    return Scope(names, {**types, **STREAM_TYPES}, frozenset(differing - STREAM_TYPES.keys()))


def scope_of_spine(activities: Sequence[Activity]) -> Scope:
    """The values of the rows of a time spine: when the period begins."""
    return Scope(f"a spine of {' or '.join(activity.name for activity in activities)}", {ts.name: ts.type})
