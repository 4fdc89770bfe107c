"""What became of each file of a COPY, and the result table that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from deployments.embedded.stages.files.rows import RowError
from deployments.embedded.stages.staged_file import StagedFile


@dataclass
class Outcome:
    """What became of one file.

    Attributes:
        file: Its name as results show it.
        parsed: Rows that were read, refused ones included.
        loaded: Rows that are in the table.
        errors: The refused rows.
        error_limit: How many refused rows the file might have had.
        failed: Whether none of its rows were loaded because of the errors.
    """

    file: str
    parsed: int = 0
    loaded: int = 0
    errors: list[RowError] = field(default_factory=list)
    error_limit: int = 1
    failed: bool = False

    @property
    def status(self) -> str:
        """LOADED, PARTIALLY_LOADED or LOAD_FAILED."""
        if self.failed or (self.errors and not self.loaded):
            return "LOAD_FAILED"
        return "PARTIALLY_LOADED" if self.errors else "LOADED"

    @property
    def first_error(self) -> RowError | None:
        """The first refused row."""
        return self.errors[0] if self.errors else None


@dataclass
class Batch:
    """The rows of one file on their way into the table; Parquet rows stay in the file until they are inserted.

    Attributes:
        file: The file.
        outcome: What became of it so far.
        rows: Its rows until they are in the table.
        is_plain: Every row is JSON that any reader takes, and as any writer writes it.
    """

    file: StagedFile
    outcome: Outcome
    rows: pa.Table | None
    is_plain: bool = False


def result_table(outcomes: Sequence[Outcome]) -> pa.Table:
    """The rows COPY INTO answers with, one per file."""
    if not outcomes:
        return pa.table({"status": ["Copy executed with 0 files processed."]})
    text, number = pa.string(), pa.int64()
    firsts = [outcome.first_error for outcome in outcomes]
    return pa.table(
        {
            "file": pa.array([outcome.file for outcome in outcomes], text),
            "status": pa.array([outcome.status for outcome in outcomes], text),
            "rows_parsed": pa.array([outcome.parsed for outcome in outcomes], number),
            "rows_loaded": pa.array([outcome.loaded for outcome in outcomes], number),
            "error_limit": pa.array([outcome.error_limit for outcome in outcomes], number),
            "errors_seen": pa.array([len(outcome.errors) for outcome in outcomes], number),
            "first_error": pa.array([error and error.message for error in firsts], text),
            "first_error_line": pa.array([error and error.line for error in firsts], number),
            "first_error_character": pa.array([error and error.character for error in firsts], number),
            "first_error_column_name": pa.array([error and error.column for error in firsts], text),
        }
    )


def format_abort_message(error: RowError, file: str) -> str:
    """Format the error that ends a COPY as Snowflake words it."""
    lines = [error.message, f"  File '{file}', line {error.line}, character {error.character}"]
    lines.append(f"  Row {error.row}" + (f", column {error.column}" if error.column else ""))
    lines.append(
        "  If you would like to continue loading when an error is encountered, use other values such as 'SKIP_FILE' "
        "or 'CONTINUE' for the ON_ERROR option."
    )
    return "\n".join(lines)
