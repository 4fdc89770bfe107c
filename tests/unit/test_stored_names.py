"""What homes that are there hold under names of the code changes only on purpose."""

from __future__ import annotations

import json

import pytest

from tests.unit.stored_names import FROZEN, stored_names

KINDS = ("tables", "ledgers", "activities", "parameters")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_stored_is_called_as_before(kind: str):
    frozen = json.loads(FROZEN.read_text(encoding="utf-8"))[kind]
    assert stored_names()[kind] == frozen, (
        "homes that are there hold other names: where that is meant, write `python -m tests.unit.stored_names`, "
        "and say in CHANGELOG.md what an upgrade does"
    )
