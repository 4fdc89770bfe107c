"""The simulated streaming platform: people, games and a calendar of broadcasts.

Everything at a time T follows from (seed, scale, T) alone. Asking changes nothing, so any T can be asked in any order,
by any number of processes, with the same answer. A source (Helix today) is a view of this world at a time; it adds no
facts of its own that another source could contradict.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from deployments.sandbox.world.audience import Form, count_viewers, form_of
from deployments.sandbox.world.broadcasts import Broadcast, Calendar
from deployments.sandbox.world.games import GameShelf
from deployments.sandbox.world.people import Person, settle
from deployments.sandbox.world.rng import Dice
from deployments.sandbox.world.schedule import Programme, Scene, write_programme
from deployments.sandbox.world.timestamps import epoch, moment

DEFAULT_SEED: Final = 7
DEFAULT_SCALE: Final = 20_000
DEFAULT_START: Final = datetime(2026, 11, 1, 18, tzinfo=UTC)


class _Traits(NamedTuple):
    """What has been worked out about a broadcast, kept on it."""

    programme: Programme
    form: Form


class World:
    """A streaming platform.

    Attributes:
        seed: another seed is another platform.
        scale: the number of streamers that ever exist on it; about a tenth is live at a time.
        start: where a clock that is not told otherwise begins. It does not change the world.
        people: all streamers.
        shelf: the games and how they are chosen.
        calendar: the broadcasts.
    """

    def __init__(
        self, seed: int = DEFAULT_SEED, scale: int = DEFAULT_SCALE, start: datetime | float = DEFAULT_START
    ) -> None:
        self.seed = seed
        self.scale = scale
        self.start = moment(epoch(start))
        self.dice = Dice(seed)
        self.people: list[Person] = settle(self.dice, scale)
        self.shelf = GameShelf(self.dice, scale)
        self.calendar = Calendar(self.dice, self.people)

    def live_at(self, at: datetime | float) -> list[Broadcast]:
        """Return the broadcasts that are live at a time, in no particular order."""
        return self.calendar.live_at(epoch(at))

    def broadcasts(self, start: datetime | float, end: datetime | float) -> Iterator[Broadcast]:
        """Return the broadcasts that are live at some time of [start, end)."""
        return self.calendar.between(epoch(start), epoch(end))

    def person_of(self, broadcast: Broadcast) -> Person:
        """Return the streamer of a broadcast."""
        return self.people[broadcast.person]

    def scene_of(self, broadcast: Broadcast, at: datetime | float) -> Scene:
        """Game and title of a broadcast at a time."""
        return self._find_traits(broadcast).programme.scene_at(epoch(at))

    def programme_of(self, broadcast: Broadcast) -> Programme:
        """Return all games and titles of the session a broadcast belongs to, with its language and tags."""
        return self._find_traits(broadcast).programme

    def viewers_of(self, broadcast: Broadcast, at: datetime | float) -> int:
        """Return how many watch a broadcast at a time at which it is live."""
        form = self._find_traits(broadcast).form
        return count_viewers(self.dice, self.people[broadcast.person], broadcast, form, epoch(at))

    def _find_traits(self, broadcast: Broadcast) -> _Traits:
        traits = broadcast.traits
        if isinstance(traits, _Traits):
            return traits
        person = self.people[broadcast.person]
        traits = _Traits(
            write_programme(self.dice, self.shelf, person, broadcast), form_of(self.dice, person, broadcast)
        )
        broadcast.traits = traits
        return traits
