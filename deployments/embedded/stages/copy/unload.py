"""COPY INTO a stage: the rows of a table or a query as files.

`COPY INTO @S/out/ FROM (SELECT …) FILE_FORMAT = (TYPE = CSV COMPRESSION = GZIP) HEADER = TRUE OVERWRITE = TRUE`
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlglot import exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.names import quote_identifier, quote_literal
from deployments.embedded.scanner import Options, Scanner, is_true
from deployments.embedded.stages.files.file_format import FileFormat
from deployments.embedded.stages.files.named_formats import resolve_format
from deployments.embedded.stages.stage import Location, incoming_path, locate

_KNOWN = {"FILE_FORMAT", "HEADER", "OVERWRITE", "SINGLE", "MAX_FILE_SIZE", "DETAILED_OUTPUT", "INCLUDE_QUERY_ID"}
_SUFFIXES = {"JSON": ".json", "CSV": ".csv", "PARQUET": ".snappy.parquet"}


def unload(statement_text: str, context: StatementContext) -> pa.Table:
    """Write the rows, and say how many.

    Raises:
        ProgrammingError: files are there already and OVERWRITE is not set, or an option cannot be done.
    """
    scanner = Scanner(statement_text)
    scanner.expect("COPY", "INTO")
    location = locate(scanner.reference(), context)
    scanner.expect("FROM")
    query = _query(scanner, context)
    options = _options(scanner)
    chosen = resolve_format(options.get("FILE_FORMAT"), context, location.stage)
    target = _target(location, chosen, options)
    if target.exists() and not is_true(options.get("OVERWRITE", False)):
        raise snowflake_error(
            "Files already existing at the unload destination. Use overwrite option to force unloading.", 1030, "22000"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = incoming_path(context.stages)
    try:
        rows, size = _write(query, partial, chosen, options, context)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return pa.table({"rows_unloaded": [rows], "input_bytes": [size], "output_bytes": [target.stat().st_size]})


def _query(scanner: Scanner, context: StatementContext) -> str:
    if (token := scanner.peek()) and token.text == "(":
        return context.translate(context.parse(scanner.group_text()))
    table = exp.to_table(scanner.name(), dialect="snowflake")
    return context.translate(exp.select("*").from_(table))


def _options(scanner: Scanner) -> Options:
    if scanner.take("PARTITION", "BY"):
        raise unsupported("COPY INTO <location> … PARTITION BY")
    options = scanner.options()
    scanner.at_end()
    for name in options:
        if name not in _KNOWN:
            raise unsupported(f"COPY INTO <location> option {name}")
    return options


def _target(location: Location, chosen: FileFormat, options: Options) -> Path:
    if is_true(options.get("SINGLE", False)):
        return location.stage.own_folder("COPY INTO an") / (location.prefix or "data")
    stem = location.prefix if location.prefix and not location.prefix.endswith("/") else f"{location.prefix}data"
    suffix = _SUFFIXES[chosen.kind] + (".gz" if _is_gzip(chosen) else "")
    return location.stage.own_folder("COPY INTO an") / f"{stem}_0_0_0{suffix}"


def _is_gzip(chosen: FileFormat) -> bool:
    if chosen.kind == "PARQUET":
        return False
    if chosen.compression not in ("AUTO", "GZIP", "NONE"):
        raise unsupported(f"COPY INTO <location> with COMPRESSION = {chosen.compression}")
    return chosen.compression != "NONE"


def _write(
    query: str, target: Path, chosen: FileFormat, options: Options, context: StatementContext
) -> tuple[int, int]:
    names = [row[0] for row in context.duck_conn.execute(f"DESCRIBE {query}").fetchall()]
    if chosen.kind == "JSON":
        if len(names) != 1:
            raise snowflake_error(
                "SQL compilation error:\nJSON file format can be used only with a query that gives one column of type "
                "VARIANT, OBJECT or ARRAY: use OBJECT_CONSTRUCT.",
                2019,
                "0A000",
            )
        # A JSON value a line is what CSV without quotes, header and delimiter makes of one column of text.
        query = f'SELECT {quote_identifier(names[0])}::VARCHAR AS "value" FROM ({query})'
        settings = _settings({"FORMAT": "csv", "HEADER": False, "QUOTE": "", "DELIMITER": "\1", "ESCAPE": ""}, chosen)
    elif chosen.kind == "PARQUET":
        settings = "FORMAT parquet, COMPRESSION snappy"
    else:
        settings = _csv_settings(chosen, options)
    counted = context.duck_conn.execute(f"COPY ({query}) TO {quote_literal(str(target))} ({settings})").fetchall()
    return int(counted[0][0]), os.path.getsize(target)


def _csv_settings(chosen: FileFormat, options: Options) -> str:
    quote = chosen.text("FIELD_OPTIONALLY_ENCLOSED_BY", None)
    nulls = chosen.nulls
    settings = {
        "FORMAT": "csv",
        "HEADER": is_true(options.get("HEADER", False)),
        "DELIMITER": chosen.text("FIELD_DELIMITER", ",") or ",",
        "QUOTE": quote or "",
        "ESCAPE": quote or "",
        "NULLSTR": nulls[0] if nulls else "",
    }
    return _settings(settings, chosen)


def _settings(settings: dict[str, Any], chosen: FileFormat) -> str:
    settings["COMPRESSION"] = "gzip" if _is_gzip(chosen) else "none"
    return ", ".join(
        f"{name} {quote_literal(str(value).lower() if isinstance(value, bool) else str(value))}"
        for name, value in settings.items()
    )
