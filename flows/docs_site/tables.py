"""The page of each table (what a row is, its columns with their formulas, its rules, a query), and that of metrics."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import sqlglot

from expectations.checks.tables import rules_of
from flows.docs_site import markdown as md
from flows.lineage.graph import Lineage, Place
from flows.lineage.made import VALUE
from transforms.catalog import find_readers, models
from transforms.contract import Column, Layer, Table
from transforms.ops import LEDGERS
from transforms.types import DateType, DecimalType, NumericType, TimestampType
from transforms.write_kinds import Append, History, MergeOnKey, Replace, View

_ROOM = Path(__file__).parents[2] / "transforms"
_MOST_ORIGINS, _MOST_SQL = 6, 6_000
_SAID = ("Grain", "Key", "Source", "Payload", "Units", "Rerun", "Gaps")
# Names tell the unit of a column; the first that fits counts.
_UNITS = (
    (r"hours_watched$", "viewer-hours"),
    (r"^viewer_ms$", "viewer-milliseconds"),
    (r"_ms$", "milliseconds"),
    (r"_us$", "microseconds"),
    (r"(^|_)minutes(_|$)", "minutes"),
    (r"(^|_)seconds(_|$)", "seconds"),
    (r"(^|_)hours(_|$)", "hours"),
    (r"_pct$", "percent"),
    (r"(viewers|viewer_count)$", "viewers"),
    (r"(points)$", "points"),
)
PATH = "metrics.md"


def find_tables() -> list[Table]:
    """List every table that has a page: the catalog's in the order of their layers, then the ledgers."""
    ordered = sorted(models().values(), key=lambda model: (list(Layer).index(model.table.layer), model.table.name))
    return [*[model.table for model in ordered], *LEDGERS]


def page_path(name: str) -> str:
    """Return where the page of a table is."""
    return f"tables/{name}.md"


def make_table_pages(lineage: Lineage) -> Iterator[md.Page]:
    """Make a page per table, and one that lists them."""
    tables = find_tables()
    yield _make_list(tables)
    for table in tables:
        text = "\n".join(_parts(table, lineage))
        yield md.Page(page_path(table.name), table.name, text, f"Tables/{table.layer}")


def _make_list(tables: list[Table]) -> md.Page:
    path = "tables/index.md"
    parts = ["# Tables\n", f"{len(tables)} tables, by schema. [Lineage](../lineage.md) shows how they are made.\n"]
    for layer in Layer:
        rows = [
            [
                md.link(md.code(table.name), page_path(table.name), path),
                md.plain(table.grain),
                type(table.write).__name__,
            ]
            for table in tables
            if table.layer is layer
        ]
        parts += [f"## {layer}\n", md.table(["Table", "Grain", "Written"], rows)] if rows else []
    return md.Page(path, "All tables", "\n".join(parts), "Tables")


def _parts(table: Table, lineage: Lineage) -> Iterator[str]:
    yield f"# {table.name}\n"
    yield f"{md.code(f'{table.layer}.{table.name}'.upper())}: {md.plain(table.grain)}.\n"
    yield md.table(["", ""], _facts(table, lineage))
    yield "## Columns\n"
    yield md.table(["Column", "Meaning", "Type", "Unit", "Checks"], [_column_row(table, one) for one in table.columns])
    if table.name in lineage.relations:
        yield "## Formulas\n"
        yield "Over the columns of its inputs, as the build's SQL computes them; other names are steps on the way.\n"
        yield md.table(
            ["Column", "Formula", "Comes from"], [_formula_row(table, one, lineage) for one in table.columns]
        )
    yield from _rules(table)
    yield "## Query\n"
    yield md.block(_sample_query(table), "sql")
    yield from _statement(table, lineage)


def _facts(table: Table, lineage: Lineage) -> list[list[str]]:
    said = read_docstring(table)
    facts = [
        ["Grain", md.plain(table.grain)],
        ["Key", md.code(", ".join(table.key))],
        ["Written", _describe_write(table)],
        ["A rerun", md.plain(said.get("Rerun", "rows are added by the runs that they tell of; none is changed"))],
        *[[name, md.plain(said[name])] for name in ("Units", "Payload", "Gaps") if name in said],
    ]
    upstream = list(models()[table.name].inputs) if table.name in models() else []
    if table.source:
        facts.append(["Landing files", md.code(table.source)])
    if isinstance(table.write, View):
        upstream += table.write.ledgers
    readers = [model.table.name for model in find_readers(table.name)]
    facts += [["Made from", _links(upstream, table)]] if upstream else []
    facts += [["Read by", _links(readers, table)]] if readers else []
    chosen = [md.code(place.text) for place in lineage.rows.get(table.name, ())]
    if chosen:
        facts.append(
            ["Rows are chosen by", ", ".join(chosen[:_MOST_ORIGINS]) + (" …" if chosen[_MOST_ORIGINS:] else "")]
        )
    if table.name in models() and models()[table.name].parameters:
        facts.append(["Parameters", md.code(", ".join(models()[table.name].parameters))])
    facts += [["Tags", md.code(", ".join(table.tags))]] if table.tags else []
    facts.append(["Revision", str(table.revision)])
    facts.append(
        ["Lineage", f'<a href="{md.relative(f"lineage.html?at={table.name}", page_path(table.name))}">graph</a>']
    )
    return facts


def read_docstring(table: Table) -> dict[str, str]:
    """Return what the table's module says of it: Grain, Key, Source, Units, Rerun, Gaps; nothing for ledgers."""
    path = _ROOM / table.layer.lower() / f"{table.name}.py"
    if not path.is_file():
        return {}
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    lines = re.findall(rf"^({'|'.join(_SAID)}) +(.*(?:\n +.*)*)", text, flags=re.MULTILINE)
    return {name: " ".join(value.split()) for name, value in lines}


def _describe_write(table: Table) -> str:
    write = table.write
    if isinstance(write, Replace):
        return "Replace: rows are inserted, updated and deleted until the table equals what is built"
    if isinstance(write, Append):
        return "Append: rows with a new key are inserted; none is changed"
    if isinstance(write, MergeOnKey) and write.newest_by:
        return (
            f"MergeOnKey: of two records of a key the one with the greater {md.code(', '.join(write.newest_by))} stays"
        )
    if isinstance(write, MergeOnKey):
        return f"MergeOnKey: groups of equal {md.code(', '.join(table.recompute_by))} are built whole where they change"
    if isinstance(write, History):
        return (
            f"History (SCD2), strategy {write.strategy}; hard deletes: {write.hard_deletes}; a version begins with a "
            f"change of {md.code(', '.join(table.tracked_columns))}"
        )
    return "View: nothing is stored; it reads its inputs each time"


def _column_row(table: Table, column: Column) -> list[str]:
    name = f"{md.anchor(column.name)}{md.code(column.name)}"
    checks = ["not null"] if not column.nullable else []
    checks += [f"at least {column.minimum:g}"] if column.minimum is not None else []
    checks += [f"at most {column.maximum:g}"] if column.maximum is not None else []
    checks += (
        ["one of " + ", ".join(md.code(value) if value else "''" for value in column.accepted)]
        if column.accepted
        else []
    )
    if column.references:
        other, _, key = column.references.partition(".")
        checks.append("in " + md.link(md.code(column.references), f"{page_path(other)}#{key}", page_path(table.name)))
    return [name, md.plain(column.description), md.code(str(column.type)), unit_of(column), "; ".join(checks)]


def unit_of(column: Column) -> str:
    """Return the unit of a column's values, as far as its name and type tell it."""
    if isinstance(column.type, TimestampType):
        return "UTC"
    if isinstance(column.type, DateType):
        return "UTC day"
    if str(column.type).startswith(("decimal", "number")):
        return "currency"
    named = next((unit for pattern, unit in _UNITS if re.search(pattern, column.name)), "")
    return named or ("count" if re.search(r"_count$|^streams_|^samples$", column.name) else "")


def _formula_row(table: Table, column: Column, lineage: Lineage) -> list[str]:
    place = Place(table.name, column.name)
    origins = [md.code(one.text) for one in lineage.origins(place, [VALUE])]
    formula = f"RECORD:{column.payload}, typed" if column.payload else lineage.formula(place)
    more = f" and {len(origins) - _MOST_ORIGINS} more" if origins[_MOST_ORIGINS:] else ""
    return [md.code(column.name), md.code(formula), ", ".join(origins[:_MOST_ORIGINS]) + more]


def _rules(table: Table) -> Iterator[str]:
    rules = rules_of(table) if table not in LEDGERS else ()
    if not rules:
        return
    yield "## Rules\n"
    yield "A critical rule that fails stops what is built from the table; a warning is reported.\n"
    rows = [
        [md.plain(one.name), str(one.severity), md.plain(one.reason), md.code(" ".join(one.fails.split()))]
        for one in rules
    ]
    yield md.table(["Rule", "Severity", "Why", "A bad row"], rows)


def _sample_query(table: Table) -> str:
    names = [*table.key, *[name for name in table.column_names if name not in table.key]][:10]
    return (
        f"SELECT {', '.join(names)}\nFROM {table.layer}.{table.name.upper()}\nORDER BY {', '.join(table.key)}\nLIMIT 10"
    )


def _statement(table: Table, lineage: Lineage) -> Iterator[str]:
    statement = lineage.statements.get(table.name, "")
    if not statement or len(statement) > _MOST_SQL:
        return
    pretty = sqlglot.parse_one(statement, read="snowflake").sql(dialect="snowflake", pretty=True)
    yield "## SQL of its build\n"
    yield "What Snowflake gets when the build reads everything; else it reads what a change touches.\n"
    yield '??? note "SELECT"\n'
    yield "\n".join(f"    {line}" for line in md.block(pretty, "sql").splitlines()) + "\n"


def _links(names: list[str], table: Table) -> str:
    return ", ".join(md.link(md.code(name), page_path(name), page_path(table.name)) for name in names)


def make_metrics_page(lineage: Lineage) -> md.Page:
    """Make the page; a name means the same wherever it stands, so each is one heading."""
    parts = [
        "# Metrics\n",
        "Every number of the marts and of the product tables. A name means the same in every table that has it; "
        "formulas are read from the SQL of the builds.\n",
    ]
    for name, places in sorted(find_metrics().items()):
        _, first = places[0]
        unit = f" Unit: {unit_of(first)}." if unit_of(first) else ""
        parts += [f"## {name}\n", f"{md.plain(first.description)}.{unit}\n"]
        rows = [
            [
                md.link(md.code(table.name), f"{page_path(table.name)}#{name}", PATH),
                md.code(lineage.formula(Place(table.name, name))),
            ]
            for table, _ in places
        ]
        parts.append(md.table(["Table", "Formula"], rows))
    return md.Page(PATH, "Metrics", "\n".join(parts), "Reference")


def find_metrics() -> dict[str, list[tuple[Table, Column]]]:
    """Find the numbers that people read: by name, the tables and columns that have it."""
    found: dict[str, list[tuple[Table, Column]]] = {}
    for model in models().values():
        table = model.table
        is_read = table.layer in (Layer.MARTS, Layer.PRODUCT) and not table.name.startswith(("int_", "dim_date"))
        for column in table.columns if is_read else ():
            is_number = isinstance(column.type, NumericType | DecimalType)
            if is_number and column.name not in table.key and not column.name.endswith(("_id", "_key")):
                found.setdefault(column.name, []).append((table, column))
    return found
