"""Every activity by its name. A new one is a declaration, a function and a line in one of the tuples read here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from transforms.activity.definitions import lifecycle, streamer, viewer
from transforms.activity.definitions.activity import VIEWER, Activity, Definition, Feature
from transforms.contract import TEXT

# kind of person -> what is read from facts, and what that amounts to
FROM_FACTS: Mapping[str, tuple[Definition, ...]] = {"streamer": streamer.ACTIVITIES, "viewer": viewer.ACTIVITIES}
LIFECYCLE: Mapping[str, tuple[Definition, ...]] = {"streamer": lifecycle.OF_STREAMERS, "viewer": lifecycle.OF_VIEWERS}


@cache
def list_known_activities() -> Mapping[str, Activity]:
    """List every activity by name: streamers' first, then viewers', each in alphabetical order."""
    activities = [one.activity for part in (FROM_FACTS, LIFECYCLE) for known in part.values() for one in known]
    return {one.name: one for one in sorted(activities, key=lambda one: (one.stream, one.name))}


def activities_of_events(properties: Iterable[tuple[str, str]]) -> Mapping[str, Activity]:
    """Return the activity of each Amplitude event type: the type's name, with its properties as features.

    Args:
        properties: Event type and property, as int_amplitude_properties has them; '' is the type itself.
    """
    named: dict[str, set[str]] = {}
    for event_type, name in properties:
        named.setdefault(event_type, set()).update({name} - {""})
    return {
        event_type: Activity(
            name=event_type,
            stream=VIEWER,
            description="an event of that type that an app sent to Amplitude, when it happened",
            features=tuple(Feature(name, TEXT, "as the app sent it") for name in sorted(names)),
        )
        for event_type, names in sorted(named.items())
    }
