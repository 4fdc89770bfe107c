"""The platform is believable: daily rhythm, long tail, weekends, careers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import timedelta

import pytest

from deployments.sandbox import World
from deployments.sandbox.twitch.records import HelixView
from deployments.sandbox.world.timestamps import DAY, HOUR, epoch


@pytest.fixture(scope="module")
def view(world: World) -> HelixView:
    return HelixView(world)


@pytest.fixture(scope="module")
def live_by_hour(world: World) -> dict[str, Counter[int]]:
    """Live streams at each full hour of the day, summed over a week, by language of the streamer."""
    midnight = epoch(world.start.replace(hour=0))
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for broadcast in world.broadcasts(midnight, midnight + 7 * DAY):
        first = max(broadcast.started_at, midnight)
        last = min(broadcast.ended_at, midnight + 7 * DAY)
        for hour in range(-(-first // HOUR), -(-last // HOUR)):
            found[world.person_of(broadcast).origin.language][hour % 24] += 1
    return found


def test_streams_follow_the_hours_of_the_day(live_by_hour: dict[str, Counter[int]]):
    hours = sum(live_by_hour.values(), Counter())
    ordered = [hour for hour, _ in hours.most_common()]
    assert hours[ordered[0]] > 1.6 * hours[ordered[-1]]
    assert ordered[0] in range(16, 24)
    assert ordered[-1] in range(5, 14)


def test_each_language_has_its_own_evening(live_by_hour: dict[str, Counter[int]]):
    busiest = {language: hours.most_common(1)[0][0] for language, hours in live_by_hour.items()}
    assert busiest["de"] in range(17, 23)
    assert busiest["ja"] in range(9, 16)
    assert busiest["pt"] in {20, 21, 22, 23, 0, 1, 2}


def test_a_streamer_comes_back_at_the_same_time_of_day(world: World):
    regulars = [p for p in world.people if p.habit.start_spread < 15 and not p.habit.is_round_the_clock][:40]
    wanted = {person.index for person in regulars}
    starts: dict[int, list[float]] = {}
    seen = set()
    for broadcast in world.broadcasts(world.start, world.start + timedelta(days=28)):
        if (
            broadcast.person in wanted
            and (broadcast.person, broadcast.session) not in seen
            and broadcast.session % 2 == 0
        ):
            seen.add((broadcast.person, broadcast.session))
            starts.setdefault(broadcast.person, []).append(broadcast.session_started_at % 86_400 / 86_400 * 2 * math.pi)
    assert len(starts) > 20
    for angles in starts.values():
        mean = math.hypot(sum(map(math.sin, angles)), sum(map(math.cos, angles))) / len(angles)
        assert mean > 0.95


def test_the_audience_has_a_long_tail(world: World, view: HelixView):
    counts = [stream["viewer_count"] for stream in view.streams(world.start)]
    top_tenth = sum(counts[: len(counts) // 10])
    assert 0.5 < top_tenth / sum(counts) < 0.95
    ranks = range(5, len(counts) // 2)
    slope = _slope([math.log(rank) for rank in ranks], [math.log(counts[rank] + 1) for rank in ranks])
    assert -2.2 < slope < -0.7
    assert counts[len(counts) // 2] < 0.02 * counts[0]
    assert counts[-1] <= 1


def test_games_have_a_long_tail_too(world: World, view: HelixView):
    games = Counter(
        stream["game_id"] for hour in range(24) for stream in view.streams(world.start + timedelta(hours=hour))
    )
    (_, first), *_ = games.most_common(1)
    assert 0.10 < first / games.total() < 0.35
    assert sum(count <= first / 20 for count in games.values()) > len(games) / 2


def test_viewers_rise_at_the_beginning_and_move_smoothly(world: World):
    early = late = 0
    jumps = []
    for broadcast in world.live_at(world.start):
        if broadcast.session_ended_at - broadcast.session_started_at < 7_200:
            continue
        begin = broadcast.session_started_at
        early += world.viewers_of(broadcast, begin + 120)
        late += world.viewers_of(broadcast, begin + 5_400)
        now, then = (world.viewers_of(broadcast, begin + 5_400 + step) for step in (0, 60))
        if now >= 500:
            jumps.append(abs(then / now - 1))
    assert early < 0.4 * late
    assert sorted(jumps)[len(jumps) // 2] < 0.06


def test_people_pause_come_back_and_arrive(world: World):
    weeks = [
        {
            b.person
            for b in world.broadcasts(world.start + timedelta(days=7 * w), world.start + timedelta(days=7 * w + 7))
        }
        for w in range(12)
    ]
    assert all(len(week) > 0.3 * world.scale for week in weeks)
    gone = weeks[0] - weeks[5]
    assert gone & weeks[10], "some who paused came back"
    assert weeks[11] - set().union(*weeks[:11]), "some are seen for the first time"


def test_partners_are_few_and_have_the_large_audiences(world: World, view: HelixView):
    streams = view.streams(world.start)
    users = {
        user["id"]: user["broadcaster_type"] for user in view.users(world.start, ids=[s["user_id"] for s in streams])
    }
    audience: dict[str, list[int]] = {"": [], "affiliate": [], "partner": []}
    for stream in streams:
        if stream["user_id"] in users:
            audience[users[stream["user_id"]]].append(stream["viewer_count"])
    means = {kind: sum(counts) / len(counts) for kind, counts in audience.items()}
    assert means["partner"] > means["affiliate"] > 0
    assert len(audience["partner"]) < len(audience["affiliate"])


def _slope(x: list[float], y: list[float]) -> float:
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    return covariance / sum((a - mean_x) ** 2 for a in x)
