"""How many watch a broadcast: habit, form of the day, time of day, a way up and down, and noise. New every minute."""

from __future__ import annotations

import math
from typing import NamedTuple

from deployments.sandbox.world.broadcasts import Broadcast
from deployments.sandbox.world.locales import audience_awake
from deployments.sandbox.world.people import Person
from deployments.sandbox.world.rng import Dice, Topic, bell
from deployments.sandbox.world.timestamps import DAY, MINUTE

_SEASON = 28 * DAY
_NODE = 15 * MINUTE


class Form(NamedTuple):
    """What is particular to a session: its level, and a raid (another streamer's viewers sent over)."""

    level: float
    raid_at: float
    raid_viewers: float


def form_of(dice: Dice, person: Person, broadcast: Broadcast) -> Form:
    """Return the form of the session that a broadcast belongs to."""
    level, raided, when, size, *_ = dice.throw(Topic.SESSION, person.index, broadcast.session)
    raid_at = broadcast.session_started_at + when * (broadcast.session_ended_at - broadcast.session_started_at)
    raiders = (8 + person.usual_viewers * 0.5) * math.exp(bell(size)) if raided < 0.10 else 0.0
    return Form(math.exp(0.28 * bell(level)), raid_at, raiders)


def count_viewers(dice: Dice, person: Person, broadcast: Broadcast, form: Form, at: int) -> int:
    """Viewers of a live broadcast, as counted at the last full minute."""
    minute = at // MINUTE
    elapsed = minute * MINUTE + MINUTE // 2 - broadcast.session_started_at
    arriving = 1 - 0.93 * math.exp(-max(elapsed, 0) / (22 * MINUTE))
    left = broadcast.session_ended_at - minute * MINUTE
    leaving = 0.6 + 0.4 * min(max(left / (8 * MINUTE), 0.0), 1.0)
    awake = audience_awake(minute * MINUTE + person.origin.utc_offset_minutes * MINUTE)
    flicker, rounding, *_ = dice.throw(Topic.FLICKER, person.index, minute)
    expected = person.usual_viewers * form.level * arriving * leaving * awake * _measure_career(dice, person, at)
    expected *= math.exp(0.14 * _measure_drift(dice, person.index, at)) * (1 + 0.02 * bell(flicker))
    since_raid = at - form.raid_at
    if form.raid_viewers and since_raid >= 0:
        expected += form.raid_viewers * math.exp(-since_raid / (14 * MINUTE))
    return int(expected + rounding)


def _measure_career(dice: Dice, person: Person, at: int) -> float:
    """Popularity moves slowly over the months."""
    season, share = divmod(at / _SEASON, 1.0)
    before = bell(dice.throw(Topic.FORM, person.index, int(season))[0])
    after = bell(dice.throw(Topic.FORM, person.index, int(season) + 1)[0])
    return math.exp(0.22 * (before * (1 - share) + after * share))


def _measure_drift(dice: Dice, index: int, at: int) -> float:
    """Smooth noise with a new direction every quarter of an hour."""
    node, share = divmod(at / _NODE, 1.0)
    first = _throw_node(dice, index, int(node))
    return first + (_throw_node(dice, index, int(node) + 1) - first) * share * share * (3 - 2 * share)


def _throw_node(dice: Dice, index: int, node: int) -> float:
    return bell(dice.throw(Topic.DRIFT, index, node // 8)[node % 8])
