"""The parts of a COPY INTO statement."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlglot import exp

from deployments.embedded.context import StatementContext
from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.names import normalise_name
from deployments.embedded.scanner import Options, Scanner, is_true

_IGNORED = {"LOAD_UNCERTAIN_FILES", "DETAILED_OUTPUT", "CLUSTER_AT_INGEST_TIME"}
_NO_SIMPLE_SELECT = ("SQL compilation error:\nCOPY statement only supports simple SELECT from stage.", 2113, "42601")
_ON_ERROR = re.compile(r"CONTINUE|ABORT_STATEMENT|SKIP_FILE(?:_(\d+)(%?))?")


@dataclass(frozen=True)
class OnError:
    """What becomes of a file with refused rows.

    Attributes:
        kind: ABORT_STATEMENT, CONTINUE or SKIP_FILE.
        limit: How many refused rows a file may have before it is skipped.
        percent: Whether the limit is a share of the file's rows.
    """

    kind: str
    limit: int = 1
    percent: bool = False

    def skips(self, refused: int, parsed: int) -> bool:
        """Whether a file with this many refused rows is left out."""
        if self.kind != "SKIP_FILE" or not refused:
            return False
        return refused * 100 >= self.limit * parsed if self.percent else refused >= self.limit


@dataclass
class CopyStatement:
    """COPY INTO a table.

    Attributes:
        target: The table's name as it was written.
        columns: The columns that are loaded, in stored form; empty means all.
        stage: The stage reference.
        select: The transforming SELECT, if there is one.
        options: Everything that follows, names in upper case.
    """

    target: str
    columns: list[str]
    stage: str
    select: exp.Select | None
    options: Options = field(default_factory=dict)

    @property
    def files(self) -> list[str] | None:
        """The files that are named."""
        given = self.options.get("FILES")
        return None if given is None else [str(name) for name in (given if isinstance(given, list) else [given])]

    @property
    def pattern(self) -> str | None:
        """The pattern that the files' paths must match."""
        given = self.options.get("PATTERN")
        return None if given is None else str(given)

    @property
    def force(self) -> bool:
        """Whether files are loaded again."""
        return is_true(self.options.get("FORCE", False))

    @property
    def purge(self) -> bool:
        """Whether loaded files are removed from the stage."""
        return is_true(self.options.get("PURGE", False))

    @property
    def match_by(self) -> str | None:
        """CASE_SENSITIVE, CASE_INSENSITIVE or None."""
        given = str(self.options.get("MATCH_BY_COLUMN_NAME", "NONE")).upper()
        if given not in ("NONE", "CASE_SENSITIVE", "CASE_INSENSITIVE"):
            raise snowflake_error(
                f"SQL compilation error:\nInvalid value '{given}' for parameter MATCH_BY_COLUMN_NAME", 1008, "22023"
            )
        return None if given == "NONE" else given

    @property
    def on_error(self) -> OnError:
        """What to do with refused rows."""
        given = str(self.options.get("ON_ERROR", "ABORT_STATEMENT")).upper()
        if not (match := _ON_ERROR.fullmatch(given)):
            raise snowflake_error(
                f"SQL compilation error:\nInvalid value '{given}' for property 'ON_ERROR'.", 1481, "42601"
            )
        if match[1] is None:
            return OnError(given)
        return OnError("SKIP_FILE", int(match[1]), bool(match[2]))

    @property
    def validation_mode(self) -> str | None:
        """RETURN_ERRORS, RETURN_ALL_ERRORS or RETURN_<n>_ROWS, if nothing is to be loaded."""
        given = self.options.get("VALIDATION_MODE")
        return None if given is None else str(given).upper()


_KNOWN = {
    "FILES",
    "PATTERN",
    "FILE_FORMAT",
    "ON_ERROR",
    "FORCE",
    "PURGE",
    "MATCH_BY_COLUMN_NAME",
    "VALIDATION_MODE",
    "TRUNCATECOLUMNS",
    "ENFORCE_LENGTH",
    "RETURN_FAILED_ONLY",
    "INCLUDE_METADATA",
    "SIZE_LIMIT",
}
# Options that are taken with these values only, which are Snowflake's defaults.
_DEFAULTS_ONLY = {
    "TRUNCATECOLUMNS": ("FALSE",),
    "ENFORCE_LENGTH": ("TRUE",),
    "RETURN_FAILED_ONLY": ("FALSE",),
    "INCLUDE_METADATA": ("NONE",),
    "SIZE_LIMIT": ("0", "NULL"),
}


def parse_copy(sql: str, context: StatementContext) -> CopyStatement:
    """Read a COPY INTO <table> statement.

    Raises:
        ProgrammingError: it does not parse, or has an option that is unknown or cannot be done.
    """
    scanner = Scanner(sql)
    scanner.expect("COPY", "INTO")
    target = scanner.name()
    columns = _columns(scanner)
    scanner.expect("FROM")
    select: exp.Select | None = None
    if (token := scanner.peek()) and token.text == "(":
        select, stage = _select(scanner, context)
    else:
        stage = scanner.reference()
    options = scanner.options()
    scanner.at_end()
    _check(options)
    return CopyStatement(target, columns, stage, select, options)


def source_table(select: exp.Select) -> exp.Table:
    """The one table of a transforming SELECT's FROM.

    Raises:
        ProgrammingError: it reads something else than one stage.
    """
    source = select.args.get("from_")
    if source is None or not isinstance(source.this, exp.Table) or select.args.get("joins"):
        raise snowflake_error(*_NO_SIMPLE_SELECT)
    return source.this


def _columns(scanner: Scanner) -> list[str]:
    if not scanner.take("("):
        return []
    names = []
    while not scanner.take(")"):
        if not scanner.take(","):
            names.append(normalise_name(scanner.name()))
    return names


def _select(scanner: Scanner, context: StatementContext) -> tuple[exp.Select, str]:
    select = context.parse(scanner.group_text())
    if not isinstance(select, exp.Select):
        raise snowflake_error(*_NO_SIMPLE_SELECT)
    this = source_table(select).this
    stage = str(this.this)
    if not stage.startswith("@"):
        raise snowflake_error(f"SQL compilation error:\ninvalid URL prefix found in: '{stage}'", 1011, "42601")
    return select, stage


def _check(options: Options) -> None:
    for name in options:
        if name not in _KNOWN and name not in _IGNORED:
            raise snowflake_error(f"SQL compilation error:\ninvalid parameter '{name}' of COPY.", 1423, "42601")
    for name, default in _DEFAULTS_ONLY.items():
        if name in options and str(options[name]).upper() not in default:
            raise unsupported(f"COPY option {name} = {options[name]}")
