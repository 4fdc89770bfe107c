"""Table functions and clauses of FROM."""

from __future__ import annotations

from sqlglot import Expr, exp

from deployments.embedded.errors import unsupported
from deployments.embedded.sql.macros import call
from deployments.embedded.sql.rewrites.trees import Rule, func
from deployments.embedded.sql.rewrites.variants import _extract

SEQUENCE = "_SEQUENCE"
_COLUMNS = ("SEQ", "KEY", "PATH", "INDEX", "VALUE", "THIS")
_MODES = {"BOTH": ("ARRAY", "OBJECT"), "ARRAY": ("ARRAY",), "OBJECT": ("OBJECT",)}


def flatten(node: Expr) -> Expr:
    """`LATERAL FLATTEN(INPUT => "V", PATH => 'a', OUTER => TRUE, RECURSIVE => FALSE, MODE => 'BOTH')`."""
    called = node.this
    if isinstance(called, exp.Generator):
        return _generator(node, called)
    if isinstance(called, exp.SplitToTable):
        table = exp.Table(this=call("sf_split_to_table", called.this, called.expression))
        table.set("alias", _alias(node, ("SEQ", "INDEX", "VALUE")))
        return table
    if not isinstance(called, exp.Explode):
        return _result_or_table(node)
    arguments = (called.this, *called.expressions)
    options = {a.this.name.upper(): a.expression for a in arguments if isinstance(a, exp.Kwarg)}
    value = options.get("INPUT", called.this)
    path = options.get("PATH")
    if path is not None and path.name:
        value = _extract(value, "." + path.name.lstrip("."))
    outer = options.get("OUTER") or exp.false()
    modes = _MODES[options["MODE"].name.upper() if "MODE" in options else "BOTH"]
    recursive = "RECURSIVE" in options and options["RECURSIVE"].this is True
    wanted = exp.Anonymous(this="list_value", expressions=[exp.Literal.string(mode) for mode in modes])
    table = exp.Table(this=call("sf_flatten_recursive" if recursive else "sf_flatten", value, outer, wanted))
    table.set("alias", _alias(node))
    join = node.parent
    if isinstance(join, exp.Join) and not join.args.get("on") and (join.side or "") == "" and not join.method:
        join.set("kind", "CROSS")
    return table


def _alias(node: Expr, names: tuple[str, ...] = _COLUMNS) -> exp.TableAlias:
    given = node.args.get("alias")
    columns = [exp.to_identifier(name, quoted=True) for name in names]
    name = given.this if given is not None and given.this is not None else exp.to_identifier("_FLATTEN", quoted=True)
    return exp.TableAlias(this=name, columns=columns)


def _generator(node: Expr, generator: exp.Generator) -> Expr:
    """`TABLE(GENERATOR(ROWCOUNT => 10))`."""
    rows = generator.args.get("rowcount")
    if rows is None:
        raise unsupported("GENERATOR without ROWCOUNT")
    rows = rows.expression if isinstance(rows, exp.Kwarg) else rows
    table = exp.Table(this=func("range", rows))
    alias = node.args.get("alias")
    name = alias.this if alias is not None and alias.this is not None else exp.to_identifier("_GENERATOR", quoted=True)
    table.set("alias", exp.TableAlias(this=name, columns=[exp.to_identifier(SEQUENCE, quoted=True)]))
    table.meta["generator"] = True
    return table


def sequence_number(node: Expr) -> Expr:
    """`SEQ4()` over `TABLE(GENERATOR(…))` is the row's number; Snowpark's `range` orders by it."""
    select = node.find_ancestor(exp.Select)
    source = select.args["from_"].this if select is not None and select.args.get("from_") else None
    while isinstance(source, (exp.Subquery, exp.Paren)):
        source = source.this
    if source is None:
        return node
    if source.meta.get("generator") or isinstance(source.this, exp.Generator):
        return exp.column(exp.to_identifier(SEQUENCE, quoted=True))
    return node


def _result_or_table(node: Expr) -> Expr:
    called = node.this
    name = called.name.upper() if isinstance(called, exp.Anonymous) else ""
    if name:
        raise unsupported(f"table function {name}")
    return node


def sample(node: exp.TableSample) -> Expr:
    """`SAMPLE (10 ROWS)` takes exactly so many rows, `SAMPLE (10)` that percentage; DuckDB names them otherwise."""
    if node.args.get("size") is not None:
        node.set("method", exp.var("RESERVOIR"))
    elif not node.args.get("method") or node.args["method"].name.upper() in {"ROW", "BERNOULLI"}:
        node.set("method", exp.var("BERNOULLI"))
    elif node.args["method"].name.upper() in {"BLOCK", "SYSTEM"}:
        node.set("method", exp.var("SYSTEM"))
    return node


def time_travel(node: exp.HistoricalData) -> Expr:
    """`FROM t AT (OFFSET => -60)` and `BEFORE (STATEMENT => …)`: DuckDB keeps no earlier states of a table."""
    raise unsupported(f"time travel ({node.name} …)")


def unwrap(node: exp.Subquery) -> Expr:
    """`FROM (t)`, as Snowpark writes every table: DuckDB has parentheses around a query or a join only."""
    source = node.this
    if not isinstance(source, exp.Table) or source.args.get("joins"):
        return node
    if any(value for key, value in node.args.items() if key not in ("this", "joins")):
        node.set("this", exp.select("*").from_(source))
        return node
    source.set("joins", node.args.get("joins"))
    return source


RULES: dict[type[Expr], Rule] = {
    exp.HistoricalData: time_travel,
    exp.Subquery: unwrap,
    exp.Lateral: flatten,
    exp.TableFromRows: flatten,
    exp.TableSample: sample,
    **dict.fromkeys((exp.Seq1, exp.Seq2, exp.Seq4, exp.Seq8), sequence_number),
}
