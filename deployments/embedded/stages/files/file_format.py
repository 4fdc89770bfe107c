"""File formats: `TYPE = JSON COMPRESSION = AUTO …`, named or written out, with Snowflake's defaults."""

from __future__ import annotations

from dataclasses import dataclass

from deployments.embedded.errors import snowflake_error, unsupported
from deployments.embedded.scanner import Options, is_true

_ANY = {"TYPE", "COMPRESSION", "TRIM_SPACE", "NULL_IF", "COMMENT", "FILE_EXTENSION", "REPLACE_INVALID_CHARACTERS"}
_TEXT = {"ENCODING", "SKIP_BYTE_ORDER_MARK", "IGNORE_UTF8_ERRORS", "VALIDATE_UTF8", "MULTI_LINE"}
_TIMES = {"DATE_FORMAT", "TIME_FORMAT", "TIMESTAMP_FORMAT", "BINARY_FORMAT"}
_KNOWN = {
    "JSON": _ANY | _TEXT | _TIMES | {"STRIP_OUTER_ARRAY", "ALLOW_DUPLICATE", "STRIP_NULL_VALUES", "ENABLE_OCTAL"},
    "CSV": _ANY
    | _TEXT
    | _TIMES
    | {
        "FIELD_DELIMITER",
        "RECORD_DELIMITER",
        "SKIP_HEADER",
        "PARSE_HEADER",
        "FIELD_OPTIONALLY_ENCLOSED_BY",
        "ESCAPE",
        "ESCAPE_UNENCLOSED_FIELD",
        "EMPTY_FIELD_AS_NULL",
        "SKIP_BLANK_LINES",
        "ERROR_ON_COLUMN_COUNT_MISMATCH",
    },
    "PARQUET": _ANY | {"SNAPPY_COMPRESSION", "BINARY_AS_TEXT", "USE_LOGICAL_TYPE", "USE_VECTORIZED_SCANNER"},
}
# What would change the rows and is not done: refused unless it is set to what is done anyway.
_REFUSED = ("STRIP_NULL_VALUES", "ENABLE_OCTAL")
_ENCODINGS = {"UTF8": "utf-8", "UTF-8": "utf-8", "ISO-8859-1": "latin-1", "ISO88591": "latin-1"}


@dataclass(frozen=True)
class FileFormat:
    """How to read a file.

    Attributes:
        kind: JSON, CSV or PARQUET.
        options: What was said about it, names in upper case; what was not said is Snowflake's default.
    """

    kind: str
    options: Options

    def flag(self, name: str, default: bool) -> bool:
        """A yes-or-no option."""
        return is_true(self.options[name]) if name in self.options else default

    def text(self, name: str, default: str | None) -> str | None:
        """A text option; NONE and the empty text mean that there is none."""
        value = self.options.get(name, default)
        return None if value is None or str(value) == "" or str(value).upper() == "NONE" else _escape(str(value))

    def number(self, name: str, default: int) -> int:
        """A number option."""
        return int(self.options.get(name, default))

    @property
    def nulls(self) -> list[str]:
        """Texts that stand for NULL."""
        given = self.options.get("NULL_IF", ["\\N"] if self.kind == "CSV" else [])
        return [str(value) for value in given] if isinstance(given, list) else [str(given)]

    def pattern(self, name: str) -> str | None:
        """DATE_FORMAT, TIME_FORMAT, TIMESTAMP_FORMAT or BINARY_FORMAT, if it says something else than the default."""
        given = str(self.options.get(name, "AUTO"))
        return None if given.upper() in ("AUTO", "HEX") else given

    def require_no_patterns(self) -> None:
        """Refuse formats of dates, times and binary values where a SELECT casts the fields itself.

        Raises:
            ProgrammingError: one is set.
        """
        for name in sorted(_TIMES):
            if self.pattern(name) is not None:
                raise unsupported(
                    f"file format option {name} with a SELECT", "Use TO_DATE($1, '…') and the like in it."
                )

    @property
    def compression(self) -> str:
        """AUTO, NONE, GZIP, …, in upper case."""
        return str(self.options.get("COMPRESSION", "AUTO")).upper()

    @property
    def encoding(self) -> str:
        """The Python name of the encoding."""
        name = str(self.options.get("ENCODING", "UTF8")).upper()
        return _ENCODINGS.get(name, name.lower())


def file_format(options: Options) -> FileFormat:
    """Check the options of a file format.

    Raises:
        ProgrammingError: a type or an option that is unknown or cannot be done.
    """
    kind = str(options.get("TYPE", "CSV")).upper()
    if kind not in _KNOWN:
        raise unsupported(f"FILE_FORMAT TYPE = {kind}", "JSON, CSV and PARQUET can be read.")
    for name in options:
        if name not in _KNOWN[kind]:
            raise snowflake_error(
                f"SQL compilation error:\ninvalid parameter '{name}' for a {kind} format.", 1423, "42601"
            )
    for name in _REFUSED:
        if is_true(options.get(name, False)):
            raise unsupported(f"file format option {name} = TRUE")
    if kind != "CSV" and options.get("NULL_IF"):
        raise unsupported(f"file format option NULL_IF of a {kind} format", "Use NULLIF in the transforming SELECT.")
    return FileFormat(kind, options)


def _escape(value: str) -> str:
    # FIELD_DELIMITER = '\\t' and '0x01' reach us unresolved: the format option resolves them a second time.
    if value.lower().startswith("0x") and len(value) > 2:
        return bytes.fromhex(value[2:]).decode("latin-1")
    return {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\r\\n": "\r\n", "\\\\": "\\", "\\'": "'"}.get(value, value)
