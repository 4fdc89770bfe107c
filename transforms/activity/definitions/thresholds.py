"""When a lifecycle rule holds: settings, given to the builds as one parameter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """The numbers of the lifecycle rules; a changed one rebuilds the streams.

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
