"""Which families of types the columns of a name have anywhere in the warehouse, so that most need not be asked for.

Asking DuckDB what a query gives costs as much as planning it. Where the branches of a UNION give the same names, and
every stored column of such a name is of one family (numbers, say), there is nothing to ask.
"""

from __future__ import annotations

import duckdb
from sqlglot import Expr, exp

from deployments.embedded.context import StatementContext
from deployments.embedded.sql.rewrites.trees import TEXT_TYPES, alternatives, gives_text, gives_whole_number, is_variant
from deployments.embedded.sql.rewrites.types import DECIMALS, INTEGERS

Families = dict[str, set[str]]
UNKNOWN = "unknown"
_TEXT, _NUMBER, _VARIANT, _TIME, _BOOLEAN = "text", "number", "variant", "time", "BOOLEAN"
_BY_TYPE = (
    *(("VARCHAR", _TEXT), ("JSON", _VARIANT), ("DECIMAL", _NUMBER), ("BIGINT", _NUMBER), ("DOUBLE", _NUMBER)),
    *(("TIMESTAMP", _TIME), ("DATE", _TIME)),
)
_Type = exp.DataType.Type
_TIMES = {_Type.TIMESTAMP, _Type.TIMESTAMPNTZ, _Type.TIMESTAMPTZ, _Type.TIMESTAMPLTZ, _Type.DATE}
_FLATTENED = {"SEQ": _NUMBER, "KEY": _TEXT, "PATH": _TEXT, "INDEX": _NUMBER, "VALUE": _VARIANT, "THIS": _VARIANT}
_LIKE_THEIR_ARGUMENTS = {"least", "greatest", "cast_to_type"}
_NUMBERS = {"date_diff", "date_part", "round", "floor", "ceil", "abs"}
_MACROS = (
    *(("sf_timestamp", _TIME), ("sf_date", _TIME), ("sf_integer", _NUMBER), ("sf_boolean", _BOOLEAN)),
    ("sf_add_interval", _TIME),
)
_KNOWN: tuple[tuple[tuple[type[Expr], ...], str], ...] = (
    ((exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.RowNumber, exp.Rank, exp.DateDiff), _NUMBER),
    ((exp.Boolean, exp.Connector, exp.Predicate, exp.Not), _BOOLEAN),
)


def column_families(connection: duckdb.DuckDBPyConnection) -> Families:
    """The families of the columns that are stored, by name."""
    found: Families = {}
    for name, kind in connection.execute("SELECT DISTINCT column_name, data_type FROM duckdb_columns()").fetchall():
        family = next((family for start, family in _BY_TYPE if kind.startswith(start)), kind)
        found.setdefault(name, set()).add(family)
    return found


def note_families(tree: Expr, context: StatementContext) -> Expr:
    """Keep the families of the columns that a statement makes."""
    if isinstance(tree, (exp.Create, exp.Alter)):
        families: Families = context.connection.engine.column_families
        named = list(tree.find_all(exp.ColumnDef, exp.RenameColumn))
        for column in (node for node in named if isinstance(node, exp.ColumnDef)):
            families.setdefault(column.name, set()).add(_of_type(column.kind) if column.kind else UNKNOWN)
        for renamed in (node for node in named if isinstance(node, exp.RenameColumn)):
            families.setdefault(renamed.args["to"].name, set()).update(families.get(renamed.this.name, {UNKNOWN}))
        query = tree.expression if isinstance(tree, exp.Create) else None
        for item in query.selects if isinstance(query, exp.Query) else []:
            if not item.is_star:
                families.setdefault(item.alias_or_name, set()).add(family_of(item, families))
    return tree


def family_of(item: Expr, families: Families) -> str:
    """The family of what an item of a SELECT gives, as far as it can be told without DuckDB."""
    value = item.unalias()
    if isinstance(value, exp.Column):
        return _of_column(value.name, value.find_ancestor(exp.Select), families)
    if isinstance(value, (exp.Paren, exp.Window, exp.Filter, exp.Min, exp.Max)):
        return family_of(value.this, families)
    if is_variant(value):
        return _VARIANT
    if isinstance(value, (exp.Coalesce, exp.If, exp.Case)):
        return _of_all(alternatives(value), families)
    if isinstance(value, exp.Anonymous) and value.name.lower() in _LIKE_THEIR_ARGUMENTS:
        return _of_all(value.expressions, families)
    if isinstance(value, (exp.Add, exp.Sub, exp.Mul, exp.Mod)):
        return _of_sum(value, families)
    return _by_its_kind(value)


def _of_all(values: list[Expr], families: Families) -> str:
    """The one family of all of them that are not NULL."""
    found = {family_of(value, families) for value in values if not isinstance(value, exp.Null)}
    return found.pop() if len(found) == 1 else UNKNOWN


def _of_column(name: str, select: exp.Select | None, families: Families) -> str:
    """The family of a column by what a subquery of the SELECT's gives under its name, else by the stored ones."""
    source = select.args.get("from_") if select is not None else None
    if select is None or source is None:
        return UNKNOWN
    return _find_given_by_any(source.this, select, name, families) or UNKNOWN


def _find_given_by_any(source: Expr, holder: Expr, name: str, families: Families) -> str | None:
    """The family of a column of a source or of what is joined to it there; None where none of them has it."""
    sources = [source, *(join.this for join in holder.args.get("joins") or [])]
    given = {family for one in sources if (family := _find_given_by(one, name, families)) is not None}
    return given.pop() if len(given) == 1 else UNKNOWN if given else None


def _find_given_by(source: Expr, name: str, families: Families) -> str | None:
    if isinstance(source, exp.Table):
        return _of_table(source, name, families)
    if isinstance(source, exp.Values):
        return _of_values(source, name, families)
    if isinstance(source, exp.Subquery) and source.alias_column_names:
        return UNKNOWN
    if isinstance(source, (exp.Subquery, exp.Paren, exp.SetOperation)):
        return _find_given_by_any(source.this, source, name, families)
    if not isinstance(source, exp.Select):
        return UNKNOWN
    for item in source.selects:
        if not item.is_star and item.alias_or_name == name:
            return family_of(item, families)
    return _of_column(name, source, families) if any(item.is_star for item in source.selects) else None


def _of_values(source: exp.Values, name: str, families: Families) -> str | None:
    names = source.alias_column_names
    if name not in names:
        return None if names else UNKNOWN
    rows = [row.expressions for row in source.expressions if isinstance(row, exp.Tuple)]
    place = names.index(name)
    return _of_all([row[place] for row in rows], families) if all(len(row) == len(names) for row in rows) else UNKNOWN


def _of_table(table: exp.Table, name: str, families: Families) -> str | None:
    if isinstance(table.this, exp.Anonymous):
        return _FLATTENED.get(name) if "sf_flatten" in table.this.name.lower() else UNKNOWN
    if not table.db or table.args.get("joins"):  # without a schema it is a WITH
        return UNKNOWN
    known = families.get(name, set())
    return next(iter(known)) if len(known) == 1 else UNKNOWN


def _of_sum(value: exp.Binary, families: Families) -> str:
    """A number of numbers; a time moved by an interval is one."""
    right = value.expression
    if isinstance(right, exp.Anonymous) and right.name.upper().startswith("TO_"):
        return family_of(value.this, families)
    both = {family_of(value.this, families), family_of(right, families)}
    return _NUMBER if both == {_NUMBER} else UNKNOWN


def _by_its_kind(value: Expr) -> str:
    if gives_text(value):
        return _TEXT
    if gives_whole_number(value):
        return _NUMBER
    if isinstance(value, exp.Cast):
        return _of_type(value.to)
    if isinstance(value, exp.Anonymous):
        name = value.name.rpartition(".")[2].lower()
        if name in _NUMBERS:
            return _NUMBER
        return next((family for start, family in _MACROS if name.startswith(start)), UNKNOWN)
    return next((family for kinds, family in _KNOWN if isinstance(value, kinds)), UNKNOWN)


def _of_type(kind: exp.DataType) -> str:
    if kind.this in TEXT_TYPES:
        return _TEXT
    if kind.this in INTEGERS | DECIMALS | {_Type.DOUBLE, _Type.FLOAT}:
        return _NUMBER
    if kind.this in _TIMES:
        return _TIME
    return _VARIANT if kind.this == _Type.JSON else str(kind.this.value).upper()


def agree(branches: list[exp.Query], families: Families) -> bool:
    """Whether the branches of a UNION are known to give columns of the same families."""
    items = [_items(branch) for branch in branches]
    if any(found is None for found in items):
        return False
    return all(_are_alike(place, families) for place in zip(*(found or [] for found in items), strict=False))


def _items(branch: Expr) -> list[Expr] | None:
    """What a SELECT gives, the `*` of one subquery looked through; None where that takes the catalog."""
    if isinstance(branch, exp.Subquery):
        return _items(branch.this)
    if not isinstance(branch, exp.Select):
        return _items(branch.this) if isinstance(branch, exp.SetOperation) else None
    if not any(item.is_star for item in branch.selects):
        return list(branch.selects)
    source = branch.args["from_"].this if branch.args.get("from_") else None
    behind = None if branch.args.get("joins") or not isinstance(source, exp.Subquery) else _items(source)
    if behind is None:
        return None
    return [given for item in branch.selects for given in (behind if item.is_star else [item])]


def _are_alike(items: tuple[Expr, ...], families: Families) -> bool:
    found = {family_of(item, families) for item in items if not isinstance(item.unalias(), exp.Null)}
    return len(found) < 2 and UNKNOWN not in found
