"""Rules of the ledger of publications: all hold after an ordinary run, and each fails on the row that breaks it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from expectations.checks.publications import ATTEMPT_RULES, DESTINATION_RULES, make_publication_subjects
from expectations.engine.run import check_subjects
from tests.expectations.planting import create_statement, good_row, insert_statement
from transforms.contract import Layer
from transforms.ops import PUBLICATIONS

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

NOW = datetime(2026, 11, 24, 12, 0)
LONG_AGO = NOW - timedelta(days=8)
ONCE, WRITTEN, EXPLAINED = (rule.name for rule in ATTEMPT_RULES)
REMEMBERED, FEW_REJECTED = (rule.name for rule in DESTINATION_RULES)


def row(activity_id: str, status: str, attempt: int = 1, **values: Any) -> dict[str, Any]:
    named = {"destination": "here", "activity_id": activity_id, "attempt": attempt, "status": status}
    given = {"activity": "gift_sent", "event": None, "reason": None, "run_id": "run", "recorded_at": NOW}
    return {**good_row(PUBLICATIONS), **named, **given, **values}


USUAL = [
    *[row(f"a{number}", status) for number in range(60) for status in ("pending", "sent")],
    row("refused", "pending"),
    row("refused", "rejected", reason="silenced"),
    row("open", "pending"),
    row("later", "pending"),
    row("later", "released", reason="quota"),
    row("later", "pending", 2),
    row("elsewhere", "pending", destination="there", recorded_at=LONG_AGO),
    row("old", "pending", recorded_at=LONG_AGO, run_id="before"),
    row("old", "sent", recorded_at=LONG_AGO, run_id="before"),
]


def broken(connection: SnowflakeConnection, *rows: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Rules that fail on the usual rows and these: severity, and what was found."""
    database = connection.database or ""
    connection.cursor().execute(f"create schema if not exists {database}.{Layer.OPS}")
    connection.cursor().execute(create_statement(PUBLICATIONS, database))
    connection.cursor().execute(insert_statement(PUBLICATIONS, database, [*USUAL, *rows]))
    subjects = make_publication_subjects("here", "run", NOW - timedelta(days=7))
    results = check_subjects(connection, subjects, run_id="run", docs_root=None)
    assert len(results) == len(ATTEMPT_RULES) + len(DESTINATION_RULES)
    return {result.rule: (result.severity, result.observed) for result in results if not result.success}


def test_a_usual_run_holds_every_rule(connection: SnowflakeConnection):
    assert broken(connection) == {}


@pytest.mark.parametrize(
    ("rows", "rule", "severity", "told"),
    [
        ([row("a1", "pending", 2), row("a1", "sent", 2)], ONCE, "critical", "first activity_id a1"),
        ([row("sneaked", "sent")], WRITTEN, "critical", "first activity_id sneaked"),
        ([row("mute", "pending"), row("mute", "rejected")], EXPLAINED, "warning", "first activity_id mute"),
        ([row("lost", "pending", recorded_at=LONG_AGO)], REMEMBERED, "warning", "forgotten_rows 1"),
        (
            [row(f"b{n}", status, reason="no") for n in range(8) for status in ("pending", "rejected")],
            FEW_REJECTED,
            "warning",
            "run_rejected 9",
        ),
    ],
)
def test_each_rule_fails_on_the_row_that_breaks_it(connection: SnowflakeConnection, rows, rule, severity, told):
    found = broken(connection, *rows)
    assert set(found) == {rule}
    assert found[rule][0] == severity
    assert told in found[rule][1]
