"""Times that names and folders state."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.files.observed_at import snapshot_day_in_path, snapshot_time_in_path

DAY = datetime(2026, 11, 1, tzinfo=UTC)
MOMENT = datetime(2026, 11, 1, 4, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        ("users_20261101_043015.csv", MOMENT),
        ("20261101_043015", MOMENT),
        ("users_20261101T043015.csv", MOMENT),
        ("users_20261101T043015Z.csv", MOMENT),
        ("users_1793507415000.csv", MOMENT),
        ("users_20261101T043015000Z_0123456789abcdef.ndjson.gz", MOMENT),
        ("187520_2026-11-01_4#1.json.gz", MOMENT.replace(minute=0, second=0)),
        ("-189524_2026-11-01_4.json.gz", MOMENT.replace(minute=0, second=0)),
        ("users_2026-11-01_4.csv", None),
        ("users_20261101.csv", None),
        ("users_20261301_043015.csv", None),
        ("users_20261101_043015999.csv", None),
        ("users120261101_043015.csv", None),
        ("users.csv", None),
    ],
)
def test_a_name_states_a_moment(name: str, moment: datetime | None) -> None:
    assert snapshot_time_in_path([name]) == moment


@pytest.mark.parametrize(
    ("names", "day"),
    [
        (["users_20261101.csv"], DAY),
        (["users-2026-11-01.csv"], DAY),
        (["2026_11_01_users.csv"], DAY),
        (["users.csv", "deliveries/2026-11-01/"], DAY),
        (["users.csv", "deliveries/20261101/"], DAY),
        (["users.csv", "deliveries/2026/11/01/"], DAY),
        (["users.csv", "deliveries/day=2026-11-01/"], DAY),
        (["users.csv", "from 2025-01-01/2026-11-01/"], DAY),
        (["users_20261101.csv", "deliveries/2025-01-01/"], DAY),
        (["users_20261101_043015.csv"], MOMENT),
        (["users.csv", "deliveries/20261101_043015/"], MOMENT),
        (["users_20261301.csv"], None),
        (["users_202611011.csv"], None),
        (["users_2026-11_01.csv"], None),
        (["users_30261101.csv"], None),
        (["users.csv", "deliveries/"], None),
    ],
)
def test_the_nearest_name_that_states_a_day_counts(names: list[str], day: datetime | None) -> None:
    assert snapshot_day_in_path(names) == day
