"""Tables that stay closed: a critical rule of them failed when it was last checked."""

from __future__ import annotations

from transforms.ops import VALIDATION_RESULTS


def open_failures_statement(database: str) -> str:
    """The statement that names those tables, for runs and for commands that read."""
    return (
        f"SELECT DISTINCT table_name FROM (SELECT table_name, success FROM {VALIDATION_RESULTS.full_name(database)} "
        "WHERE severity = 'critical' "
        "QUALIFY ROW_NUMBER() OVER (PARTITION BY table_name, rule ORDER BY validated_at DESC, run_id) = 1) newest "
        "WHERE NOT success"
    )
