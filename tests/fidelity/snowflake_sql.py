"""What statements hold, against Snowflake's documentation: functions, types, reserved words, orders left open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlglot
from sqlglot import Expr, exp
from sqlglot.dialects.snowflake import Snowflake
from sqlglot.tokens import Token, TokenType

from tests.fidelity.documented import FUNCTIONS, RESERVED, TYPES

# Words that stand before a bracket and are no function.
_CALLED = {"CAST", "TRY_CAST", "LEFT", "RIGHT"}
_NO_FUNCTIONS = (set(RESERVED) - _CALLED) | {"OVER", "GROUP", "NUMBER", "DECIMAL", "CLUSTER"}
_TEMPORARY = re.compile(r"\bSNOWPARK_TEMP_\w+")
_CHANGING = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_RANKS = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
_KEYS = (exp.PrimaryKey, exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.ForeignKey, exp.Reference)
# What the embedded warehouse does in silence otherwise than Snowflake (its README says how): none of it is sent.
_DIFFERENT = {
    "unloads to a stage": r"^\s*COPY\s+INTO\s+@",
    "a folder as a stage": r"\bURL\s*=\s*'file://",
    "Parquet": r"\bPARQUET\b",
    "the query history": r"\bQUERY_HISTORY\b",
}
_COLLECTING = (exp.ArrayAgg, exp.GroupConcat)


@dataclass
class Findings:
    """What the statements of a run hold.

    Attributes:
        statements: How many there are.
        shapes: One statement of each shape: names of temporary tables, numbers and texts aside.
        functions: The functions that they call.
        types: The types that they name.
        faults: What is not as Snowflake's documentation has it, with the statement.
    """

    statements: int = 0
    shapes: list[str] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


def sent_statements(home: Path) -> list[str]:
    """What the running warehouse of a home was asked, oldest first."""
    import snowflake.connector

    from deployments.embedded import ensure_running

    history = (
        "SELECT query_text FROM SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY WHERE query_type <> 'MULTI_STATEMENT' "
        "ORDER BY start_time, query_id"
    )
    with snowflake.connector.connect(**ensure_running(home).connection_parameters("HISTORY")) as connection:
        return [text for (text,) in connection.cursor().execute(history).fetchall()]


def examine(statements: Iterable[str]) -> Findings:
    """Look through statements, those of one shape once."""
    found = Findings()
    seen: set[str] = set()
    for statement in statements:
        found.statements += 1
        shape = _CHANGING.sub("?", _TEMPORARY.sub("TEMPORARY", statement))
        if shape not in seen:
            seen.add(shape)
            found.shapes.append(statement)
            _examine(statement, found)
    return found


def _examine(statement: str, found: Findings) -> None:
    different = [what for what, spelled in _DIFFERENT.items() if re.search(spelled, statement, re.IGNORECASE)]
    found.faults += [f"{what}: {statement}" for what in different]
    tokens = Snowflake().tokenize(statement)
    if tokens[0].text.upper() in ("PUT", "GET", "COPY", "LIST", "REMOVE"):
        return  # of the client and the stages: no expressions, which the parser reads by other rules
    try:
        tree = sqlglot.parse_one(statement, read="snowflake")
    except sqlglot.errors.SqlglotError as error:
        found.faults.append(f"no SQL ({error}): {statement}")
        return
    functions = set(called_functions(tokens))
    types = {kind.sql("snowflake").partition("(")[0].upper() for kind in tree.find_all(exp.DataType)}
    found.functions |= functions
    found.types |= types
    told = [f"function {name}" for name in functions - set(FUNCTIONS)] + [f"type {name}" for name in types - set(TYPES)]
    told += [f"{name} as an alias" for name in reserved_aliases(tree)]
    told += list(open_orders(tree))
    told += ["UPDATE … FROM"] * (isinstance(tree, exp.Update) and bool(tree.args.get("from_")))
    told += ["a key of a table"] * (tree.find(*_KEYS) is not None)
    if isinstance(tree, exp.Command):
        told.append("no statement that sqlglot knows")
    found.faults += [f"{fault}: {statement}" for fault in told]


def called_functions(tokens: list[Token]) -> Iterator[str]:
    """Words with a bracket behind them that are neither names of tables or columns nor of the grammar."""
    for before, word, bracket in zip([None, *tokens], tokens, tokens[1:], strict=False):
        is_word = re.fullmatch(r"[A-Za-z_][\w$]*", word.text) and word.token_type not in (
            TokenType.STRING,
            TokenType.IDENTIFIER,
        )
        if not is_word or bracket.token_type != TokenType.L_PAREN or word.text.upper() in _NO_FUNCTIONS:
            continue
        # `t (a, b)` of INSERT, CREATE and CTEs, `t.name (`, and types with a size
        names = (TokenType.DOT, TokenType.ALIAS, TokenType.INTO, TokenType.EXISTS, TokenType.DCOLON, TokenType.COMMA)
        if before is not None and before.token_type in names[:-1]:
            continue
        if not _opens_columns(before):
            yield word.text.upper()


def _opens_columns(before: Token | None) -> bool:
    """Whether a word behind this one is the name of a table or CTE whose columns follow in brackets."""
    return before is not None and before.text.upper() in ("WITH", "RECURSIVE", "TABLE", "VIEW") and before.text != "("


def reserved_aliases(tree: Expr) -> Iterator[str]:
    """Names without quotes, of columns and tables, that Snowflake keeps for itself."""
    for node in tree.find_all(exp.Alias, exp.TableAlias, exp.ColumnDef, exp.CTE):
        name = node.this if isinstance(node, (exp.ColumnDef, exp.TableAlias)) else node.args.get("alias")
        if isinstance(name, exp.Identifier) and not name.quoted and name.name.upper() in RESERVED:
            yield name.name.upper()


def open_orders(tree: Expr) -> Iterator[str]:
    """Results that hang on an order which the statement does not state."""
    for window in tree.find_all(exp.Window):
        called = window.this.this if isinstance(window.this, (exp.IgnoreNulls, exp.RespectNulls)) else window.this
        if isinstance(called, _RANKS) and not window.args.get("order"):
            yield f"{called.key} without ORDER BY"
    for collected in tree.find_all(*_COLLECTING):
        ordered = isinstance(collected.parent, exp.WithinGroup) or collected.find(exp.Order)
        if not ordered and not isinstance(collected.parent, exp.ArraySize):
            yield f"{collected.key} without WITHIN GROUP (ORDER BY …)"
    for select in tree.find_all(exp.Select, exp.SetOperation):
        limit = select.args.get("limit")
        if limit is not None and not select.args.get("order") and not _any_row_will_do(select, limit):
            yield "LIMIT without ORDER BY"


def _any_row_will_do(select: Expr, limit: Expr) -> bool:
    """Whether which rows a LIMIT takes is nobody's matter: none, constants, or whether there is one."""
    count = limit.expression.name if isinstance(limit, exp.Limit) else ""
    constants = all(isinstance(item.unalias(), exp.Literal) for item in select.selects)
    aggregated = bool(select.selects) and all(item.find(exp.AggFunc) for item in select.selects)
    return count == "0" or constants or (aggregated and not select.args.get("group"))
