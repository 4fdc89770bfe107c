"""The viewers: people who watch, give and use the apps, under ids of their own."""

from __future__ import annotations

import struct
from typing import Final
from uuid import UUID

from deployments.sandbox.world.rng import Dice, Topic

VIEWERS: Final = 600
"""How many there are of those who watch many streamers; each streamer has fans beside them."""


def viewer_id(dice: Dice, index: int) -> str:
    """The id of one of the viewers, from 0."""
    return uuid_of(dice, Topic.GIFT_GIVER, -1, index)


def uuid_of(dice: Dice, topic: int, first: int, second: int = 0) -> str:
    """An id that follows from a throw."""
    quarters = [int(chance * 2**32) for chance in dice.throw(topic, first, second)[:4]]
    return str(UUID(bytes=struct.pack(">4L", *quarters), version=4))
