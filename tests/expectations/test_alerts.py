"""Rules of the ledger of alerts: all hold after an ordinary run, and each fails on the row that breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from expectations.checks.alerts import ALERT_RULES, make_alert_subject
from expectations.engine.run import check_subjects
from tests.expectations.planting import create_statement, good_row, insert_statement
from transforms.contract import Layer
from transforms.ops import ALERTS

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

ONCE, CLAIMED, FOLLOWS, EXPLAINED = (rule.name for rule in ALERT_RULES)


def row(spike_key: str, state: str, attempt: int = 1, **values: Any) -> dict[str, Any]:
    named = {"spike_key": spike_key, "state": state, "attempt": attempt, "kind": "spike"}
    return {**good_row(ALERTS), **named, "facts": None, "reason": None, "run_id": "run", **values}


USUAL = [
    *[row("told", state) for state in ("pending", "sent")],
    *[row("told", state, kind="recovery") for state in ("pending", "sent")],
    row("later", "pending"),
    row("later", "released", reason="busy"),
    row("later", "pending", 2),
    row("dropped", "dropped", 0, reason="too late"),
    row("of another run", "sent", run_id="before"),
]


def broken(connection: SnowflakeConnection, *rows: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Rules that fail on the usual rows and these: severity, and what was found."""
    database = connection.database or ""
    connection.cursor().execute(f"create schema if not exists {database}.{Layer.OPS}")
    connection.cursor().execute(create_statement(ALERTS, database))
    connection.cursor().execute(insert_statement(ALERTS, database, [*USUAL, *rows]))
    results = check_subjects(connection, [make_alert_subject("run")], run_id="run", docs_root=None)
    assert len(results) == len(ALERT_RULES)
    return {result.rule: (result.severity, result.observed) for result in results if not result.success}


def test_a_usual_run_holds_every_rule(connection: SnowflakeConnection):
    assert broken(connection) == {}


@pytest.mark.parametrize(
    ("rows", "rule", "severity", "told"),
    [
        ([row("told", "pending", 2), row("told", "sent", 2)], ONCE, "critical", "first spike_key told"),
        ([row("sneaked", "sent")], CLAIMED, "critical", "first spike_key sneaked"),
        ([row("unheard", "pending", kind="recovery")], FOLLOWS, "critical", "first spike_key unheard"),
        ([row("mute", "dropped", 0)], EXPLAINED, "warning", "first spike_key mute"),
    ],
)
def test_each_rule_fails_on_the_row_that_breaks_it(connection: SnowflakeConnection, rows, rule, severity, told):
    found = broken(connection, *rows)
    assert set(found) == {rule}
    assert found[rule][0] == severity
    assert told in found[rule][1]
