"""What a flow needs in place — database, schemas, stage, tables — seen in one look, and made where it is missing.

One statement reads the columns of every table, the rows of OPS.HEADS and the version that the warehouse was prepared
for. Where all three are as the scripts and contracts of this code say, nothing else is asked: a table or a column that
somebody dropped is missing in the first, a changed script or contract is another version. Otherwise the scripts run
(each statement may be repeated), what is missing is made, and the look is taken again. Several flows may do that at
once: whoever finds that another one was faster looks again.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flows.settings import Settings
from transforms.contract import Layer
from transforms.functions import Session

if TYPE_CHECKING:
    from transforms.engine.tables import Present

SCRIPTS = Path(__file__).resolve().parents[2] / "deployments" / "snowflake"
_TRIES = 8
_PAUSE_SECONDS = 0.3
# Snowflake's codes for an object that is not there: 2003 a table, schema or database; 2043 the same, of other commands.
_ABSENT = {2003, 2043}


@dataclass(frozen=True)
class Look:
    """What is in place.

    Args:
        present: Per table (schema, name) its columns and whether each may be NULL.
        types: Per table its columns and their types, as expectations/rules/schemas.py spells them.
        heads: Tables that have a row in OPS.HEADS.
        is_prepared: The warehouse was prepared for this version.
    """

    present: Present
    types: dict[str, dict[str, str]]
    heads: frozenset[str]
    is_prepared: bool

    @property
    def is_in_place(self) -> bool:
        """Whether there is nothing to do."""
        from transforms.engine.tables import is_in_place, list_built_tables

        return self.is_prepared and is_in_place(self.present) and self.heads >= set(list_built_tables())


def prepare_warehouse(session: Session, settings: Settings) -> Look:
    """Create what is missing: database, schemas, stage, file formats, tables and their new columns; returns the look.

    Raises:
        SnowparkSQLException: Something cannot be made, for other reasons than that another flow makes it, too.
    """
    from snowflake.snowpark.exceptions import SnowparkSQLException

    has_run_scripts = False
    for attempt in range(1, _TRIES + 1):
        seen = look(session, settings)
        if seen is not None and seen.is_in_place:
            if not session.get_current_schema():
                session.use_schema(f"{settings.database}.PUBLIC")
            return seen
        try:
            if not has_run_scripts and not (seen and seen.is_prepared):
                run_scripts(session, settings, SCRIPTS)
                for statement in stage_statements(settings):
                    session.sql(statement).collect()
                has_run_scripts = True
            session.use_schema(f"{settings.database}.PUBLIC")
            _prepare(session, settings, seen)
        except SnowparkSQLException:
            if attempt == _TRIES:
                raise
            time.sleep(random.uniform(0, _PAUSE_SECONDS * attempt))  # so that flows in step get out of it
    seen = look(session, settings)
    if seen is None:
        raise RuntimeError(f"database {settings.database} was prepared and cannot be read")
    return seen


def look(session: Session, settings: Settings) -> Look | None:
    """Return what is in place, in one statement; None where there is not even a ledger of versions."""
    from snowflake.snowpark.exceptions import SnowparkSQLException

    from expectations.rules.schemas import kind_of
    from transforms.ops import HEADS, VERSIONS

    version = make_version(settings)
    layers = ", ".join(f"'{layer}'" for layer in Layer)
    try:
        rows = session.sql(
            "SELECT table_schema, table_name, column_name, data_type, numeric_scale, is_nullable "
            f"FROM {settings.database}.INFORMATION_SCHEMA.COLUMNS WHERE table_schema IN ({layers}) "
            f"UNION ALL SELECT 'head', table_name, NULL, NULL, NULL, NULL FROM {HEADS.full_name(settings.database)} "
            f"UNION ALL SELECT 'version', version, NULL, NULL, NULL, NULL "
            f"FROM {VERSIONS.full_name(settings.database)} WHERE version = '{version}'"
        ).collect()
    except SnowparkSQLException as error:
        if error.sql_error_code in _ABSENT:
            return None
        raise
    present: Present = {}
    types: dict[str, dict[str, str]] = {}
    for schema, table, column, data_type, scale, is_nullable in rows:
        if column is not None:
            present.setdefault((schema, table), {})[column] = is_nullable == "YES"
            types.setdefault(table.lower(), {})[column.lower()] = kind_of(data_type, scale)
    heads = frozenset(row[1] for row in rows if row[0] == "head")
    return Look(present, types, heads, is_prepared=any(row[0] == "version" for row in rows))


def make_version(settings: Settings) -> str:
    """Hash what is prepared: the scripts, the stored columns of the contracts, the tables that are built."""
    from transforms.engine.stored import list_tables
    from transforms.engine.tables import list_built_tables

    scripts = [script.read_text(encoding="utf-8") for script in sorted(SCRIPTS.glob("*.sql"))]
    scripts += stage_statements(settings)
    contracts = [
        [f"{table.layer}.{table.name}", [[c.name, repr(c.type), c.nullable] for c in table.stored_columns]]
        for table in list_tables()
    ]
    written = json.dumps([scripts, settings.snowflake.warehouse, contracts, list_built_tables()])
    return hashlib.sha256(written.encode()).hexdigest()[:32]


def run_scripts(session: Session, settings: Settings, folder: Path) -> None:
    """Run every statement of the folder's SQL files in order of their names."""
    for script in sorted(folder.glob("*.sql")):
        for statement in statements(script.read_text(encoding="utf-8"), settings):
            session.sql(statement).collect()


def stage_statements(settings: Settings) -> list[str]:
    """Return the statements that make the stages of the places that the settings name."""
    script = (SCRIPTS / "external" / "31_stage.sql").read_text(encoding="utf-8")
    values = [
        {"stage": target.stage, "url": target.place.url, "integration": target.integration or ""}
        for target in settings.external_landings
        if target.place
    ]
    return [one for each in values for one in statements(script, settings, each)]


def statements(text: str, settings: Settings, more: Mapping[str, str] | None = None) -> list[str]:
    """Return the statements of a script of the project, its `<% … %>` places filled by the settings and by `more`."""
    values = {
        "database": settings.database,
        "warehouse": settings.snowflake.warehouse or "SNOWCAST_WH",
        "warehouse_size": settings.warehouse_size,
        "auto_suspend": str(settings.auto_suspend_seconds),
        "credit_quota": str(settings.credit_quota),
        **(more or {}),
    }
    return fill_places(text, values)


def fill_places(text: str, values: Mapping[str, str]) -> list[str]:
    """Return the statements of a script with its places filled; a clause ` NAME = ` of an empty value is left out."""
    for name in [name for name, value in values.items() if not value]:
        text = re.sub(rf" \w+ = <% {name} %>", "", text)
    for name, value in values.items():
        text = text.replace(f"<% {name} %>", value)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";") if part.strip()]


def _prepare(session: Session, settings: Settings, seen: Look | None) -> None:
    from transforms.engine.ledgers import append_rows
    from transforms.engine.tables import create_table, prepare_heads, prepare_tables
    from transforms.ops import VERSIONS

    if seen is None:  # the ledgers that the look reads; it then says which tables are missing
        create_table(session, VERSIONS)
        prepare_heads(session, is_created=True)
        return
    widened = {place: _widen(session, settings, place, have) for place, have in seen.present.items()}
    prepare_tables(session, widened, seen.heads)
    row: Mapping[str, object] = {"version": make_version(settings), "applied_at": datetime.now(UTC)}
    append_rows(session, VERSIONS, [row])


def _widen(session: Session, settings: Settings, place: tuple[str, str], have: dict[str, bool]) -> dict[str, bool]:
    """Add the columns that a table lacks, and let those be NULL that its contract no longer has; returns what it has.

    By ALTER, which changes no row: what another flow appends to a ledger at the same time is kept.
    """
    from transforms.engine.stored import list_tables

    tables = {(str(table.layer), table.name.upper()): table for table in list_tables()}
    if place not in tables or tables[place].is_view:
        return have
    table = tables[place]
    declared = {column.name.upper(): column for column in table.stored_columns}
    alter = f"ALTER TABLE {table.full_name(settings.database)}"
    for name in declared.keys() - have.keys():
        session.sql(f"{alter} ADD COLUMN IF NOT EXISTS {name} {declared[name].type!s}").collect()
    for name in [name for name, is_nullable in have.items() if name not in declared and not is_nullable]:
        session.sql(f'{alter} ALTER COLUMN "{name}" DROP NOT NULL').collect()
    return {**dict.fromkeys(declared, True), **dict.fromkeys(have, True)}
