"""Gifts that viewers give to the streamers of the live logs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from deployments.sandbox.world.broadcasts import Broadcast
from deployments.sandbox.world.rng import Dice, Topic, Wheel
from deployments.sandbox.world.timestamps import DAY
from deployments.sandbox.world.viewers import VIEWERS, uuid_of, viewer_id

ANONYMOUS: Final = "anonymous"
"""The user that stands for all givers who are not told."""
_USUAL_GIFTS: Final = 50
_MOST_GIFTS: Final = 400
_FANS = 40
_DOUBLE, _ANONYMOUS, _CANCELLED = 0.02, 0.04, 0.03
_TYPES: Final = ("gift", "gift", "gift", "combo")


@dataclass(frozen=True, slots=True)
class GiftKind:
    """What can be given; one that is not listed is no longer in the list of kinds."""

    gift_id: str
    name: str
    points: int
    weight: float
    is_listed: bool = True


KINDS: Final = (
    GiftKind("g01", "Paper Boat", 1, 30),
    GiftKind("g02", "Lucky Acorn", 5, 22),
    GiftKind("g03", "Warm Cocoa", 10, 16),
    GiftKind("g04", "Confetti", 20, 8),
    GiftKind("g05", "Lantern", 50, 9),
    GiftKind("g06", "Music Box", 99, 6),
    GiftKind("g07", "Comet", 200, 4),
    GiftKind("g08", "Hot-Air Balloon", 500, 2.5),
    GiftKind("g09", "Lighthouse", 1_000, 1.2),
    GiftKind("g10", "Golden Whale", 5_000, 0.3),
    GiftKind("g00", "Old Coin", 2, 0.5, is_listed=False),
)
_WHEEL: Final = Wheel([kind.weight for kind in KINDS])


@dataclass(frozen=True, slots=True)
class Gift:
    """One gift: who gave what when, and from when on it counts as cancelled."""

    transaction_id: int
    at: int
    milliseconds: int
    giver: str
    kind: GiftKind
    type: str
    cancelled_at: int | None


def gifts_of(dice: Dice, broadcast: Broadcast) -> list[Gift]:
    """Return the gifts of a broadcast, in the order of their ids: about fifty, at times two in one second."""
    many, *_ = dice.throw(Topic.GIFT, broadcast.person, int(broadcast.stream_id))
    count = min(int(-_USUAL_GIFTS * math.log(1 - many)), _MOST_GIFTS)
    return [gift for number in range(count) for gift in _give(dice, broadcast, number)]


def _give(dice: Dice, broadcast: Broadcast, number: int) -> Iterator[Gift]:
    stream = int(broadcast.stream_id)
    when, what, fan, who, secret, twice, cancelled, later = dice.throw(Topic.GIFT, stream, 1 + number)
    at = broadcast.started_at + int(when * (broadcast.ended_at - broadcast.started_at))
    giver = ANONYMOUS if secret < _ANONYMOUS else _choose_giver(dice, broadcast.person, fan, who)
    for copy in range(2 if twice < _DOUBLE else 1):
        yield Gift(
            transaction_id=stream * 1_000 + 2 * number + copy,
            at=at,
            milliseconds=int(later * 500) + 400 * copy,
            giver=giver,
            kind=KINDS[_WHEEL.pick(what)],
            type=_TYPES[number % len(_TYPES)],
            cancelled_at=at + int(later * 2 * DAY) if cancelled < _CANCELLED and not copy else None,
        )


def _choose_giver(dice: Dice, person: int, fan: float, who: float) -> str:
    """Return a fan of the streamer, the first ones far more often than the others, or anybody."""
    if fan < 0.7:
        return uuid_of(dice, Topic.GIFT_GIVER, person, int(_FANS * who**3))
    return viewer_id(dice, int(VIEWERS * who**2))
