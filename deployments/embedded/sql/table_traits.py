"""What a table is beside its columns: its comment, whether it is transient, and what it is clustered by.

DuckDB keeps a comment for each table, which follows it through transactions and new names; the other two stand behind
it. Nothing is done by them, as on Snowflake no result depends on them: SHOW TABLES and INFORMATION_SCHEMA tell them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from deployments.embedded.context import StatementContext
from deployments.embedded.names import quote_literal

_SEPARATOR = "\x1f"  # chr(31) in catalog/views.py


@dataclass(frozen=True)
class Traits:
    """A table's comment, its kind (TRANSIENT or nothing) and what it is clustered by, as SHOW tells it."""

    comment: str = ""
    kind: str = ""
    cluster_by: str = ""

    def keep(self, table: str) -> str:
        """Return DuckDB's statement that keeps them."""
        parts = [self.comment, self.kind, self.cluster_by]
        text = _SEPARATOR.join(parts) if self.kind or self.cluster_by else self.comment
        return f"COMMENT ON TABLE {table} IS {quote_literal(text)}"


def read_traits(properties: exp.Properties | None) -> Traits:
    """Return what CREATE TABLE says."""
    found = Traits()
    for item in properties.expressions if properties else []:
        if isinstance(item, exp.SchemaCommentProperty):
            found = replace(found, comment=item.this.name)
        elif isinstance(item, exp.TransientProperty):
            found = replace(found, kind="TRANSIENT")
        elif isinstance(item, (exp.Cluster, exp.ClusterProperty)):
            found = replace(found, cluster_by=_tell(item))
    return found


def alter_traits(table: exp.Table, action: exp.Expr, context: StatementContext) -> str:
    """Return the statement of ALTER TABLE … CLUSTER BY, DROP CLUSTERING KEY, SET COMMENT."""
    traits = find_traits(table, context)
    if isinstance(action, (exp.Cluster, exp.ClusterProperty)):
        traits = replace(traits, cluster_by=_tell(action))
    elif isinstance(action, exp.Command):
        traits = replace(traits, cluster_by="")
    elif isinstance(action, exp.Literal):
        traits = replace(traits, comment=action.name)
    return traits.keep(table.sql("duckdb"))


def find_traits(table: exp.Table, context: StatementContext) -> Traits:
    """Return what is kept of a table."""
    place = (table.catalog or context.database, table.db or context.schema, table.name)
    with context.duck_conn.cursor() as apart:
        row = apart.execute(
            "SELECT comment FROM duckdb_tables() WHERE upper(database_name) = upper(?) "
            "AND upper(schema_name) = upper(?) AND upper(table_name) = upper(?)",
            list(place),
        ).fetchone()
    return Traits(*(row[0] or "").split(_SEPARATOR)) if row else Traits()


def _tell(item: exp.Expr) -> str:
    named = [part.sql("snowflake").strip('"').upper() for part in item.expressions]
    return f"LINEAR({', '.join(named)})"
