"""Snowflake's functions and conversions as DuckDB macros, where DuckDB's own differ.

A macro is bound per call, so `typeof(x)` is a constant there: DuckDB folds the CASE and keeps only the branch of the
argument's type. Every branch must bind for every type, hence the detours through VARCHAR in branches that are dropped.
The macros live in a database of their own, where every session and every stored view finds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import Expr, exp

if TYPE_CHECKING:
    import duckdb

GLOBAL = "_fs_global"
HOME = f"{GLOBAL}.main"

# DuckDB takes words after a time and passes over them; ISO 8601 has no letters but T and Z. Then Snowflake's other AUTO
# formats.
_ISO = "NOT regexp_matches(CAST({0} AS VARCHAR), '[A-SU-Ya-z/]')"
_NO_WORD = "CASE WHEN lower(t) NOT IN ('epoch', 'infinity', '-infinity') THEN t END"
OTHER_DATES = "['%m/%d/%Y', '%d-%b-%Y', '%m/%d/%Y %H:%M:%S']"
OTHER_TIMES = "['%Y-%m-%dT%H', '%Y-%m-%d %H', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y %H:%M:%S.%f', '%m/%d/%Y', '%d-%b-%Y']"
OTHER_ZONED_TIMES = "['%a, %d %b %Y %H:%M:%S %z', '%a %b %d %H:%M:%S %z %Y', '%Y-%m-%d %H:%M:%S %z']"

SCALARS: dict[str, str] = {
    # CAST(x AS VARCHAR): a VARIANT string without quotes, Snowflake's output formats for times, floats and binaries
    "sf_text(x)": """
        CASE typeof(x)
        WHEN 'JSON' THEN to_json(x) ->> '$'
        WHEN 'DOUBLE' THEN regexp_replace(CAST(x AS VARCHAR), '\\.0$', '')
        WHEN 'TIMESTAMP' THEN strftime(TRY_CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g')
        WHEN 'TIMESTAMP WITH TIME ZONE' THEN strftime(TRY_CAST(x AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%g +0000')
        WHEN 'BLOB' THEN hex(TRY_CAST(x AS BLOB))
        ELSE CAST(x AS VARCHAR) END""",
    # BINARY of a text: its hexadecimal digits
    "sf_binary(x)": """
        CASE typeof(x) WHEN 'BLOB' THEN TRY_CAST(x AS BLOB) ELSE unhex(CAST(x AS VARCHAR)) END""",
    # CAST(x AS NUMBER(38, 0)): floats round half away from zero
    "sf_integer(x)": """
        CASE typeof(x) WHEN 'DOUBLE' THEN CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
        ELSE CAST(x AS BIGINT) END""",
    "sf_boolean_text(x)": """
        CASE WHEN lower(x) IN ('yes', 'y', 'on') THEN TRUE WHEN lower(x) IN ('no', 'n', 'off') THEN FALSE
        ELSE CAST(x AS BOOLEAN) END""",
    "sf_boolean(x)": f"""
        CASE typeof(x) WHEN 'VARCHAR' THEN {HOME}.sf_boolean_text(CAST(x AS VARCHAR)) ELSE CAST(x AS BOOLEAN) END""",
    # What TO_VARIANT gives; to_json would copy what is one already
    "sf_variant(x)": """
        CASE typeof(x) WHEN 'JSON' THEN TRY_CAST(x AS JSON) WHEN 'BLOB' THEN to_json(hex(TRY_CAST(x AS BLOB)))
        ELSE to_json(x) END""",
    # TO_TIMESTAMP(number): whole seconds, milli-, micro- or nanoseconds by their size
    "sf_epoch(n)": """
        CASE WHEN abs(n) < 31536000000 THEN make_timestamp(n * 1000000)
        WHEN abs(n) < 31536000000000 THEN make_timestamp(n * 1000)
        WHEN abs(n) < 31536000000000000 THEN make_timestamp(n)
        ELSE make_timestamp(n // 1000) END""",
    "sf_timestamp_number(x, scale)": """
        make_timestamp(CAST(round(x * CAST(power(10, 6 - scale) AS DECIMAL(18, 6))) AS BIGINT))""",
    # TO_TIMESTAMP(text): ISO 8601 first. The lambda binds the text once. A cast that fails is the error, since error()
    # does not go with TRY.
    "sf_timestamp_text(x)": f"""
        coalesce(TRY_CAST(CASE WHEN {_ISO.format("x")} THEN x END AS TIMESTAMP),
            list_transform([to_json(x) ->> '$'], lambda t: coalesce(
                {HOME}.sf_epoch(TRY_CAST(t AS BIGINT)),
                try_strptime({_NO_WORD}, {OTHER_TIMES}),
                CAST(try_strptime({_NO_WORD}, {OTHER_ZONED_TIMES}) AS TIMESTAMP),
                CAST('?' || t AS TIMESTAMP)))[1])""",
    "sf_timestamp(x)": f"""
        CASE WHEN typeof(x) = 'TIMESTAMP' THEN TRY_CAST(x AS TIMESTAMP)
        WHEN left(typeof(x), 3) IN ('INT', 'BIG', 'SMA', 'TIN', 'HUG', 'UBI', 'DEC', 'DOU')
            THEN {HOME}.sf_timestamp_number(TRY_CAST(x AS DECIMAL(28, 6)), 0)
        ELSE {HOME}.sf_timestamp_text(x) END""",
    "sf_timestamp_tz_text(x)": f"""
        coalesce(TRY_CAST(CASE WHEN {_ISO.format("x")} THEN x END AS TIMESTAMPTZ),
            list_transform([to_json(x) ->> '$'], lambda t: coalesce(
                {HOME}.sf_epoch(TRY_CAST(t AS BIGINT)) AT TIME ZONE 'UTC',
                try_strptime({_NO_WORD}, {OTHER_TIMES}) AT TIME ZONE 'UTC',
                try_strptime({_NO_WORD}, {OTHER_ZONED_TIMES}),
                CAST(CASE WHEN {_ISO.format("t")}
                    THEN regexp_replace(t, '\\s+([+-][0-9]{{2}}:?([0-9]{{2}})?|Z)$', '\\1')
                    ELSE '?' || t END AS TIMESTAMPTZ)))[1])""",
    "sf_timestamp_tz(x)": f"""
        CASE WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE' THEN TRY_CAST(x AS TIMESTAMPTZ)
        WHEN left(typeof(x), 3) IN ('INT', 'BIG', 'SMA', 'TIN', 'HUG', 'UBI', 'DEC', 'DOU')
            THEN {HOME}.sf_timestamp_number(TRY_CAST(x AS DECIMAL(28, 6)), 0) AT TIME ZONE 'UTC'
        ELSE {HOME}.sf_timestamp_tz_text(x) END""",
    "sf_date_text(x)": f"""
        coalesce(TRY_CAST(CASE WHEN {_ISO.format("x")} THEN x END AS DATE),
            list_transform([to_json(x) ->> '$'], lambda t: coalesce(
                CAST({HOME}.sf_epoch(TRY_CAST(t AS BIGINT)) AS DATE),
                CAST(try_strptime({_NO_WORD}, {OTHER_DATES}) AS DATE),
                CASE WHEN {_ISO.format("t")} AND length(t) > 10
                THEN CAST(CAST(t AS TIMESTAMP) AS DATE) ELSE CAST('?' || t AS DATE) END))[1])""",
    "sf_date(x)": f"""
        CASE WHEN typeof(x) IN ('VARCHAR', 'JSON') THEN {HOME}.sf_date_text(x) ELSE CAST(x AS DATE) END""",
    # a / b: whole and decimal numbers give decimals, zero is an error
    "sf_divide(a, b)": """
        CASE WHEN b = 0 THEN error('Division by zero')
        ELSE cast_to_type(CAST(a AS DOUBLE) / CAST(b AS DOUBLE),
            CASE WHEN FALSE THEN coalesce(a * 0.000001 + b * 0, 0) END) END""",
    "sf_modulo(a, b)": "CASE WHEN b = 0 THEN error('Division by zero') ELSE a % b END",
    # PARSE_JSON
    "sf_repeats_keys(j)": "json_type(j) = 'OBJECT' AND list_unique(json_keys(j)) < len(json_keys(j))",
    # objects within are looked for only where the text has a second brace
    "sf_unique_keys(v)": f"""
        list_transform([v], lambda j: CASE
            WHEN {HOME}.sf_repeats_keys(j) OR (contains(substr(CAST(j AS VARCHAR), 2), '{{')
                AND len(list_filter(json_extract(j, '$..*'), lambda e: {HOME}.sf_repeats_keys(e))) > 0)
            THEN json('duplicate object attribute') ELSE j END)[1]""",
    "sf_object_of_unique_keys(v)": f"""
        list_transform([v], lambda j:
            CASE WHEN {HOME}.sf_repeats_keys(j) THEN json('Duplicate field key') ELSE j END)[1]""",
    "sf_parse_json(x)": f"{HOME}.sf_unique_keys(json(nullif(trim(x), '')))",
    "sf_try_parse_json(x)": f"TRY({HOME}.sf_unique_keys(json(nullif(trim(x), ''))))",
    # The way to a key, whatever is in its name: a pointer, but it would pick from an array by a number
    "sf_way_to(k)": """
        CASE WHEN regexp_full_match(k, '[0-9]+') THEN '$."' || k || '"'
        ELSE '/' || replace(replace(k, '~', '~0'), '/', '~1') END""",
    # GET(v, i): a number picks from an array, text from an object
    "sf_get(v, i)": f"""
        CASE typeof(i) WHEN 'VARCHAR' THEN json_extract(v, {HOME}.sf_way_to(CAST(i AS VARCHAR)))
        ELSE json_extract(v, '$[' || {HOME}.sf_text(i) || ']') END""",
    # What a VARIANT is ordered by: numbers by their value, before texts and the rest
    "sf_variant_key(v)": """
        CASE WHEN v IS NOT NULL THEN struct_pack(
            kind := CASE WHEN json_type(v) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN 0 ELSE 1 END,
            number := CASE WHEN json_type(v) IN ('BIGINT', 'UBIGINT', 'DOUBLE') THEN CAST(v AS DOUBLE) END,
            rest := v ->> '$') END""",
    "sf_whole_key(v)": f"CASE typeof(v) WHEN 'JSON' THEN {HOME}.sf_variant_key(to_json(v)) END",
    # What is assigned to a VARIANT: DuckDB would parse a text
    "sf_assigned_variant(x, named)": """
        CASE typeof(x) WHEN 'VARCHAR' THEN json(CASE WHEN x IS NOT NULL THEN 'no VARIANT: ' || named END)
        ELSE to_json(x) END""",
    # = and < with a VARIANT on one side and text on the other
    "sf_variant_text(v, t)": """
        CASE typeof(v) WHEN 'JSON' THEN to_json(v) ->> '$' ELSE t END""",
    # What FILTER, TRANSFORM and REDUCE make an element of
    "sf_element(x)": f"CASE typeof(x) WHEN 'DOUBLE' THEN json({HOME}.sf_text(x)) ELSE to_json(x) END",
    # to_json copies what is a VARIANT already
    "sf_json(v)": "CASE typeof(v) WHEN 'JSON' THEN TRY_CAST(v AS JSON) ELSE to_json(v) END",
    # Looked up, not by CASE: each of its branches would ask DuckDB for the type anew
    "sf_variant_type(t)": """
        MAP {'UBIGINT': 'INTEGER', 'BIGINT': 'INTEGER', 'DOUBLE': 'DECIMAL', 'NULL': 'NULL_VALUE',
            'VARCHAR': 'VARCHAR', 'BOOLEAN': 'BOOLEAN', 'ARRAY': 'ARRAY', 'OBJECT': 'OBJECT'}[t]""",
    "sf_typeof(v)": f"{HOME}.sf_variant_type(json_type({HOME}.sf_json(v)))",
    "sf_keys(v)": f"""
        CASE json_type({HOME}.sf_json(v)) WHEN 'OBJECT' THEN to_json(list_sort(json_keys({HOME}.sf_json(v)))) END""",
    "sf_array_size(v)": """
        CASE json_type(to_json(v)) WHEN 'ARRAY' THEN CAST(json_array_length(to_json(v)) AS BIGINT) END""",
    "sf_items(v)": """
        CASE json_type(to_json(v)) WHEN 'ARRAY' THEN CAST(to_json(v) AS JSON[]) END""",
    "sf_array_contains(e, v)": f"list_contains({HOME}.sf_items(v), to_json(e))",
    "sf_entries(v)": f"""
        list_transform(json_keys(to_json(v)), lambda k:
            struct_pack(k := k, v := json_extract(to_json(v), {HOME}.sf_way_to(k))))""",
    "sf_strip_null(v)": "CASE WHEN json_type(to_json(v)) <> 'NULL' THEN to_json(v) END",
    "sf_as_type_of(v, o)": """
        CASE typeof(o) WHEN 'JSON' THEN cast_to_type(v, o)
        ELSE cast_to_type(json_extract_string(v, '$'), o) END""",
    # How long a text may be made: Snowflake's longest has 128 MB
    "sf_within(n)": """
        CASE WHEN n > 134217728 THEN CAST('String is too long and would be truncated' AS INTEGER)
        ELSE CAST(n AS INTEGER) END""",
    "sf_repeats(x, n)": f"""
        CASE WHEN {HOME}.sf_within(length(x) * n) IS NULL THEN NULL ELSE CAST(n AS BIGINT) END""",
    "sf_replace(x, o, p)": f"""
        CASE WHEN {HOME}.sf_within(length(x) + (length(p) - length(o))
            * CASE WHEN o = '' THEN 0 ELSE (length(x) - length(replace(x, o, ''))) // length(o) END) IS NOT NULL
        THEN replace(x, o, p) END""",
    "sf_length(x)": f"""
        CASE typeof(x) WHEN 'BLOB' THEN octet_length(TRY_CAST(x AS BLOB)) ELSE length({HOME}.sf_text(x)) END""",
    "sf_bytes(x)": f"CASE typeof(x) WHEN 'BLOB' THEN TRY_CAST(x AS BLOB) ELSE encode({HOME}.sf_text(x)) END",
    "sf_md5(x)": f"CASE typeof(x) WHEN 'BLOB' THEN md5(TRY_CAST(x AS BLOB)) ELSE md5({HOME}.sf_text(x)) END",
    "sf_signed(h)": "CAST(CAST(h AS HUGEINT) - 9223372036854775808 AS BIGINT)",
    "sf_to_array(v)": """
        CASE json_type(to_json(v)) WHEN 'ARRAY' THEN to_json(v) WHEN 'NULL' THEN NULL
        ELSE to_json(list_value(to_json(v))) END""",
    "sf_compact(l)": "to_json(list_filter(l, lambda e: e IS NOT NULL))",
    "sf_array_append(a, e)": f"to_json(list_append({HOME}.sf_items(a), to_json(e)))",
    "sf_array_prepend(a, e)": f"to_json(list_prepend(to_json(e), {HOME}.sf_items(a)))",
    "sf_array_cat(a, b)": f"to_json({HOME}.sf_items(a) || {HOME}.sf_items(b))",
    "sf_array_distinct(a)": f"""
        to_json(list_distinct(list_transform({HOME}.sf_items(a), lambda e: coalesce(e, json('null')))))""",
    # SPLIT: an empty separator splits nothing
    "sf_split(x, separator)": """
        CASE WHEN separator = '' THEN to_json(list_value(x)) WHEN separator IS NOT NULL
        THEN to_json(str_split(x, separator)) END""",
    # SQRT(-1), LN(0), POWER(10, 400) are errors; DuckDB gives nan and inf
    "sf_finite(x)": """
        CASE WHEN x IS NULL OR isfinite(x) THEN x ELSE CAST('Invalid floating point operation' AS DOUBLE) END""",
    "sf_array_compact(a)": f"to_json(list_filter({HOME}.sf_items(a), lambda e: json_type(e) <> 'NULL'))",
    "sf_array_intersection(a, b)": f"to_json(list_intersect({HOME}.sf_items(a), {HOME}.sf_items(b)))",
    "sf_array_ordered(a)": f"""
        list_transform(list_sort(list_transform(list_filter({HOME}.sf_items(a), lambda e: json_type(e) <> 'NULL'),
            lambda e: struct_pack(k := {HOME}.sf_variant_key(e), e := e))), lambda p: p.e)""",
    "sf_array_max(a)": f"{HOME}.sf_array_ordered(a)[-1]",
    "sf_array_min(a)": f"{HOME}.sf_array_ordered(a)[1]",
    "sf_array_except(a, b)": f"""
        to_json(list_filter({HOME}.sf_items(a), lambda e: NOT list_contains({HOME}.sf_items(b), e)))""",
    "sf_arrays_overlap(a, b)": f"list_has_any({HOME}.sf_items(a), {HOME}.sf_items(b))",
    # by their values: as JSON a text with a blank behind it would come before the text
    "sf_array_sort(a)": f"""
        to_json(list_transform(list_sort(list_transform({HOME}.sf_items(a),
            lambda e: struct_pack(k := {HOME}.sf_variant_key(e), e := e))), lambda one: one.e))""",
    "sf_array_flatten(a)": f"""
        to_json(flatten(list_transform({HOME}.sf_items(a), lambda e: {HOME}.sf_items(e))))""",
    "sf_array_position(e, a)": f"CAST(list_position({HOME}.sf_items(a), to_json(e)) - 1 AS BIGINT)",
    "sf_array_to_string(a, separator)": f"""
        array_to_string(list_transform({HOME}.sf_items(a), lambda e: coalesce(e ->> '$', '')), separator)""",
    "sf_array_slice(a, f, t)": f"""
        to_json(list_slice({HOME}.sf_items(a), CASE WHEN f >= 0 THEN f + 1 ELSE f END,
            CASE WHEN t >= 0 THEN t ELSE t - 1 END))""",
    "sf_object(entries)": """
        to_json(map_from_entries(entries))""",
    "sf_object_without_nulls(v)": f"""
        {HOME}.sf_object(list_filter({HOME}.sf_entries(v), lambda e: json_type(e.v) <> 'NULL'))""",
    "sf_object_delete(v, names)": f"""
        {HOME}.sf_object(list_filter({HOME}.sf_entries(v), lambda e: NOT list_contains(names, e.k)))""",
    "sf_object_pick(v, names)": f"""
        {HOME}.sf_object(list_filter({HOME}.sf_entries(v), lambda e: list_contains(names, e.k)))""",
    "sf_object_insert(v, name, item, renew)": f"""
        CASE WHEN NOT renew AND list_contains(json_keys(to_json(v)), name)
            THEN error('Duplicate field key ' || name)
        WHEN item IS NULL THEN {HOME}.sf_object_delete(v, list_value(name))
        ELSE {HOME}.sf_object(list_append(list_filter({HOME}.sf_entries(v), lambda e: e.k <> name),
            struct_pack(k := name, v := item))) END""",
    "sf_width_bucket(x, low, high, buckets)": """
        CASE WHEN x < low THEN 0 WHEN x >= high THEN buckets + 1
        ELSE CAST(floor((x - low) * buckets / (high - low)) AS BIGINT) + 1 END""",
    # DATEADD and DATE_TRUNC by days and longer: a DATE stays a DATE
    "sf_add_interval(x, i)": "cast_to_type(x + i, x)",
    "sf_date_trunc(unit, x)": "cast_to_type(date_trunc(unit, x), x)",
    # DATEDIFF(week, a, b): weeks begin on Monday
    "sf_weeks(a, b)": "date_diff('day', date_trunc('week', a), date_trunc('week', b)) // 7",
}

# TO_CHAR with a format that is no literal: DuckDB's own takes only one that is known when it binds.
_PARTS = {
    **{"YYYY": "%Y", "YY": "%y", "MMMM": "%B", "MON": "%b", "MM": "%m", "DD": "%d", "HH24": "%H", "HH12": "%I"},
    **{"MI": "%M", "SS": "%S", "FF3": "%g", "FF6": "%f", "FF9": "%n", "FF": "%f", "AM|PM": "%p", "DY": "%a"},
}
_formatted = "f"
for _part, _known in _PARTS.items():
    _formatted = f"regexp_replace({_formatted}, '{_part}', strftime(t, '{_known}'), 'gi')"
SCALARS["sf_format(t, f)"] = _formatted

TABLES: dict[str, str] = {
    "sf_split_to_table(x, separator)": """
        SELECT CAST(1 AS BIGINT) AS "SEQ", CAST(i AS BIGINT) AS "INDEX", parts[i] AS "VALUE"
        FROM (SELECT str_split(x, separator) AS parts), range(1, len(parts) + 1) AS r(i)
        ORDER BY i""",
    # LATERAL FLATTEN: one row per element of an array or object of the wanted kinds
    "sf_flatten(input, keep_empty, kinds)": """
        SELECT CAST(hash(whole) >> 1 AS BIGINT) AS "SEQ",
            CASE json_type(whole) WHEN 'OBJECT' THEN e.key END AS "KEY",
            CASE json_type(whole) WHEN 'OBJECT' THEN e.key ELSE '[' || e.key || ']' END AS "PATH",
            CASE json_type(whole) WHEN 'ARRAY' THEN TRY_CAST(e.key AS BIGINT) END AS "INDEX",
            e.value AS "VALUE",
            whole AS "THIS"
        FROM (SELECT to_json(input) AS whole)
        LEFT JOIN json_each(CASE WHEN list_contains(kinds, json_type(whole)) THEN whole END) AS e ON TRUE
        WHERE keep_empty OR e.value IS NOT NULL""",
    "sf_flatten_recursive(input, keep_empty, kinds)": """
        SELECT CAST(hash(to_json(input)) >> 1 AS BIGINT) AS "SEQ",
            CASE WHEN e.fullkey NOT LIKE '%]' THEN e.key END AS "KEY",
            ltrim(substr(e.fullkey, 2), '.') AS "PATH",
            CASE WHEN e.fullkey LIKE '%]' THEN TRY_CAST(e.key AS BIGINT) END AS "INDEX",
            e.value AS "VALUE",
            to_json(input) AS "THIS"
        FROM (SELECT 1)
        LEFT JOIN json_tree(
            CASE WHEN list_contains(kinds, json_type(to_json(input))) THEN to_json(input) END) AS e
            ON e.parent IS NOT NULL
        WHERE keep_empty OR e.value IS NOT NULL""",
}


def install(
    connection: duckdb.DuckDBPyConnection,
    scalars: dict[str, str],
    by_type: dict[str, dict[str, str]],
    tables: dict[str, str],
) -> None:
    """Create macros in the global database, each after those it calls."""
    for head, body in scalars.items():
        connection.execute(f"CREATE OR REPLACE MACRO {HOME}.{head} AS ({body})")
    for name, bodies in by_type.items():
        alternatives = ", ".join(f"({parameter}) AS ({body})" for parameter, body in bodies.items())
        connection.execute(f"CREATE OR REPLACE MACRO {HOME}.{name} {alternatives}")
    for head, body in tables.items():
        connection.execute(f"CREATE OR REPLACE MACRO {HOME}.{head} AS TABLE {body}")


def call(name: str, *arguments: Expr) -> exp.Anonymous:
    """A call of one of the macros."""
    return exp.Anonymous(this=f"{HOME}.{name}", expressions=list(arguments))
