"""Every activity by its name. A new one is a declaration, a function and a line in one of the tuples read here."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from transforms.activity.definitions import lifecycle, streamer, viewer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from transforms.activity.definitions.activity import Activity, Definition

# kind of person -> what is read from facts, and what that amounts to
FROM_FACTS: Mapping[str, tuple[Definition, ...]] = {"streamer": streamer.ACTIVITIES, "viewer": viewer.ACTIVITIES}
LIFECYCLE: Mapping[str, tuple[Definition, ...]] = {"streamer": lifecycle.OF_STREAMERS, "viewer": lifecycle.OF_VIEWERS}


@cache
def known_activities() -> Mapping[str, Activity]:
    """Return every activity by name: streamers' first, then viewers', each in alphabetical order."""
    activities = [one.activity for part in (FROM_FACTS, LIFECYCLE) for known in part.values() for one in known]
    return {one.name: one for one in sorted(activities, key=lambda one: (one.stream, one.name))}
