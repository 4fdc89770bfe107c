"""Reproducible chance: the same question to the same seed always gets the same answer.

A throw is a hash of (seed, topic, numbers), so that nothing has to be drawn in order: the state of the world at any
time can be asked for first, last or twice. One throw gives eight independent numbers, which is why callers unpack it.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from statistics import NormalDist
from typing import Final

Throw = tuple[float, float, float, float, float, float, float, float]

_SCALE: Final = 2.0**-64
_STANDARD_NORMAL: Final = NormalDist()
_PACK: Final = struct.Struct("<5q").pack
_UNPACK: Final = struct.Struct("<8Q").unpack


class Dice:
    """A seed, and the throws that follow from it."""

    def __init__(self, seed: int) -> None:
        self._seed = int.from_bytes(hashlib.blake2b(str(seed).encode(), digest_size=7).digest(), "little")

    def throw(self, topic: int, first: int = 0, second: int = 0, third: int = 0) -> Throw:
        """Eight numbers in [0, 1) that belong to this topic and these numbers."""
        digest = hashlib.blake2b(_PACK(self._seed, topic, first, second, third)).digest()
        a, b, c, d, e, f, g, h = _UNPACK(digest)
        return a * _SCALE, b * _SCALE, c * _SCALE, d * _SCALE, e * _SCALE, f * _SCALE, g * _SCALE, h * _SCALE


def bell(chance: float) -> float:
    """Return the standard normal value below which a share `chance` of all values lies."""
    return _STANDARD_NORMAL.inv_cdf(min(max(chance, 1e-9), 1 - 1e-9))


def pick(options: Sequence[str], chance: float) -> str:
    """One of the options, all equally likely."""
    return options[min(int(chance * len(options)), len(options) - 1)]


class Wheel:
    """Picks an index by weight."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._sums = list(accumulate(weights))

    def pick(self, chance: float) -> int:
        """Return the index under which the share `chance` of the total weight falls."""
        return min(bisect(self._sums, chance * self._sums[-1]), len(self._sums) - 1)


class Topic:
    """What a throw is about; two topics never share a number."""

    RANK, ORIGIN, HABIT, NAME, RENAMES, BANS, FAVOURITES, SEASON, DAY, RESTARTS = range(1, 11)
    PROGRAMME, BLOCK, SESSION, FORM, DRIFT, FLICKER, TAGS, GAME, PROMOTION, ACCOUNT = range(11, 21)
    SUBSCRIBER, RENEWAL, REJOIN, MOVE, SUSPENSION, PAYMENT, VIEWING, START_CORRECTION = range(21, 29)
    LOGGED_STREAM, GIFT, GIFT_GIVER, APP_VIEWER, APP_DAY, APP_SESSION, APP_EVENT, APP_UPLOAD = range(41, 49)
