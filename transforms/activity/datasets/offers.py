"""What an activity offers to a question: its features and the columns of the stream, each with its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transforms.activity.columns import STREAM, ts
from transforms.activity.datasets.errors import unknown
from transforms.contract import FLOAT

if TYPE_CHECKING:
    from transforms.activity.definitions.activity import Activity
    from transforms.types import DataType

# Times from the cohort's row to an appended occurrence, negative before it, with their length in microseconds.
BETWEEN: Mapping[str, DataType] = {"seconds_between": FLOAT, "days_between": FLOAT}
MICROSECONDS_IN = {"seconds_between": 1_000_000, "days_between": 86_400_000_000}
_UNOFFERED = ("feature_json", "activity")
STREAM_TYPES: Mapping[str, DataType] = {column.name: column.type for column in STREAM if column.name not in _UNOFFERED}


@dataclass(frozen=True)
class Offer:
    """The values that can be named of one activity, or of the cohort's rows.

    Args:
        of: Whose they are, for errors.
        types: Their types by name.
    """

    of: str
    types: Mapping[str, DataType]

    def type_of(self, name: str) -> DataType:
        """The type of a value.

        Raises:
            QueryError: There is none of that name.
        """
        if name not in self.types:
            raise unknown(name, f"feature of {self.of}", self.types)
        return self.types[name]

    def chosen(self, names: list[str]) -> dict[str, DataType]:
        """The types of these values, each once, in order."""
        return {str(name): self.types[name] for name in names}

    def between(self) -> Offer:
        """The same and how far an appended occurrence is from the cohort's row: only for what is taken."""
        return Offer(self.of, {**BETWEEN, **self.types})


NOTHING = Offer("nothing", {})


def offer_of(activity: Activity) -> Offer:
    """What an activity offers; a column of the stream goes before a feature of its name."""
    return Offer(activity.name, {**{feature.name: feature.type for feature in activity.features}, **STREAM_TYPES})


def offer_of_spine(activity: Activity) -> Offer:
    """What the rows of a time spine offer: when the period begins."""
    return Offer(f"a spine of {activity.name}", {ts.name: ts.type})
