"""DuckDB's errors as the errors that Snowflake raises in the same place, with Snowflake's code where there is one."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator

import duckdb
from snowflake.connector.errors import DatabaseError, ProgrammingError


def snowflake_error(message: str, code: int, sqlstate: str) -> ProgrammingError:
    """The error a client sees, with Snowflake's code and SQL state."""
    return ProgrammingError(msg=message, errno=code, sqlstate=sqlstate)


def unsupported(feature: str, instead: str = "") -> ProgrammingError:
    """The error for what the embedded warehouse cannot do; it names the feature."""
    hint = f" {instead}" if instead else ""
    return snowflake_error(f"Unsupported feature '{feature}' on the embedded warehouse.{hint}", 2, "0A000")


def already_exists(name: str) -> ProgrammingError:
    """The error for an object that is there."""
    return snowflake_error(f"SQL compilation error:\nObject '{name}' already exists.", 2002, "42710")


def does_not_exist(kind: str, name: str, sqlstate: str = "02000") -> ProgrammingError:
    """The error for an object that is not there."""
    return snowflake_error(f"SQL compilation error:\n{kind} '{name}' does not exist or not authorized.", 2003, sqlstate)


_CHANGED_TWICE = "Duplicate row detected during DML action"


def changes_row_twice() -> ProgrammingError:
    """The error of a MERGE of which several rows of the source change one row."""
    return snowflake_error(_CHANGED_TWICE, 100090, "42P18")


# DuckDB's message, Snowflake's message ({0}, {1}, … are what the pattern caught), code, SQL state.
_COMPILATION = "SQL compilation error:\n"
_KNOWN: tuple[tuple[str, str, int, str], ...] = (
    (r"cannot affect the same target row more than once", _CHANGED_TWICE, 100090, "42P18"),
    (r"String is too long and would be truncated", "String is too long and would be truncated", 100078, "22000"),
    (r"Invalid floating point operation", "Invalid floating point operation", 100183, "22003"),
    (r"Division by zero", "Division by zero", 100051, "22012"),
    (r"NOT NULL constraint failed: (\S+)", "NULL result in a non-nullable column: {0}", 100072, "22000"),
    (
        r"CHECK constraint failed on table \S+ with expression CHECK\(\(length\((.+)\) <= (\d+)\)\)",
        "String is too long and would be truncated: {0} takes {1} characters",
        100078,
        "22000",
    ),
    (
        r"CHECK constraint failed on table \S+ with expression CHECK\(\(json_type\((.+)\) = '(\w+)'\)\)",
        "Failed to cast variant value to {1}: {0}",
        100071,
        "22000",
    ),
    (
        r"Malformed JSON.* when casting",
        "Error parsing JSON: {message} A VARIANT that meets a text has to be cast (V::STRING).",
        100069,
        "22P02",
    ),
    (
        r'Malformed JSON.*Input: "no VARIANT: (.*?)"',
        _COMPILATION + "Expression type does not match column data type, expecting VARIANT but got VARCHAR"
        " for column {0}",
        2023,
        "22000",
    ),
    (r"Malformed JSON.*Duplicate field key", "Duplicate field key", 100103, "22000"),
    (r"Malformed JSON", "Error parsing JSON: {message}", 100069, "22P02"),
    (r"Could not parse string ['\"](.*)['\"] according to format", "Can't parse '{0}' by that format", 100096, "22007"),
    (r"date field value out of range: \"\??(.*)\"", "Date '{0}' is not recognized", 100040, "22007"),
    (r"invalid date field format: \"\??(.*?)\"", "Date '{0}' is not recognized", 100040, "22007"),
    (r"timestamp field value out of range: \"\??(.*)\"", "Timestamp '{0}' is not recognized", 100035, "22007"),
    (r"invalid timestamp field format: \"\??(.*?)\"", "Timestamp '{0}' is not recognized", 100035, "22007"),
    (
        r"(?:time field value out of range|invalid time field format): \"(.*?)\"",
        "Time '{0}' is not recognized",
        100108,
        "22007",
    ),
    (r"Could not convert string ['\"](.*)['\"] to BOOL", "Boolean value '{0}' is not recognized", 100037, "22018"),
    (
        r"Could not convert string ['\"](.*)['\"] to (?:U?INT|DOUBLE|FLOAT|DECIMAL)",
        "Numeric value '{0}' is not recognized",
        100038,
        "22018",
    ),
    (
        r"Casting value \"(.*)\" to type DECIMAL\S* failed: value is out of range",
        "Numeric value '{0}' is out of range",
        100039,
        "22003",
    ),
    (r"Could not cast value (\S+) to DECIMAL", "Numeric value '{0}' is out of range", 100039, "22003"),
    (
        r"with value (\S+) can't be cast because the value is out of range",
        "Numeric value '{0}' is out of range",
        100039,
        "22003",
    ),
    (r"Failed to cast (?:value|decimal value|JSON)", "Failed to cast variant value: {message}", 100071, "22000"),
    (r"Overflow in|[Oo]verflow|out of range", "Number out of representable range: {message}", 100046, "22003"),
    (r"Duplicate (?:field key|struct entry name|key)|Map keys must be unique", "Duplicate field key", 100103, "22000"),
    (
        # A name that Snowflake does not know is refused before; this is one of its functions that is not done.
        r"(?:Scalar|Aggregate|Table|Window) Function with name \"?([^\s\"]+)\"? does not exist",
        "Unsupported feature 'function {0}' on the embedded warehouse.",
        2,
        "0A000",
    ),
    (
        r"(?:Table|View) with name \"?(.+?)\"? does not exist",
        _COMPILATION + "Object '{0}' does not exist or not authorized.",
        2003,
        "42S02",
    ),
    (
        # What is looked for as a file, too, as a table named `a.csv` is.
        r"Cannot access file \"[^\"/]+?\.([^\"]+)\"",
        _COMPILATION + "Object '{0}' does not exist or not authorized.",
        2003,
        "42S02",
    ),
    (
        r"Schema with name \"?(.+?)\"? does not exist",
        _COMPILATION + "Schema '{0}' does not exist or not authorized.",
        2003,
        "02000",
    ),
    (
        r"No catalog \+ schema named \"(.+?)\" found",
        "Object does not exist, or operation cannot be performed: {0}",
        2043,
        "02000",
    ),
    (
        r"Catalog \"(.+?)\" does not exist",
        _COMPILATION + "Database '{0}' does not exist or not authorized.",
        2003,
        "02000",
    ),
    (r"with name \"?(.+?)\"? already exists", _COMPILATION + "Object '{0}' already exists.", 2002, "42710"),
    (
        r"Existing object .* is of type|Can only (?:drop|modify|alter)|is not an? (?:table|view)",
        _COMPILATION + "Object found is of another type: {message}",
        2203,
        "02000",
    ),
    (
        r"Referenced (?:update )?column (\S+) not found|column \"?(.+?)\"? (?:not found|does not exist)"
        r"|does not have a column (?:named|with name) \"(.+?)\"",
        _COMPILATION + "invalid identifier {0}",
        904,
        "42000",
    ),
    (r"Referenced table \"(.+?)\" not found", _COMPILATION + "invalid identifier '{0}'", 904, "42000"),
    (r"[Aa]mbiguous reference to column name \"(.+?)\"", _COMPILATION + "ambiguous column name '{0}'", 2028, "42601"),
    (
        r"column \"?(.+?)\"? must appear in the GROUP BY clause",
        _COMPILATION + "'{0}' is not a valid group by expression",
        979,
        "42601",
    ),
    (
        r"table \"_SNOWCAST_COLUMNS\" has (\d+) columns available but (\d+) columns specified",
        _COMPILATION + "View definition declared {1} column(s), but view query produces {0} column(s).",
        2057,
        "42601",
    ),
    (
        r"Cannot cast STRUCTs of different size",
        _COMPILATION + "View definition declared fewer column(s), but view query produces more. Create the view again.",
        2057,
        "42601",
    ),
    (
        r"Set operations can only apply",
        _COMPILATION + "invalid number of result columns for set operator input branches",
        1789,
        "42601",
    ),
    (
        r"has (\d+) columns but (\d+) values were supplied",
        _COMPILATION + "Insert value list does not match column list expecting {0} but got {1}",
        2020,
        "21S01",
    ),
    (
        r"No function matches the given name and argument types '([^']+)'|Could not choose a best candidate function",
        _COMPILATION + "Invalid argument types for function: {message}",
        1044,
        "42P13",
    ),
    (
        r"Cannot compare values|Cannot combine types|Unimplemented type for cast|[Tt]ype mismatch|Cannot mix",
        _COMPILATION + "Can not convert parameter: {message}",
        2016,
        "22000",
    ),
    (
        r"Attempting to write to database",
        "Unsupported feature 'a transaction that changes two databases' on the embedded warehouse: {message}",
        2,
        "0A000",
    ),
    (r"Current transaction is aborted", "The open transaction has failed; send ROLLBACK.", 90071, "40000"),
)
_PATTERNS = tuple((re.compile(pattern), text, code, state) for pattern, text, code, state in _KNOWN)


def translate(error: duckdb.Error) -> ProgrammingError:
    """Turn an error of DuckDB into the one Snowflake raises for the same fault."""
    message = str(error).split("\n")[0]
    for pattern, text, code, sqlstate in _PATTERNS:
        if match := pattern.search(message):
            caught = [group for group in match.groups() if group is not None]
            plain = message.partition(": ")[2] or message
            return snowflake_error(text.format(*caught, message=plain), code, sqlstate)
    if isinstance(error, duckdb.ParserException):
        return snowflake_error(f"{_COMPILATION}syntax error: {message}", 1003, "42000")
    if isinstance(error, (duckdb.BinderException, duckdb.CatalogException)):
        return snowflake_error(f"{_COMPILATION}{message}", 1, "42000")
    return snowflake_error(message, 603, "XX000")


@contextlib.contextmanager
def as_snowflake(failed: Callable[[Exception], None]) -> Iterator[None]:
    """Raise what DuckDB raises inside as Snowflake's errors.

    Args:
        failed: Told of every error.
    """
    try:
        yield
    except duckdb.Error as error:
        failed(error)
        raise translate(error) from error
    except DatabaseError as error:
        failed(error)
        if isinstance(error.__cause__, duckdb.Error):
            raise translate(error.__cause__) from error.__cause__
        raise
