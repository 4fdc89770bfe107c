"""What earlier runs have left: tables that broke a critical rule, and batches that nobody has checked.

A run that dies between loading or building and validating leaves batches without a result. Which batches were checked
stands in OPS.VALIDATION_RESULTS, so what it left is a difference of ledgers, whatever it was that ended it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from transforms.catalog import models
from transforms.contract import Table
from transforms.functions import Session
from transforms.ops import BUILDS, LOADS, RECONCILIATION, VALIDATION_RESULTS


@dataclass(frozen=True)
class Standing:
    """What is open.

    Args:
        closed: Tables of which a critical rule failed when it was last checked; nothing is built on them.
        unchecked: Table -> loads or builds that wrote rows of it, or changed the account of a load, and were never
            checked.
    """

    closed: frozenset[str] = frozenset()
    unchecked: dict[str, list[str]] = field(default_factory=dict)


def read_standing(session: Session, database: str) -> Standing:
    """Read it from the ledgers, in one statement."""
    return parse_standing(session.sql(standing_statement(database)).collect())


def standing_statement(database: str) -> str:
    """Return the statement that finds what is open, for runs and for commands that read."""
    from expectations.rules.from_contract import SCHEMA_RULE

    results = VALIDATION_RESULTS.full_name(database)
    newest = (
        "SELECT table_name, rule, success, ROW_NUMBER() OVER "
        "(PARTITION BY table_name, rule ORDER BY validated_at DESC, run_id) AS nth "
        f"FROM {results} WHERE severity = 'critical'"
    )
    written = (
        f"SELECT table_name, load_id AS batch_id, loaded_at AS written_at FROM {LOADS.full_name(database)} "
        "WHERE rows_loaded > 0 UNION ALL "
        f"SELECT table_name, build_id, built_at FROM {BUILDS.full_name(database)} "
        "WHERE rows_inserted + rows_updated > 0 "
        f"OR build_id IN (SELECT build_id FROM {RECONCILIATION.full_name(database)})"
    )
    checked = (
        "SELECT r.table_name AS table_name, f.value::VARCHAR AS batch_id "
        f"FROM {results} r, LATERAL FLATTEN(INPUT => r.batches) f"
    )
    whole = (
        f"SELECT table_name, MAX(validated_at) AS checked_at FROM {results} "
        f"WHERE scope = 'full' AND rule = '{SCHEMA_RULE}' GROUP BY table_name"
    )
    return (
        f"SELECT 'failed', table_name, rule FROM ({newest}) n WHERE nth = 1 AND NOT success UNION ALL "
        f"SELECT 'unchecked', w.table_name, w.batch_id FROM ({written}) w "
        f"LEFT JOIN ({whole}) v ON v.table_name = w.table_name "
        f"LEFT JOIN ({checked}) c ON c.table_name = w.table_name AND c.batch_id = w.batch_id "
        "WHERE c.batch_id IS NULL AND (v.checked_at IS NULL OR w.written_at >= v.checked_at)"
    )


def parse_standing(rows: Iterable[Sequence[Any]]) -> Standing:
    """Read what is open from that statement's rows; a rule that a table no longer has closes it no longer."""
    found = [tuple(row) for row in rows]
    known = models()
    failed = {(name, rule) for kind, name, rule in found if kind == "failed" and name in known}
    closed = frozenset(name for name, rule in failed if rule in _read_rule_names(known[name].table))
    unchecked: dict[str, list[str]] = {}
    for kind, name, batch in found:
        if kind == "unchecked" and name in known:
            unchecked.setdefault(name, []).append(batch)
    return Standing(closed, unchecked)


def _read_rule_names(table: Table) -> frozenset[str]:
    """Imported where a rule has failed: a command that only reads is over before the rules' libraries are there."""
    from expectations.checks.tables import rule_names

    return rule_names(table)
