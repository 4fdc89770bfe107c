"""Spikes in plain Python, sample by sample as SEMANTICS §8 says it: what mart_viewer_spikes is held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from transforms.marts.mart_viewer_spikes import SpikeLimits

Sample = tuple[str, datetime, int]


@dataclass
class Episode:
    """What the table says of an episode."""

    stream_id: str
    started_at: datetime
    spike_rule: str
    usual_viewers: float | None
    first_viewers: int
    peak_viewers: int
    peak_at: datetime
    spike_samples: int
    last_spike_at: datetime
    closed_at: datetime | None = None
    closed_viewers: int | None = None

    def row(self) -> tuple[object, ...]:
        return tuple(vars(self).values())


def find_episodes(samples: Iterable[Sample], limits: SpikeLimits) -> list[Episode]:
    """Walk each stream's samples in the order of time."""
    streams: dict[str, list[tuple[datetime, int]]] = {}
    for stream_id, at, viewers in samples:
        streams.setdefault(stream_id, []).append((at, viewers))
    return [one for name in sorted(streams) for one in _of_stream(name, sorted(streams[name]), limits)]


def _of_stream(stream_id: str, samples: list[tuple[datetime, int]], limits: SpikeLimits) -> list[Episode]:
    cooldown = timedelta(minutes=limits.cooldown_minutes)
    found: list[Episode] = []
    for at, viewers in samples:
        usual = _usual(samples, at, limits)
        is_ratio = usual is not None and viewers >= limits.least_viewers and viewers >= limits.ratio * usual
        is_many = viewers >= limits.viewers
        last = found[-1] if found else None
        if not (is_ratio or is_many):
            if last and last.closed_at is None and at - last.last_spike_at >= cooldown:
                last.closed_at, last.closed_viewers = at, viewers
            continue
        if last is None or at - last.last_spike_at > cooldown:
            rule = "both" if is_ratio and is_many else "threshold" if is_many else "ratio"
            found.append(Episode(stream_id, at, rule, usual, viewers, viewers, at, 1, at))
            continue
        last.spike_samples, last.last_spike_at = last.spike_samples + 1, at
        if viewers > last.peak_viewers:
            last.peak_viewers, last.peak_at = viewers, at
    return found


def _usual(samples: list[tuple[datetime, int]], at: datetime, limits: SpikeLimits) -> float | None:
    begin = at - timedelta(minutes=limits.training_minutes)
    before = [viewers for moment, viewers in samples if begin <= moment < at]
    return median(before) if len(before) >= limits.min_samples else None
