"""A stand-in for Snowpipe Streaming, with the interface of Snowflake's client, over the embedded warehouse.

It commits what was appended when it is waited for, refuses rows without an error, and gives a channel to whoever opened
it last.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from transforms.engine.ledgers import append_rows
from transforms.raw.raw_stream_samples import TABLE

if TYPE_CHECKING:
    from snowflake.snowpark import Session


@dataclass(frozen=True)
class Status:
    rows_error_count: int
    last_error_message: str | None


class RefusedError(Exception):
    """As the client raises them."""

    def __init__(self, message: str, http_status_code: int) -> None:
        super().__init__(message)
        self.message, self.http_status_code = message, http_status_code


@dataclass
class Service:
    """The service with its channels.

    Args:
        session: Where RAW is.
        refuses: Offsets of messages that it refuses.
        is_down: It does not commit.
        opened: Names of the channels, in the order of their opening.
        appended: Rows that were appended, over all channels.
    """

    session: Session
    refuses: set[int] = field(default_factory=set)
    is_down: bool = False
    opened: list[str] = field(default_factory=list)
    appended: int = 0
    errors: int = 0

    def open(self, name: str) -> Channel:
        self.opened.append(name)
        return Channel(self, len(self.opened))


class Channel:
    def __init__(self, service: Service, number: int) -> None:
        self.service, self.number = service, number
        self.waiting: list[dict[str, Any]] = []
        self.token: str | None = None
        self.is_closed = False

    def append_rows(
        self,
        rows: list[dict[str, Any]],
        start_offset_token: str | None = None,
        end_offset_token: str | None = None,
    ) -> None:
        assert not self.is_closed
        try:
            written = json.dumps(rows, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"Failed to serialize rows to JSON: {error}") from error
        self.service.appended += len(rows)
        self.waiting += json.loads(written)
        self.token = end_offset_token or self.token

    def wait_for_commit(self, token_checker: Callable[[str | None], bool], timeout_seconds: int | None = None) -> None:
        if self.service.is_down:
            raise TimeoutError("Wait for commit timed out")
        self.commit()
        assert token_checker(self.token)

    def commit(self) -> None:
        if self.number != len(self.service.opened):  # somebody else has opened the channel since
            raise RefusedError("the channel is invalid", 409)
        rows, self.waiting = self.waiting, []
        taken = [row for row in rows if row["RECORD"]["_offset"] not in self.service.refuses]
        self.service.errors += len(rows) - len(taken)
        times = ("_SNAPSHOT_AT", "_LOADED_AT")
        read = [{**row, **{name: datetime.fromisoformat(row[name]) for name in times}} for row in taken]
        append_rows(self.service.session, TABLE, [{name.lower(): value for name, value in one.items()} for one in read])

    def get_channel_status(self) -> Status:
        return Status(self.service.errors, "a value is too long" if self.service.errors else None)

    def close(self, drop: bool = False, wait_for_flush: bool = True, timeout_seconds: int | None = None) -> None:
        self.is_closed = True


class Client:
    """What opens channels; `made` has the arguments of each that was made."""

    made: list[dict[str, Any]]
    service: Service

    @classmethod
    def from_table(
        cls,
        client_name: str,
        db_name: str,
        schema_name: str,
        table_name: str,
        profile_json: str | None = None,
        properties: dict[str, Any] | None = None,
    ) -> Client:
        cls.made.append({"table": (db_name, schema_name, table_name), "properties": properties})
        return cls()

    def open_channel(self, channel_name: str, offset_token: str | None = None) -> tuple[Channel, Status]:
        return self.service.open(channel_name), Status(0, None)
