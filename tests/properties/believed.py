"""What the tables must hold, computed in plain Python from the records, without looking at transforms/.

Written from SEMANTICS: the earlier of two observations holds until the later one or as long as one so far covers, a
poll for the gap cap and a sample for that of samples; time is cut at UTC midnight; concurrency is the sum over one
snapshot. Times are datetimes, sums are whole milliseconds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

MS = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Sample:
    """One stream at one snapshot: of a poll, or a sample between polls."""

    stream: str
    streamer: str
    game: str
    language: str
    at: datetime
    viewers: int
    began: datetime
    is_poll: bool = True
    is_narrowed: bool = False


@dataclass(frozen=True)
class Caps:
    """For how long a poll and a sample cover what follows."""

    poll: timedelta
    sample: timedelta

    def of(self, sample: Sample) -> timedelta:
        return self.poll if sample.is_poll else self.sample


def observed(samples: list[Sample]) -> list[Sample]:
    """What was observed: where a poll and a sample saw a stream at one time, the poll."""
    polled = {(sample.stream, sample.at) for sample in samples if sample.is_poll}
    return [one for one in samples if one.is_poll or (one.stream, one.at) not in polled]


def spans_of(samples: list[Sample], caps: Caps) -> list[tuple[Sample, datetime]]:
    """Every sample with the moment until which it holds."""
    by_stream: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_stream[sample.stream].append(sample)
    spans = []
    for of_stream in by_stream.values():
        of_stream.sort(key=lambda sample: sample.at)
        covered = datetime.min
        for this, following in zip(of_stream, of_stream[1:], strict=False):
            covered = max(covered, this.at + caps.of(this))
            spans.append((this, min(following.at, covered)))
        spans.append((of_stream[-1], of_stream[-1].at))
    return spans


def sessions(samples: list[Sample], caps: Caps) -> dict[str, dict[str, Any]]:
    """hours_watched, avg_viewers, peak_viewers, peak_at and airtime of every stream."""
    found: dict[str, dict[str, Any]] = {}
    for name in {sample.stream for sample in samples}:
        spans = [(s, until) for s, until in spans_of([one for one in samples if one.stream == name], caps)]
        peak, peak_at = 0, None
        for sample, _ in sorted(spans, key=lambda span: span[0].at):
            if peak_at is None or sample.viewers > peak:
                peak, peak_at = sample.viewers, sample.at
        watched = sum(sample.viewers * ((until - sample.at) / MS) for sample, until in spans)
        covered = sum((until - sample.at) / MS for sample, until in spans)
        found[name] = {
            "hours_watched": watched / 3_600_000,
            "avg_viewers": watched / covered if covered else None,
            "airtime_minutes": covered / 60_000,
            "peak_viewers": peak,
            "peak_at": peak_at,
            "samples": len(spans),
        }
    return found


def _pieces(spans: list[tuple[Sample, datetime]]) -> list[tuple[Sample, date, float]]:
    """Every span cut at midnight, by walking from one midnight to the next."""
    pieces = []
    for sample, until in spans:
        at = sample.at
        while at < until:
            midnight = datetime(at.year, at.month, at.day) + timedelta(days=1)
            stop = min(midnight, until)
            pieces.append((sample, at.date(), (stop - at) / MS))
            at = stop
    return pieces


def daily(samples: list[Sample], caps: Caps, by: str) -> dict[tuple[str, date], dict[str, Any]]:
    """Measures per (streamer or game, UTC day)."""
    found: dict[tuple[str, date], dict[str, Any]] = defaultdict(
        lambda: {"watched": 0.0, "covered": 0.0, "peak_viewers": None, "streams_started": 0}
    )
    for sample, day, ms in _pieces(spans_of(samples, caps)):
        cell = found[getattr(sample, by), day]
        cell["watched"] += sample.viewers * ms
        cell["covered"] += ms
    for sample in samples:
        cell = found[getattr(sample, by), sample.at.date()]
        cell["peak_viewers"] = max(cell["peak_viewers"] or 0, sample.viewers)
    if by == "game":
        _put_concurrent_peaks(found, samples)
    firsts: dict[str, Sample] = {}
    for sample in sorted(samples, key=lambda sample: sample.at):
        firsts.setdefault(sample.stream, sample)
    for sample in firsts.values():
        found[getattr(sample, by), sample.began.date()]["streams_started"] += 1
    return {key: _finished(cell) for key, cell in found.items()}


def _put_concurrent_peaks(found: dict[tuple[str, date], dict[str, Any]], samples: list[Sample]) -> None:
    sums = concurrent(samples)
    for key, cell in found.items():
        game, day = key
        of_day = [viewers for (s, i, at), (viewers, _) in sums.items() if (s, i, at.date()) == ("game", game, day)]
        if of_day:
            cell["peak_viewers"] = max(*of_day, cell["peak_viewers"] or 0)


def _finished(cell: dict[str, Any]) -> dict[str, Any]:
    return {
        "hours_watched": cell["watched"] / 3_600_000,
        "avg_viewers": cell["watched"] / cell["covered"] if cell["covered"] else None,
        "peak_viewers": cell["peak_viewers"],
        "airtime_minutes": cell["covered"] / 60_000,
        "streams_started": cell["streams_started"],
    }


def concurrent(samples: list[Sample]) -> dict[tuple[str, str, datetime], tuple[int, int]]:
    """(viewers, streams) per scope, id and snapshot; streams without viewers are not counted.

    At times without a poll the watched games alone, and none of which only some streams were asked for.
    """
    polled_at = {sample.at for sample in samples if sample.is_poll}
    found: dict[tuple[str, str, datetime], tuple[int, int]] = {}
    for sample in samples:
        if sample.viewers == 0:
            continue
        scopes = [("all", "all"), ("game", sample.game), ("language", sample.language)]
        if sample.at not in polled_at:
            scopes = [] if sample.is_narrowed else [("game", sample.game)]
        for scope, scope_id in scopes:
            viewers, streams = found.get((scope, scope_id, sample.at), (0, 0))
            found[scope, scope_id, sample.at] = (viewers + sample.viewers, streams + 1)
    return found


def top(days: dict[tuple[str, date], dict[str, Any]], length: int | None) -> list[tuple[str, float]]:
    """(streamer, hours watched) of the last days of the data, most watched first."""
    newest = max(day for _, day in days)
    hours: dict[str, float] = defaultdict(float)
    for (streamer, day), cell in days.items():
        if length is None or day > newest - timedelta(days=length):
            hours[streamer] += cell["hours_watched"]
    return sorted(hours.items(), key=lambda item: -item[1])
