"""The table that a COPY loads, and the INSERT that takes a relation's rows into it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import Expr, exp, parse_one

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.names import split_name
from deployments.embedded.stages.copy.statement import CopyStatement, source_table
from deployments.embedded.stages.files.relation import OF_FILE, ROW_NUMBER, Relation
from deployments.embedded.stages.files.select import bind, replace

NOT_ONE_VARIANT = (
    "SQL compilation error:\n{kind} file format can produce one and only one column of type variant, object, or array. "
    "Load data into separate columns using the MATCH_BY_COLUMN_NAME copy option or copy with transformation."
)
_BINARY = {"HEX": "unhex", "BASE64": "from_base64", "UTF-8": "encode", "UTF8": "encode"}
_PATTERNED = {
    "DATE": ("DATE_FORMAT", "TO_DATE"),
    "TIME": ("TIME_FORMAT", "TO_TIME"),
    "TIMESTAMP": ("TIMESTAMP_FORMAT", "TO_TIMESTAMP_NTZ"),
    "TIMESTAMP WITH TIME ZONE": ("TIMESTAMP_FORMAT", "TO_TIMESTAMP_TZ"),
}


@dataclass(frozen=True)
class Target:
    """The loaded table.

    Attributes:
        table: It, as a node of a statement.
        key: Database, schema and name in stored form.
        columns: Name and DuckDB type of the columns that are loaded, in order.
    """

    table: exp.Table
    key: tuple[str, str, str]
    columns: dict[str, str]


def find_target(statement: CopyStatement, context: StatementContext) -> Target:
    """Look up the table of a COPY.

    Raises:
        ProgrammingError: the table or a named column is not there.
    """
    table = exp.to_table(statement.target, dialect="snowflake")
    probe = exp.select("*").from_(table.copy())
    described = context.duck_conn.execute(f"DESCRIBE {context.translate(probe)}").fetchall()
    types = {row[0]: row[1] for row in described}
    for name in statement.columns:
        if name not in types:
            raise snowflake_error(f"SQL compilation error: error line 1\ninvalid identifier '{name}'", 904, "42000")
    key = split_name(statement.target, context.database, context.schema)
    columns = {name: types[name] for name in statement.columns or types}
    return Target(table, key, columns)


def insert_sql(statement: CopyStatement, target: Target, relation: Relation, context: StatementContext) -> str:
    """The DuckDB INSERT that takes the relation's rows into the table."""
    select = _select(statement, target, relation)
    if len(select.expressions) != len(target.columns):
        raise snowflake_error(
            "SQL compilation error:\nInsert value list does not match column list expecting "
            f"{len(target.columns)} but got {len(select.expressions)}",
            2020,
            "21S01",
        )
    names = [exp.to_identifier(name, quoted=True) for name in target.columns]
    insert = exp.Insert(this=exp.Schema(this=target.table.copy(), expressions=names), expression=select)
    return context.translate(insert)


def is_told_by_file(statement: CopyStatement, target: Target) -> bool:
    """Whether the values of a JSON row follow from its file alone, but for the row as it is and its number.

    Then what the table takes of one row it takes of every row of that file.
    """
    if statement.select is None:
        return not statement.match_by
    pairs = zip(statement.select.expressions, target.columns.values(), strict=False)
    return all(_follows_from_file(value.unalias(), kind) for value, kind in pairs)


def _follows_from_file(value: Expr, kind: str) -> bool:
    parameter = value.this if isinstance(value, exp.Column) else value
    if isinstance(parameter, exp.Parameter):
        return parameter.name == "1" and kind == "JSON"
    if isinstance(value, exp.Column) and value.name.upper() == ROW_NUMBER:
        return kind == "BIGINT"
    names = [column.name.upper() for column in value.find_all(exp.Column)]
    return value.find(exp.Parameter, exp.Query) is None and OF_FILE.issuperset(names)


def column_selects(
    statement: CopyStatement, target: Target, relation: Relation, context: StatementContext
) -> dict[str, str]:
    """For each loaded column the DuckDB SELECT of its value in its type, to find which one refuses a row."""
    select = _select(statement, target, relation)
    found = {}
    for (name, kind), value in zip(target.columns.items(), select.expressions, strict=True):
        single = select.copy()
        single.set("expressions", [exp.cast(value.unalias().copy(), exp.DataType.build(kind, dialect="duckdb"))])
        found[name] = context.translate(single)
    return found


def _select(statement: CopyStatement, target: Target, relation: Relation) -> exp.Select:
    if statement.select is not None:
        select = statement.select.copy()
        bind(select, relation)
        replace(source_table(select), relation)
        _cast_variants(select, list(target.columns.values()))
        return select
    if statement.match_by:
        values = [_match(name, kind, statement.match_by, relation) for name, kind in target.columns.items()]
    elif relation.kind == "CSV":
        values = [_from_text(f"${at}", kind, relation) for at, kind in enumerate(target.columns.values(), start=1)]
    elif list(target.columns.values()) == ["JSON"]:
        values = [_refer_to("$1")]
    else:
        raise snowflake_error(NOT_ONE_VARIANT.format(kind=relation.kind), 2019, "0A000")
    return exp.select(*values).from_(relation.table())


def _cast_variants(select: exp.Select, kinds: list[str]) -> None:
    """Cast a bare `$1:path` to its column's type, as Snowflake does with a VARIANT on its way into a column."""
    for value, kind in zip(select.expressions, kinds, strict=False):
        inner = value.unalias()
        is_path = isinstance(inner, exp.JSONExtract) or (isinstance(inner, exp.Column) and inner.name == "$1")
        if isinstance(inner, exp.Column) and inner.name.startswith("$1:") and kind == "JSON":
            inner.replace(exp.Anonymous(this="to_json", expressions=[inner.copy()]))
        elif is_path and kind != "JSON":
            inner.replace(exp.cast(inner.copy(), exp.DataType.build(kind, dialect="duckdb")))


def _match(name: str, kind: str, mode: str, relation: Relation) -> Expr:
    fold = str if mode == "CASE_SENSITIVE" else str.upper
    key = next((key for key in relation.keys if fold(key) == fold(name)), None)
    if key is None:
        return exp.null()
    if relation.kind == "JSON":
        extract = parse_one('x:"k"', read="snowflake")
        extract.set("this", _refer_to("$1"))
        extract.expression.expressions[-1].set("this", key)
        return extract if kind == "JSON" else exp.cast(extract, exp.DataType.build(kind, dialect="duckdb"))
    if relation.kind == "CSV":
        return _from_text(f"${relation.keys.index(key) + 1}", kind, relation)
    value = _refer_to(f"$1:{key}")
    return exp.Anonymous(this="to_json", expressions=[value]) if kind == "JSON" else value


def _from_text(name: str, kind: str, relation: Relation) -> Expr:
    if name not in relation.columns:
        return exp.null()
    chosen = relation.format
    if kind == "JSON":
        return exp.Anonymous(this="json", expressions=[_refer_to(name)])
    if kind == "BLOB":
        binary = (chosen and chosen.pattern("BINARY_FORMAT")) or "HEX"
        if binary.upper() not in _BINARY:
            raise unsupported(f"file format option BINARY_FORMAT = {binary}")
        return exp.Anonymous(this=_BINARY[binary.upper()], expressions=[_refer_to(name)])
    option, function = _PATTERNED.get(kind, (None, ""))
    if option and chosen and (pattern := chosen.pattern(option)):
        value = parse_one(f"{function}(x, {exp.Literal.string(pattern).sql()})", read="snowflake")
        return value.transform(lambda node: _refer_to(name) if isinstance(node, exp.Column) else node)
    return _refer_to(name)


def _refer_to(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))
