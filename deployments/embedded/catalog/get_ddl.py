"""`SELECT GET_DDL('TABLE', 't')`: the statement that makes a table or a view anew, as Snowflake prints it."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import Expr, exp
from sqlglot.dialects.snowflake import Snowflake

from deployments.embedded.catalog.describe import describe_columns
from deployments.embedded.context import StatementContext
from deployments.embedded.errors import does_not_exist, unsupported
from deployments.embedded.names import quote_literal, split_name
from deployments.embedded.sql.macros import HOME

_PLAIN = re.compile(r"[A-Z_][A-Z0-9_$]*")


def get_ddl(expression: Expr, context: StatementContext) -> Expr:
    """Replace `GET_DDL('TABLE', 'name' [, TRUE])` by what it tells; Snowflake takes TABLE and VIEW for each other."""
    for call in list(expression.find_all(exp.Anonymous)):
        if str(call.this).upper() == "GET_DDL":
            call.replace(exp.Literal.string(_write_ddl(call.expressions, context)))
    return expression


def _write_ddl(arguments: list[Expr], context: StatementContext) -> str:
    kind = arguments[0].name.upper() if arguments else ""
    is_constant = all(isinstance(one, (exp.Literal, exp.Boolean)) for one in arguments)
    if kind not in {"TABLE", "VIEW"} or not is_constant or len(arguments) not in {2, 3}:
        raise unsupported(f"GET_DDL of {kind}" if is_constant else "GET_DDL of what is no constant")
    place = split_name(arguments[1].name, context.database, context.schema)
    database, schema, name = place
    objects = context.run(f"""
        SELECT kind, temporary, kept_as, cluster_by, coalesce(comment, '') AS comment, {HOME}.sf_view_text(sql) AS text
        FROM {HOME}.sf_objects({quote_literal(database)})
        WHERE schema = {quote_literal(schema)} AND name = {quote_literal(name)} ORDER BY temporary DESC""").to_pylist()
    if not objects:
        raise does_not_exist(kind.capitalize(), arguments[1].name)
    is_full = len(arguments) == 3 and arguments[2].sql().upper() == "TRUE"
    written = ".".join(_identifier(part) for part in (place if is_full else place[2:]))
    columns = describe_columns(place, context).to_pylist()
    return (_view if objects[0]["kind"] == "VIEW" else _table)(written, objects[0], columns)


def _table(name: str, table: dict[str, Any], columns: list[dict[str, Any]]) -> str:
    lines = ",\n".join(f"\t{_column(one)}" for one in columns)
    kind = "TEMPORARY " if table["temporary"] else f"{table['kept_as']} ".lstrip()
    clustered = f"cluster by {table['cluster_by'].removeprefix('LINEAR')}" if table["cluster_by"] else ""
    comment = f"{_comment(table, '=')}\n" if table["comment"] else ""
    return f"create or replace {kind}TABLE {name} {clustered}(\n{lines}\n){comment};"


def _view(name: str, view: dict[str, Any], columns: list[dict[str, Any]]) -> str:
    lines = ",\n".join(f"\t{_identifier(one['name'])}{_comment(one, ' ', before=' ')}" for one in columns)
    comment = f"{_comment(view, '=')}\n" if view["comment"] else ""
    return f"create or replace view {name}(\n{lines}\n) {comment}as{_query(view['text'])};"


def _column(column: dict[str, Any]) -> str:
    parts = [_identifier(column["name"]), column["type"]]
    parts += ["NOT NULL"] * (column["null?"] == "N")
    parts += [f"DEFAULT {column['default']}"] * (column["default"] is not None)
    return " ".join(parts) + _comment(column, " ", before=" ")


def _comment(described: dict[str, Any], between: str, before: str = "") -> str:
    comment = described["comment"]
    return f"{before}COMMENT{between}{quote_literal(comment)}" if comment else ""


def _identifier(name: str) -> str:
    quoted = name.replace('"', '""')
    return name if _PLAIN.fullmatch(name) else f'"{quoted}"'


def _query(text: str) -> str:
    """What stands behind the AS of a CREATE VIEW, as it was written."""
    tokens = Snowflake().tokenize(text)
    first = next(token for token in tokens if token.token_type.name == "ALIAS")
    return text[first.end + 1 :]
