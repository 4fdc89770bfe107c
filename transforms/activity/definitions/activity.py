"""What an activity is: its name, what one row says, its features, and how its events are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from transforms.activity.definitions.thresholds import Thresholds
from transforms.functions import DataFrame
from transforms.types import DataType

STREAMER, VIEWER = "streamer_activity", "viewer_activity"


@dataclass(frozen=True)
class Feature:
    """One key of an activity's feature_json.

    Args:
        name: The key.
        type: Snowpark type of its values.
        description: What it holds, with the unit where the name does not say it.
    """

    name: str
    type: DataType
    description: str


@dataclass(frozen=True)
class Activity:
    """One kind of event.

    Args:
        name: As in the column `activity`.
        stream: The table that has its rows: streamer_activity or viewer_activity.
        description: What one row says, and when it is dated.
        features: What feature_json of every one of its rows holds, NULLs included.
    """

    name: str
    stream: str
    description: str
    features: tuple[Feature, ...]


@dataclass(frozen=True)
class Definition:
    """An activity, and how its events are made.

    Args:
        activity: The activity.
        emit: Gives its events; its positional parameters name the tables that it reads, its other ones settings.
        is_row_wise: Each row that it reads gives its events whatever the other rows are: no window, no newest of
            several. In a lifecycle: each event fulfils the rule or does not, whatever the others are.
        counts: For a lifecycle whose rule counts: the counted activity, and the number from which on the rule can hold.
    """

    activity: Activity
    emit: Callable[..., DataFrame]
    is_row_wise: bool = False
    counts: Callable[[Thresholds], tuple[str, int]] | None = None

    @property
    def name(self) -> str:
        """The activity's name."""
        return self.activity.name
