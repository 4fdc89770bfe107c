"""Rows of one staged file, and the rows that could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

JSON_ERROR, CSV_ERROR, COLUMN_COUNT_ERROR = 100069, 100016, 100080
UTF8_ERROR, COMPRESSION_ERROR = 100144, 100084


@dataclass(frozen=True)
class RowError:
    """Why a row was refused.

    Attributes:
        message: The reason, as Snowflake words it where it has words for it.
        row: Number of the row in the file, from 1.
        line: Line of the file on which the fault is, from 1.
        character: Position in that line, from 1.
        column: The target's column, if one is to blame.
        code: Snowflake's error code.
    """

    message: str
    row: int
    line: int | None = None
    character: int | None = None
    column: str | None = None
    code: int = JSON_ERROR


@dataclass
class FileRows:
    """The readable rows of a file.

    Attributes:
        columns: `$1`, `$2`, … as text, all of the same length.
        numbers: For each row its number in the file, from 1 (refused rows have numbers too).
        errors: The refused rows.
        header: Names of the columns if the file has a header that was asked for.
        is_plain: Every row is JSON that any reader takes, and as any writer writes it.
    """

    columns: list[pa.Array]
    numbers: pa.Array
    errors: list[RowError] = field(default_factory=list)
    header: list[str] | None = None
    is_plain: bool = False

    @property
    def parsed(self) -> int:
        """Rows in the file, readable or not."""
        return len(self.numbers) + len(self.errors)


class FileError(Exception):
    """A file that cannot be read at all: cut off, not compressed as it says, not in its encoding."""

    def __init__(self, message: str, code: int = COMPRESSION_ERROR) -> None:
        """Keep the message and Snowflake's code."""
        super().__init__(message)
        self.message = message
        self.code = code
