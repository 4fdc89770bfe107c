"""What a statement of Snowflake's becomes: DuckDB statements to run in order, and what the client is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from sqlglot import Expr

from deployments.embedded.sql.repeated_keys import Check


class Outcome(Enum):
    """What the client gets back."""

    ROWS = "rows"
    STATUS = "status"
    INSERTED = "number of rows inserted"
    UPDATED = "number of rows updated"
    DELETED = "number of rows deleted"
    MERGED = "merged"
    MULTI_INSERTED = "number of rows inserted into {table}"


@dataclass
class Plan:
    """DuckDB statements for one statement of a client.

    Attributes:
        steps: Run in order and in one transaction; the last one gives the rows or the count.
        outcome: What the last step's result means.
        status: The message of a statement that gives no rows.
        commits: Whether Snowflake commits the open transaction before it (DDL).
        merge_actions: For MERGE, the actions that its clauses can take.
        checks: For MERGE, what finds a row that it would change twice.
        insert_targets: For INSERT ALL, the tables of its INTOs, whose steps stand between the first and the last.
        temporary: Temporary objects that exist once the steps have run.
        dropped: Temporary objects that are gone once the steps have run.
        uses: Database and schema (None: no schema) that the session uses once the steps have run.
    """

    steps: list[Expr | str]
    outcome: Outcome = Outcome.ROWS
    status: str = "Statement executed successfully."
    commits: bool = False
    merge_actions: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    insert_targets: tuple[str, ...] = ()
    temporary: set[tuple[str, str, str]] = field(default_factory=set)
    dropped: set[tuple[str, str, str]] = field(default_factory=set)
    uses: tuple[str, str | None] | None = None
