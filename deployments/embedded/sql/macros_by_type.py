"""Macros with a body for each type of their argument, which DuckDB looks at when it binds a call.

Of a macro for every type DuckDB binds all branches, and the argument as often as the macro names it: ten times as long,
and nesting multiplies that. `rewrites/known_types.py` says where a call of these stands for one of the macro for every
type. Two bodies at least are for types that no argument has both of: what DuckDB cannot tell the type of is an error
then, never one of the bodies. There is none for VARCHAR: DuckDB would take a VARIANT for one.
"""

from __future__ import annotations

from deployments.embedded.sql.macros import HOME

SUFFIX = "_by_type"

# What stands for a macro for every type, which is the last body where another is not shorter
CHOSEN: dict[str, dict[str, str]] = {
    "sf_text": {
        "x TIMESTAMP": "strftime(x, '%Y-%m-%d %H:%M:%S.%g')",
        "x DATE": "CAST(x AS VARCHAR)",
        "x BIGINT": "CAST(x AS VARCHAR)",
        "x BOOLEAN": "CAST(x AS VARCHAR)",
        "x TIMESTAMPTZ": "strftime(CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g +0000')",
        "x BLOB": "hex(x)",
        "x": """
            CASE typeof(x)
            WHEN 'JSON' THEN to_json(x) ->> '$'
            WHEN 'DOUBLE' THEN regexp_replace(CAST(x AS VARCHAR), '\\.0$', '')
            ELSE CAST(x AS VARCHAR) END""",
    },
    "sf_timestamp": {"x TIMESTAMP": "x", "x DATE": "CAST(x AS TIMESTAMP)", "x": f"{HOME}.sf_timestamp(x)"},
    "sf_timestamp_tz": {"x TIMESTAMPTZ": "x", "x DATE": "CAST(x AS TIMESTAMPTZ)", "x": f"{HOME}.sf_timestamp_tz(x)"},
    "sf_date": {"x DATE": "x", "x TIMESTAMP": "CAST(x AS DATE)", "x": f"{HOME}.sf_date(x)"},
    "sf_integer": {"x BIGINT": "x", "x BOOLEAN": "CAST(x AS BIGINT)", "x": f"{HOME}.sf_integer(x)"},
    "sf_boolean": {"x BOOLEAN": "x", "x BIGINT": "CAST(x AS BOOLEAN)", "x": f"{HOME}.sf_boolean(x)"},
    "sf_add_interval": {
        "x DATE, i": "CAST(x + i AS DATE)",
        "x TIMESTAMP, i": "x + i",
        "x, i": f"{HOME}.sf_add_interval(x, i)",
    },
    "sf_date_trunc": {
        "unit, x DATE": "CAST(date_trunc(unit, x) AS DATE)",
        "unit, x TIMESTAMP": "date_trunc(unit, x)",
        "unit, x": f"{HOME}.sf_date_trunc(unit, x)",
    },
}
BY_TYPE = {f"{name}{SUFFIX}": bodies for name, bodies in CHOSEN.items()} | {
    # SUM of a text, and what else Snowflake converts without being asked
    "sf_as_float": {"x VARCHAR": "CAST(trim(x, '\"') AS DOUBLE)", "x": "x"},
    "sf_as_number": {"x VARCHAR": "CAST(trim(x, '\"') AS DECIMAL(18, 5))", "x": "x"},
    "sf_as_time": {"x VARCHAR": f"{HOME}.sf_timestamp_text(x)", "x": "x"},
}
