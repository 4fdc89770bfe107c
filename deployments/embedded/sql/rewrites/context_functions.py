"""What a query asks about its session."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import Expr, exp

from deployments.embedded.context import VERSION, StatementContext
from deployments.embedded.names import quote_path
from deployments.embedded.sql.rewrites.names import full_name
from deployments.embedded.sql.rewrites.trees import ContextRule, func


def _text(value: str | None) -> Expr:
    return exp.Literal.string(value) if value else exp.cast(exp.Null(), "VARCHAR")


_CURRENT: dict[str, Callable[[StatementContext], str | None]] = {
    "CURRENT_ACCOUNT": lambda context: "EMBEDDED",
    "CURRENT_ACCOUNT_NAME": lambda context: "EMBEDDED",
    "CURRENT_ORGANIZATION_NAME": lambda context: "SNOWCAST",
    "CURRENT_REGION": lambda context: "LOCAL",
    "CURRENT_CLIENT": lambda context: "",
    "CURRENT_DATABASE": lambda context: context.database,
    "CURRENT_ROLE": lambda context: "SYSADMIN",
    "CURRENT_SCHEMA": lambda context: context.schema,
    "CURRENT_SESSION": lambda context: str(context.session.session_id),
    "CURRENT_USER": lambda context: "SNOWCAST",
    "CURRENT_WAREHOUSE": lambda context: "EMBEDDED",
    "CURRENT_VERSION": lambda context: VERSION,
    "LAST_QUERY_ID": lambda context: context.session.last_query_id,
    "CURRENT_SECONDARY_ROLES": lambda context: "",
    "CURRENT_AVAILABLE_ROLES": lambda context: '["SYSADMIN"]',
}


def current(node: exp.Func, context: StatementContext) -> Expr:
    """`CURRENT_DATABASE()`, `CURRENT_SESSION()`, `LAST_QUERY_ID()` and their like."""
    name = node.name.upper() if isinstance(node, exp.Anonymous) else type(node).sql_names()[0]
    return _text(_CURRENT[name](context))


def current_by_name(node: exp.Anonymous, context: StatementContext) -> Expr:
    """The same of those that the parser does not know."""
    return current(node, context) if node.name.upper() in _CURRENT else node


def next_value(node: exp.Column, context: StatementContext) -> Expr:
    """`DB.S.SEQ.NEXTVAL`."""
    if node.name != "NEXTVAL" or not node.table:
        return node
    sequence = exp.table_(*(node.args.get(part) for part in ("table", "db", "catalog")))
    called = func("nextval", quote_path(*full_name(sequence, context)))
    return exp.alias_(called, "NEXTVAL", quoted=True) if isinstance(node.parent, exp.Select) else called


RULES: dict[type[Expr], ContextRule] = {
    exp.Anonymous: current_by_name,
    exp.Column: next_value,
    **dict.fromkeys(
        (
            exp.CurrentAccount,
            exp.CurrentDatabase,
            exp.CurrentRole,
            exp.CurrentSchema,
            exp.CurrentSession,
            exp.CurrentUser,
            exp.CurrentVersion,
            exp.CurrentWarehouse,
        ),
        current,
    ),
}
