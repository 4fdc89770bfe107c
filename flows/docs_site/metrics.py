"""The page of metrics: every number of marts and product tables, by its name, with definition and formulas."""

from __future__ import annotations

from flows.docs_site import markdown as md
from flows.docs_site.tables import page_path, unit_of
from flows.lineage.graph import Lineage, Place
from transforms.catalog import models
from transforms.contract import Column, Layer, Table
from transforms.types import DecimalType, NumericType

PATH = "metrics.md"


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
                md.code(_formula(table, name, lineage)),
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


def _formula(table: Table, name: str, lineage: Lineage) -> str:
    return lineage.formula(Place(table.name, name))
