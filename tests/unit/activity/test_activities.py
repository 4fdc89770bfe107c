"""The activities as they are declared: known by name, told in the README, and refused where a feature is missing."""

from __future__ import annotations

from pathlib import Path

from transforms.activity.activities import STREAMER, VIEWER, definitions, known_activities

README = Path(__file__).parents[3] / "transforms/activity/README.md"


def test_every_activity_is_a_file_of_its_name_in_the_package_of_its_stream():
    for stream, kind in ((STREAMER, "streamer"), (VIEWER, "viewer")):
        for package in (kind, f"{kind}_lifecycle"):
            for module in definitions(package):
                assert module.__name__.rpartition(".")[2] == module.ACTIVITY.name
                assert module.ACTIVITY.stream == stream
                assert known_activities()[module.ACTIVITY.name] is module.ACTIVITY


def test_no_activity_names_a_feature_twice_and_one_feature_has_one_type():
    types: dict[str, set[str]] = {}
    for activity in known_activities().values():
        names = [feature.name for feature in activity.features]
        assert len(set(names)) == len(names)
        assert activity.description
        assert all(feature.description for feature in activity.features)
        for feature in activity.features:
            types.setdefault(feature.name, set()).add(repr(feature.type))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


def test_the_readme_names_every_activity_with_its_features():
    told = README.read_text(encoding="utf-8")
    for activity in known_activities().values():
        line = f"| {activity.name} | {', '.join(feature.name for feature in activity.features)} |"
        assert line in told, f"transforms/activity/README.md lacks {line}"
