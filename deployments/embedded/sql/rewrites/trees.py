"""Small things every rewrite needs: one walk over the tree, and what an expression is known to give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.macros import call

Rule = Callable[[Any], Expr]
Rules = Mapping[type[Expr], Rule]
ContextRule = Callable[[Any, StatementContext], Expr]

JSON = exp.DataType.Type.JSON
TEXT_TYPES = {
    exp.DataType.Type.VARCHAR,
    exp.DataType.Type.TEXT,
    exp.DataType.Type.NVARCHAR,
    exp.DataType.Type.CHAR,
    exp.DataType.Type.NCHAR,
}


def apply_rules(
    tree: Expr, rules: Rules, context_rules: Mapping[type[Expr], ContextRule], context: StatementContext
) -> Expr:
    """Apply each node's rule once, children before their parents.

    Args:
        tree: The statement; changed in place.
        rules: The rule of each kind of node.
        context_rules: Those that ask the session; they come first.
        context: Handed to those.
    """
    nodes = [node for node in tree.walk(bfs=False) if type(node) in rules or type(node) in context_rules]
    for node in reversed(nodes):
        kind = type(node)
        new = context_rules[kind](node, context) if kind in context_rules else node
        if new is node and kind in rules:
            new = rules[kind](node)
        if new is node:
            continue
        if node is tree:
            tree = new
        else:
            node.replace(new)
    return tree


_TEXT_NODES: tuple[type[Expr], ...] = (
    exp.DPipe,
    exp.Upper,
    exp.Lower,
    exp.Trim,
    exp.Substring,
    exp.Left,
    exp.Right,
    exp.Replace,
    exp.SplitPart,
    exp.TimeToStr,
)
_TEXT_FUNCTIONS = {"md5", "sha1", "sha256", "hex", "left", "json_extract_string", "regexp_replace", "strftime"}
_TEXT_MACROS = {"sf_text", "sf_md5", "sf_typeof", "sf_array_to_string"}
_WHOLE_FUNCTIONS = {"length", "octet_length"}
_WHOLE_MACROS = {"sf_length", "sf_integer", "sf_array_size"}


def gives_text(node: Expr, *, by_columns: bool = False) -> bool:
    """Whether the expression is known to give VARCHAR, so that it needs no conversion to text.

    Macros name their argument several times, and nesting them multiplies what DuckDB has to bind: what is known keeps
    conversions out of each other.

    Args:
        node: The expression.
        by_columns: Look up what a column of a subquery is there; for rules, which come to a subquery before what reads
            it.
    """
    if by_columns and isinstance(node, exp.Column):
        return _is_text_of_subquery(node)
    if isinstance(node, (exp.Paren, exp.Alias)):
        return gives_text(node.this, by_columns=by_columns)
    if isinstance(node, (exp.Coalesce, exp.If, exp.Case)):
        values = [value for value in alternatives(node) if not isinstance(value, exp.Null)]
        return bool(values) and all(gives_text(value, by_columns=by_columns) for value in values)
    if isinstance(node, exp.Anonymous):
        return _function_name(node) in _TEXT_FUNCTIONS | _TEXT_MACROS
    if isinstance(node, exp.Cast):
        return node.to.this in TEXT_TYPES
    return is_text_literal(node) or isinstance(node, _TEXT_NODES)


def _is_text_of_subquery(column: exp.Column) -> bool:
    """Whether the only source of the SELECT that gives the column is a subquery, where it is text."""
    node: Expr = column
    while node.parent is not None and not isinstance(node.parent, exp.Select):
        if isinstance(node, exp.Lambda):  # its parameters look like columns
            return False
        node = node.parent
    # The rules come to what else a SELECT has before they come to what it reads.
    if node.parent is None or node.arg_key != "expressions" or column.args.get("table"):
        return False
    inner = _find_only_source(node.parent)
    return inner is not None and column.name in _list_text_columns(inner)


def _find_only_source(select: Expr) -> exp.Select | None:
    """The SELECT that another one reads and nothing else, as it is."""
    source = select.args.get("from_")
    node: Expr | None = source.this if source is not None else None
    beside = [select]
    while isinstance(node, exp.Subquery) and not node.alias_column_names:
        beside.append(node)
        node = node.this
    is_alone = not any(one.args.get(part) for one in beside for part in ("joins", "laterals", "pivots", "sample"))
    return node if isinstance(node, exp.Select) and len(beside) > 1 and is_alone else None


def _list_text_columns(select: exp.Select) -> frozenset[str]:
    known = select.meta.get("text_columns")
    if known is None:
        found: set[str] = set()
        for item in select.expressions:
            if isinstance(item, exp.Star) and not any(item.args.values()):
                inner = _find_only_source(select)
                found |= _list_text_columns(inner) if inner is not None else frozenset()
            elif isinstance(item, (exp.Alias, exp.Column)) and gives_text(item, by_columns=True):
                found.add(item.alias_or_name)
        known = select.meta["text_columns"] = frozenset(found)
    return known


def gives_whole_number(node: Expr) -> bool:
    """Whether the expression is known to give a whole number."""
    if isinstance(node, exp.Paren):
        return gives_whole_number(node.this)
    if isinstance(node, exp.Anonymous):
        return _function_name(node) in _WHOLE_FUNCTIONS | _WHOLE_MACROS
    if isinstance(node, exp.Cast):
        return bool(node.to.this == exp.DataType.Type.BIGINT)
    return isinstance(node, exp.Literal) and node.is_int


def alternatives(node: Expr) -> list[Expr]:
    """What a COALESCE, IFF or CASE may give."""
    if isinstance(node, exp.Coalesce):
        return [node.this, *node.expressions]
    if isinstance(node, exp.If):
        return [value for value in (node.args.get("true"), node.args.get("false")) if value is not None]
    branches = [branch.args["true"] for branch in node.args.get("ifs") or []]
    return [*branches, *([node.args["default"]] if node.args.get("default") else [])]


def _function_name(node: exp.Anonymous) -> str:
    return node.name.rsplit(".", 1)[-1].lower()


def as_variant(node: Expr) -> Expr:
    """Mark an expression as giving a VARIANT."""
    node.meta["variant"] = True
    return node


def is_variant(node: Expr | None) -> bool:
    """Whether the expression is known to give a VARIANT (a column may give one without being known to)."""
    if node is None:
        return False
    if isinstance(node, (exp.Paren, exp.Alias)):
        return is_variant(node.this)
    if isinstance(node, exp.Cast) and node.to.this == JSON:
        return True
    return bool(node.meta.get("variant"))


def may_be_variant(node: Expr) -> bool:
    """Whether only the table's definition tells if this is a VARIANT."""
    if isinstance(node, exp.Paren):
        return may_be_variant(node.this)
    if isinstance(node, (exp.Coalesce, exp.If, exp.Case, exp.Max, exp.Min, exp.AnyValue, exp.Window, exp.Subquery)):
        return True
    return isinstance(node, exp.Column) and not isinstance(node.this, exp.Star)


def by_macro(name: str, *arguments: str, gives_variant: bool = False) -> Rule:
    """The rule of a function that a macro does: the node's arguments of these names, in this order."""

    def rewrite(node: Expr) -> Expr:
        given = [value for argument in arguments if (value := _argument(node, argument)) is not None]
        called = call(name, *given)
        return as_variant(called) if gives_variant else called

    return rewrite


def _argument(node: Expr, name: str) -> Expr | None:
    """An argument by its name, or its place in the list of arguments."""
    value = node.expressions[int(name)] if name.isdigit() else node.args.get(name)
    return value if isinstance(value, Expr) else None


def is_local_time(node: Expr) -> bool:
    """Whether the expression is a time in a zone of its own: `CONVERT_TIMEZONE('America/New_York', t)`."""
    if isinstance(node, exp.Paren):
        return is_local_time(node.this)
    return isinstance(node, exp.ConvertTimezone) and node.args.get("source_tz") is None


def func(name: str, *arguments: Expr | str | int) -> exp.Anonymous:
    """A call of a DuckDB function; plain strings and numbers become literals."""
    return exp.Anonymous(this=name, expressions=[literal(a) if isinstance(a, (str, int)) else a for a in arguments])


def literal(value: str | int) -> Expr:
    """A literal."""
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(value)


def is_text_literal(node: Expr | None) -> bool:
    """Whether the expression is a quoted string."""
    return isinstance(node, exp.Literal) and node.is_string
