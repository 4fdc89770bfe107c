"""The activities as they are declared: known by name, told in the README, and refused where a feature is missing."""

from __future__ import annotations

from pathlib import Path

from transforms.activity.definitions.activity import STREAMER, VIEWER
from transforms.activity.definitions.registry import FROM_FACTS, LIFECYCLE, list_known_activities

README = Path(__file__).parents[3] / "transforms/activity/README.md"


def test_every_activity_is_defined_once_among_those_of_its_stream_and_emitted_under_its_name():
    defined = []
    for stream, kind in ((STREAMER, "streamer"), (VIEWER, "viewer")):
        for definition in (*FROM_FACTS[kind], *LIFECYCLE[kind]):
            assert definition.activity.stream == stream
            assert definition.emit.__name__ == f"emit_{definition.name}"
            assert list_known_activities()[definition.name] is definition.activity
            defined.append(definition.name)
    assert sorted(defined) == sorted(list_known_activities())


def test_no_activity_names_a_feature_twice_and_one_feature_has_one_type():
    types: dict[str, set[str]] = {}
    for activity in list_known_activities().values():
        names = [feature.name for feature in activity.features]
        assert len(set(names)) == len(names)
        assert activity.description
        assert all(feature.description for feature in activity.features)
        for feature in activity.features:
            types.setdefault(feature.name, set()).add(repr(feature.type))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_the_readme_names_every_activity_with_its_features():
    told = README.read_text(encoding="utf-8")
    for activity in list_known_activities().values():
        line = f"| {activity.name} | {', '.join(feature.name for feature in activity.features)} |"
        assert line in told, f"transforms/activity/README.md lacks {line}"
