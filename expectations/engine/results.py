"""Results of rules: rows of OPS.VALIDATION_RESULTS, and what a failed one stops."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from expectations.rules.rule import CRITICAL

if TYPE_CHECKING:
    from expectations.rules.rule import Rule
    from transforms.contract import Table


@dataclass(frozen=True)
class RuleResult:
    """One rule checked on one table.

    Args:
        layer: Schema of the table.
        table_name: The table, or the ledger that a source rule reads.
        rule: What must be true.
        severity: critical or warning.
        success: Whether it held. A rule that could not be checked did not hold.
        observed: What was found, for people.
        scope: batch (rows written by the run), full (whole table) or source.
        reason: Why the rule is there.
    """

    layer: str
    table_name: str
    rule: str
    severity: str
    success: bool
    observed: str
    scope: str
    reason: str = ""


def make_result(rule: Rule, table: Table, scope: str, success: bool, observed: str) -> RuleResult:
    """Return what was found of a rule on a table."""
    return RuleResult(
        table.layer.value, table.name, rule.name, rule.severity.value, success, observed, scope, rule.reason
    )


def find_blocked_tables(results: Iterable[RuleResult]) -> set[str]:
    """Return tables that broke a critical rule: nothing may be built from them until they are repaired."""
    return {r.table_name for r in results if not r.success and r.severity == CRITICAL}


def sort_worst_first(results: Iterable[RuleResult]) -> list[RuleResult]:
    """Critical failures, then warnings, then what held."""
    return sorted(results, key=lambda r: (r.success, r.severity != CRITICAL, r.layer, r.table_name))


def make_ledger_rows(
    results: Iterable[RuleResult],
    run_id: str,
    validated_at: datetime,
    batches: Mapping[str, Sequence[str] | None] | None = None,
) -> list[dict[str, Any]]:
    """Return rows of OPS.VALIDATION_RESULTS.

    Args:
        results: What was found.
        run_id: The run.
        validated_at: When the check began: what is written later is not checked.
        batches: Table -> batches that were checked; they are kept with the table's first result.
    """
    text = {name: list(ids) for name, ids in (batches or {}).items() if ids}
    return [
        {
            "run_id": run_id,
            "layer": result.layer,
            "table_name": result.table_name,
            "rule": result.rule,
            "severity": result.severity,
            "success": result.success,
            "observed": result.observed,
            "scope": result.scope,
            "validated_at": validated_at,
            "batches": text.pop(result.table_name, None),
        }
        for result in results
    ]
