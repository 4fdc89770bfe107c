"""A home that the version before has left goes on as if nothing had happened."""

from __future__ import annotations

import pytest
from snowflake.snowpark import Session

from tests.feeding import build_all, written
from tests.unit.stored_home import frozen_home, store_home
from transforms.catalog import models
from transforms.engine.merge import contract_hash
from transforms.engine.stored import read_table
from transforms.engine.tables import prepare_tables
from transforms.ops import HEADS

NOTHING = (0, 0, 0)
MEANT = (
    "the code gives other rows of the same inputs: where that is meant, raise the table's revision, "
    "write `python -m tests.unit.stored_home`, and say in CHANGELOG.md what an upgrade does"
)


@pytest.mark.lengthy
def test_the_next_run_of_a_home_of_before_writes_nothing(session: Session):
    store_home(session, frozen_home())
    prepare_tables(session)
    heads = {row[0]: row[3] for row in read_table(session, HEADS).collect()}
    unchanged = {name for name, model in models().items() if heads.get(name) == contract_hash(model.table)}
    assert len(unchanged) > 35, "the home is not one of these tables"

    next_run = build_all(session)
    assert {name for name, result in next_run.items() if not result.skipped} & unchanged == set()
    assert {name: written(result) for name, result in next_run.items() if written(result) != NOTHING} == {}, MEANT

    from_everything = build_all(session, mode="full_refresh")
    changed = {name: written(result) for name, result in from_everything.items() if written(result) != NOTHING}
    assert changed == {}, MEANT
