"""What the promises of SEMANTICS §1 are checked with: settings of the tests, tables as rows, accounts that balance."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings
from snowflake.snowpark import Session

from tests.feeding import content
from transforms.batches import stored
from transforms.catalog import models
from transforms.ops import LOADS, QUARANTINE, RECONCILIATION

BUILT = [name for name, model in models().items() if model.build]
EXAMPLES = int(os.environ.get("SNOWCAST_TEST_EXAMPLES", "3"))
unhurried = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def tables(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    return {name: content(session, name) for name in BUILT}


def assert_accounts_balance(session: Session) -> None:
    """For each load: raw = staged + quarantined + superseded, and each of them is what the tables hold."""
    account: dict[tuple[str, str], list[int]] = {}
    for row in stored(session, RECONCILIATION).collect():
        cell = account.setdefault((row["TABLE_NAME"], row["LOAD_ID"]), [0, 0, 0, 0])
        for side, name in enumerate(("RAW_ROWS", "STAGED_ROWS", "QUARANTINED_ROWS", "SUPERSEDED_ROWS")):
            cell[side] += row[name]
    loaded = {row["LOAD_ID"]: row["ROWS_LOADED"] for row in stored(session, LOADS).collect()}
    staged, refused = {}, {}
    for name, model in models().items():
        if model.table.layer == "STAGING":
            for (load_id,) in stored(session, model.table).select("_load_id").collect():
                staged[name, load_id] = staged.get((name, load_id), 0) + 1
    for row in stored(session, QUARANTINE).collect():
        key = (row["TABLE_NAME"], row["LOAD_ID"])
        refused[key] = refused.get(key, 0) + 1
    assert {load_id for _, load_id in account} == set(loaded)
    for key, (raw, kept, quarantined, superseded) in account.items():
        assert raw == kept + quarantined + superseded == loaded[key[1]]
        assert (kept, quarantined) == (staged.get(key, 0), refused.get(key, 0))
