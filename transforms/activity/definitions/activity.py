"""What an activity is: its name, what one row says, its features, and how its events are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
class Thresholds:
    """The numbers by which lifecycle rules hold: settings, given to the builds as one; a changed one rebuilds streams.

    Args:
        first_stream_minutes: first_stream_completed: the first ended broadcast lasted at least so long.
        activation_viewers: streamer_activated: unique viewers of one broadcast, unless a gift came first.
        popular_viewers: popular_streamer: most viewers at one time.
        popular_gifts: popular_streamer: gifts received so far.
        popular_followers: popular_streamer: followers won in one broadcast.
        super_fan_gifts: super_fan: gifts to one streamer so far.
    """

    first_stream_minutes: int = 10
    activation_viewers: int = 50
    popular_viewers: int = 500
    popular_gifts: int = 200
    popular_followers: int = 150
    super_fan_gifts: int = 5


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
