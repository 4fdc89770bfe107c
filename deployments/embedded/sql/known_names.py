"""The names that Snowflake knows: its functions and types. A name of DuckDB's or of another dialect is unknown here.

The parser takes every dialect's functions for its own. Those that Snowflake does not have are taken from it, so that
they come out as functions without a meaning; `check` refuses those by name, wherever in a statement they stand.
"""

from __future__ import annotations

import re

from sqlglot import Expr, exp
from sqlglot.dialects.snowflake import Snowflake

from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.process.databases import INTERNAL_CATALOGS, INTERNAL_SCHEMAS, check_database

# https://docs.snowflake.com/en/sql-reference/functions-all: those that run here, and those that are refused by name.
FUNCTIONS = frozenset(
    """
    ABS ACOS ACOSH ADD_MONTHS ANY_VALUE APPROX_COUNT_DISTINCT APPROX_PERCENTILE APPROX_TOP_K ARRAYAGG ARRAYS_OVERLAP
    ARRAYS_TO_OBJECT ARRAYS_ZIP ARRAY_AGG ARRAY_APPEND ARRAY_CAT ARRAY_COMPACT ARRAY_CONSTRUCT ARRAY_CONSTRUCT_COMPACT
    ARRAY_CONTAINS ARRAY_DISTINCT ARRAY_EXCEPT ARRAY_FLATTEN ARRAY_GENERATE_RANGE ARRAY_INSERT ARRAY_INTERSECTION
    ARRAY_MAX ARRAY_MIN ARRAY_POSITION ARRAY_PREPEND ARRAY_REMOVE ARRAY_REMOVE_AT ARRAY_REVERSE ARRAY_SIZE ARRAY_SLICE
    ARRAY_SORT ARRAY_TO_STRING ARRAY_UNION_AGG ARRAY_UNIQUE_AGG ASCII ASIN ASINH AS_ARRAY AS_BINARY AS_BOOLEAN AS_CHAR
    AS_DATE AS_DECIMAL AS_DOUBLE AS_INTEGER AS_NUMBER AS_OBJECT AS_REAL AS_TIME AS_TIMESTAMP_LTZ AS_TIMESTAMP_NTZ
    AS_TIMESTAMP_TZ AS_VARCHAR ATAN ATAN2 ATANH AVG BASE64_DECODE_BINARY BASE64_DECODE_STRING BASE64_ENCODE BITAND
    BITAND_AGG BITNOT BITOR BITOR_AGG BITSHIFTLEFT BITSHIFTRIGHT BITXOR BITXOR_AGG BIT_LENGTH BOOLAND BOOLAND_AGG
    BOOLNOT BOOLOR BOOLOR_AGG BOOLXOR BOOLXOR_AGG CAST CBRT CEIL CHAR CHARINDEX CHECK_JSON CHR COALESCE COLLATE
    COLLATION COMPRESS CONCAT CONCAT_WS CONDITIONAL_CHANGE_EVENT CONDITIONAL_TRUE_EVENT CONTAINS CONVERT_TIMEZONE
    COPY_HISTORY CORR COS COSH COT COUNT COUNT_IF COVAR_POP COVAR_SAMP CUME_DIST CURRENT_ACCOUNT CURRENT_ACCOUNT_NAME
    CURRENT_AVAILABLE_ROLES CURRENT_CLIENT CURRENT_DATABASE CURRENT_DATE CURRENT_IP_ADDRESS CURRENT_ORGANIZATION_NAME
    CURRENT_REGION CURRENT_ROLE CURRENT_ROLE_TYPE CURRENT_SCHEMA CURRENT_SCHEMAS CURRENT_SECONDARY_ROLES
    CURRENT_SESSION CURRENT_STATEMENT CURRENT_TIME CURRENT_TIMESTAMP CURRENT_TRANSACTION CURRENT_USER CURRENT_VERSION
    CURRENT_WAREHOUSE DATE DATEADD DATEDIFF DATEFROMPARTS DATE_FROM_PARTS DATE_PART DATE_TRUNC DAY DAYNAME DAYOFMONTH
    DAYOFWEEK DAYOFWEEKISO DAYOFWEEK_ISO DAYOFYEAR DECODE DEGREES DENSE_RANK DIRECTORY DIV0 DIV0NULL EDITDISTANCE
    ENDSWITH EQUAL_NULL EXP EXTRACT FACTORIAL FILTER FIRST_VALUE FLATTEN FLOOR GENERATOR GET GETBIT GETDATE
    GETVARIABLE GET_DDL GET_IGNORE_CASE GET_PATH GREATEST GREATEST_IGNORE_NULLS GROUPING GROUPING_ID HASH HASH_AGG
    HAVERSINE HEX_DECODE_BINARY HEX_DECODE_STRING HEX_ENCODE HLL HOUR IDENTIFIER IFF IFNULL ILIKE INFER_SCHEMA INITCAP
    INSERT INSTR IS_ARRAY IS_BINARY IS_BOOLEAN IS_CHAR IS_DATE IS_DATE_VALUE IS_DECIMAL IS_DOUBLE IS_INTEGER
    IS_NULL_VALUE IS_OBJECT IS_REAL IS_TIME IS_TIMESTAMP_LTZ IS_TIMESTAMP_NTZ IS_TIMESTAMP_TZ IS_VARCHAR
    JAROWINKLER_SIMILARITY JSON_EXTRACT_PATH_TEXT KURTOSIS LAG LAST_DAY LAST_QUERY_ID LAST_TRANSACTION LAST_VALUE LEAD
    LEAST LEAST_IGNORE_NULLS LEFT LEN LENGTH LIKE LISTAGG LN LOCALTIME LOCALTIMESTAMP LOG LOWER LPAD LTRIM MAP_CAT
    MAP_CONTAINS_KEY MAP_DELETE MAP_INSERT MAP_KEYS MAP_PICK MAP_SIZE MAX MAX_BY MD5 MD5_BINARY MD5_HEX
    MD5_NUMBER_LOWER64 MD5_NUMBER_UPPER64 MEDIAN MIN MINUTE MIN_BY MOD MODE MONTH MONTHNAME MONTHS_BETWEEN NEXT_DAY
    NORMAL NTH_VALUE NTILE NULLIF NULLIFZERO NVL NVL2 OBJECT_AGG OBJECT_CONSTRUCT OBJECT_CONSTRUCT_KEEP_NULL
    OBJECT_DELETE OBJECT_INSERT OBJECT_KEYS OBJECT_PICK OCTET_LENGTH PARSE_IP PARSE_JSON PARSE_URL PARSE_XML
    PERCENTILE_CONT PERCENTILE_DISC PERCENT_RANK PI POSITION POW POWER PREVIOUS_DAY QUARTER QUERY_HISTORY
    QUERY_HISTORY_BY_SESSION RADIANS RANDOM RANDSTR RANK RATIO_TO_REPORT REDUCE REGEXP REGEXP_COUNT REGEXP_EXTRACT_ALL
    REGEXP_INSTR REGEXP_LIKE REGEXP_REPLACE REGEXP_SUBSTR REGEXP_SUBSTR_ALL REGR_AVGX REGR_AVGY REGR_COUNT
    REGR_INTERCEPT REGR_R2 REGR_SLOPE REGR_SXX REGR_SXY REGR_SYY REGR_VALX REGR_VALY REPEAT REPLACE RESULT_SCAN
    REVERSE RIGHT RLIKE ROUND ROW_NUMBER RPAD RTRIM RTRIMMED_LENGTH SECOND SEQ1 SEQ2 SEQ4 SEQ8 SHA1 SHA1_BINARY
    SHA1_HEX SHA2 SHA2_BINARY SHA2_HEX SIGN SIN SINH SKEW SOUNDEX SPACE SPLIT SPLIT_PART SPLIT_TO_TABLE SQRT SQUARE
    STARTSWITH STDDEV STDDEV_POP STDDEV_SAMP STRIP_NULL_VALUE STRTOK STRTOK_SPLIT_TO_TABLE STRTOK_TO_ARRAY SUBSTR
    SUBSTRING SUM SYSDATE SYSTIMESTAMP TABLE TAN TANH TIME TIMEADD TIMEDIFF TIMEFROMPARTS TIMESTAMPADD TIMESTAMPDIFF
    TIMESTAMPFROMPARTS TIMESTAMPLTZFROMPARTS TIMESTAMPNTZFROMPARTS TIMESTAMPTZFROMPARTS TIMESTAMP_FROM_PARTS
    TIMESTAMP_LTZ_FROM_PARTS TIMESTAMP_NTZ_FROM_PARTS TIMESTAMP_TZ_FROM_PARTS TIME_FROM_PARTS TIME_SLICE TO_ARRAY
    TO_BINARY TO_BOOLEAN TO_CHAR TO_DATE TO_DECIMAL TO_DOUBLE TO_JSON TO_NUMBER TO_NUMERIC TO_OBJECT TO_TIME
    TO_TIMESTAMP TO_TIMESTAMP_LTZ TO_TIMESTAMP_NTZ TO_TIMESTAMP_TZ TO_VARCHAR TO_VARIANT TRANSFORM TRANSLATE TRIM TRUNC
    TRUNCATE TRY_BASE64_DECODE_BINARY TRY_BASE64_DECODE_STRING TRY_CAST TRY_HEX_DECODE_BINARY TRY_HEX_DECODE_STRING
    TRY_PARSE_JSON TRY_TO_BINARY TRY_TO_BOOLEAN TRY_TO_DATE TRY_TO_DECIMAL TRY_TO_DOUBLE TRY_TO_NUMBER TRY_TO_NUMERIC
    TRY_TO_TIME TRY_TO_TIMESTAMP TRY_TO_TIMESTAMP_LTZ TRY_TO_TIMESTAMP_NTZ TRY_TO_TIMESTAMP_TZ TYPEOF UNICODE UNIFORM
    UPPER UUID_STRING VALIDATE VARIANCE VARIANCE_POP VARIANCE_SAMP VAR_POP VAR_SAMP WEEK WEEKISO WEEKOFYEAR WEEK_ISO
    WIDTH_BUCKET XMLGET YEAR YEAROFWEEK YEAROFWEEKISO ZEROIFNULL ZIPF
    """.split()  # noqa: SIM905
)
_OWN_FUNCTIONS = frozenset(
    {"SYSTEM$TYPEOF", "SYSTEM$WAIT", "SYSTEM$CANCEL_ALL_QUERIES", "SYSTEM$CANCEL_QUERY", "SYSTEM$PIPE_STATUS"}
)
_KNOWN = FUNCTIONS | _OWN_FUNCTIONS
_Type = exp.DataType.Type
# What the parser makes of Snowflake's type names.
TYPES = frozenset(
    {
        *(_Type.DECIMAL, _Type.BIGDECIMAL, _Type.INT, _Type.BIGINT, _Type.SMALLINT, _Type.TINYINT, _Type.DECFLOAT),
        *(_Type.FLOAT, _Type.DOUBLE, _Type.TEXT, _Type.VARCHAR, _Type.CHAR, _Type.NCHAR, _Type.NVARCHAR, _Type.BINARY),
        *(_Type.VARBINARY, _Type.BOOLEAN, _Type.DATE, _Type.TIME, _Type.TIMESTAMP, _Type.TIMESTAMPNTZ, _Type.DATETIME),
        *(_Type.TIMESTAMPLTZ, _Type.TIMESTAMPTZ, _Type.VARIANT, _Type.OBJECT, _Type.STRUCT, _Type.ARRAY, _Type.MAP),
        *(_Type.GEOGRAPHY, _Type.GEOMETRY, _Type.VECTOR, _Type.FILE, _Type.INTERVAL, _Type.NULL),
    }
)
_STATEMENTS = (
    *(exp.Query, exp.Values, exp.Insert, exp.MultitableInserts, exp.Update, exp.Delete, exp.Merge, exp.TruncateTable),
    *(exp.Comment, exp.Create, exp.Drop, exp.Alter, exp.Use, exp.Set, exp.Show, exp.Describe, exp.Transaction),
    *(exp.Commit, exp.Rollback, exp.Command, exp.Undrop, exp.Grant, exp.Revoke, exp.Copy, exp.Put, exp.Get),
)
_UNKNOWN_FUNCTIONS = (exp.Unnest, exp.Columns, exp.Pragma, exp.ReadCSV, exp.ReadParquet)
_INTERNAL_TABLES = ("DUCKDB_", "SQLITE_", "PRAGMA_", "PG_")

# The word, and what it may stand in without being one: texts, names, comments
_SELECT = re.compile(
    r"""'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|\$\$.*?\$\$|--[^\n]*|//[^\n]*|/\*.*?\*/|(?<![\w$])(SELECT)(?![\w$])""",
    re.IGNORECASE | re.DOTALL,
)
_ASSIGNMENT = re.compile(r"""\s*SET\s*(?:\([^()]*\)|[\w$]+|"[^"]+")\s*=""", re.IGNORECASE)

Parser = Snowflake.parser_class
for _parsers in (Parser.FUNCTIONS, Parser.FUNCTION_PARSERS):
    for _name in [name for name in _parsers if name not in FUNCTIONS]:
        del _parsers[_name]


def check(tree: Expr) -> None:
    """Refuse what Snowflake does not know, wherever in the statement it stands.

    Args:
        tree: The statement as the client sent it, before any rewrite.

    Raises:
        ProgrammingError: An unknown kind of statement, function, type or table; the error names it.
    """
    if not isinstance(tree, _STATEMENTS):
        raise _syntax_error((tree.sql(dialect="snowflake", comments=False).split() or [""])[0])
    if isinstance(tree, exp.Use) or (isinstance(tree, (exp.Create, exp.Drop)) and tree.kind in {"DATABASE", "SCHEMA"}):
        for identifier in tree.find_all(exp.Identifier):
            check_database(identifier.name)
    for node in tree.find_all(exp.Anonymous, exp.DataType, exp.Table, *_UNKNOWN_FUNCTIONS):
        if isinstance(node, exp.Anonymous):
            _check_function(node)
        elif isinstance(node, exp.DataType):
            if node.this not in TYPES:
                kind = node.args.get("kind") or node.sql(dialect="snowflake")
                raise unsupported(f"data type {str(kind).upper()}")
        elif isinstance(node, exp.Table):
            _check_table(node, tree)
        else:
            raise _unknown_function(node.key.upper())


def check_text(command: str, tree: Expr) -> None:
    """Refuse what the parser reads as Snowflake's though it is not: `FROM t` without a SELECT, `SET x TO 1`."""
    if isinstance(tree, exp.Set) and not _ASSIGNMENT.match(command):
        raise _syntax_error(command.split()[1])
    if "FROM" in command.upper():
        written = sum(1 for found in _SELECT.finditer(command) if found.group(1))
        if sum(1 for _ in tree.find_all(exp.Select)) > written:
            raise _syntax_error("FROM")


def _check_function(node: exp.Anonymous) -> None:
    if node.name.upper() not in _KNOWN:
        raise _unknown_function(node.name.upper())


def _check_table(table: exp.Table, tree: Expr) -> None:
    if isinstance(table.this, exp.Literal) and not table.this.name.startswith("@"):
        raise _syntax_error(f"'{table.this.name}'")
    name, schema, catalog = (part.upper() for part in (table.name, table.db, table.catalog))
    hidden = catalog in INTERNAL_CATALOGS or schema in INTERNAL_SCHEMAS
    is_internal = not schema and name.startswith(_INTERNAL_TABLES)
    if hidden or (is_internal and all(cte.alias.upper() != name for cte in tree.find_all(exp.CTE))):
        full = ".".join(filter(None, (catalog, schema, name)))
        raise snowflake_error(
            f"SQL compilation error:\nObject '{full}' does not exist or not authorized.", 2003, "42S02"
        )


def _syntax_error(word: str) -> Exception:
    return snowflake_error(f"SQL compilation error:\nsyntax error: unexpected '{word}'.", 1003, "42000")


def _unknown_function(name: str) -> Exception:
    return snowflake_error(f"SQL compilation error:\nUnknown function {name}.", 2140, "42601")
