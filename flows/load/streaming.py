"""Snowpipe Streaming: a batch of messages goes to RAW as rows, without a stage, by Snowflake's own client.

What the service has taken lies in RAW before the ledger says so, in no transaction of ours; so each row is known by its
load and line, and readers see the rows of a load only when OPS.LOADS names it. What holds it together:

1. A landing root has one channel. To open it takes it from whoever had it: what a process that died had sent and the
   service had not committed is gone. What RAW holds of a file is read behind that, and only the rest is sent.
2. A row that the service refuses moves the channel on like any other, without an error. So the rows of each file are
   counted in RAW when the channel has committed the last one. Where the service counted refused rows, or the client
   cannot write one, all rows of the file are taken back, and the file goes by COPY, which keeps what it refuses in the
   quarantine.
3. A file of which another consumer has loaded messages meanwhile is put aside (positions.py); the rows that were sent
   of it are deleted there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.errors import TransientError
from flows.landing import LandedFile, read_lines
from flows.load.copy import Copied, read_loaded_rows, remove_load
from flows.load.stage import make_load_id
from flows.warehouse.streaming import Channel, OpenChannel, explain_streaming
from transforms.contract import Table
from transforms.functions import Session

logger = logging.getLogger(__name__)
_ROWS_AT_ONCE = 500  # a message has at most 100,000 bytes unless the settings say more
_PAUSE_SECONDS = 0.5


class Streaming:
    """What sends landing files of messages.

    Args:
        log_in: Returns what opens the channel of a name, and takes it from whoever has it.
        wait_seconds: How long the service has to commit a file.
    """

    def __init__(self, log_in: Callable[[], OpenChannel], wait_seconds: float) -> None:
        self._log_in, self._wait_seconds = log_in, wait_seconds
        self._open_channel: OpenChannel | None = None
        self._channel: Channel | None = None
        self._name = ""

    def prepare(self) -> OpenChannel:
        """Look whether rows can be sent at all.

        Raises:
            ConfigError: The warehouse is no account, the client is not installed, or the login does not suit it.
        """
        if self._open_channel is None:
            self._open_channel = self._log_in()
        return self._open_channel

    def begin(self, root: Path) -> None:
        """Take the channel of the landing root, before anything is read that what is under way could change.

        Raises:
            TransientError: The service cannot be reached.
        """
        if self._channel is None:
            own = hashlib.sha256(f"{socket.gethostname()}:{root.resolve()}".encode()).hexdigest()[:16]
            self._name = f"snowcast_{own}"
            self._open()

    def send(
        self, session: Session, database: str, table: Table, root: Path, files: Sequence[LandedFile], now: datetime
    ) -> dict[str, Copied]:
        """Send files; returns the outcome of those that are in RAW with all their rows, by relative path.

        Args:
            session: Logged in to the warehouse, outside a transaction.
            database: Holds RAW.
            table: The raw table.
            root: Root of the landing files.
            files: What to send; `begin` was called.
            now: Time written to every row.

        Raises:
            TransientError: The service did not commit in time; what it has is found by the next load.
        """
        held = read_loaded_rows(session, database, table, [make_load_id(one) for one in files])
        outcome: dict[str, Copied] = {}
        for landed in files:
            rows = list(_rows(root, landed, now))
            load_id = make_load_id(landed)
            try:
                reason = self._send_file(session, database, table, load_id, rows, held.get(load_id, set()))
            except TransientError:
                self._give_up()
                raise
            if reason is None:
                outcome[landed.relative_path] = Copied(len(rows), len(rows), None)
            else:
                logger.warning("%s goes by COPY: Snowpipe Streaming %s", landed.relative_path, reason)
                remove_load(session, table, load_id)
        return outcome

    def _send_file(
        self, session: Session, database: str, table: Table, load_id: str, rows: list[dict[str, Any]], held: set[int]
    ) -> str | None:
        """Send the rows that RAW does not hold; returns why not all of them are there, None where they are."""
        channel = self._channel
        missing = [row for row in rows if row["_SOURCE_ROW"] not in held]
        if channel is None or not missing:
            return None
        token = f"{load_id}#{len(rows)}"
        with explain_streaming():
            refused_before = channel.get_channel_status().rows_error_count
            try:
                _append(channel, missing, token)
            except ValueError as error:  # half an emoji, say: a text that has no UTF-8 form
                self._give_up()
                self._open()  # ends what is under way of the file
                return f"cannot write its rows: {error}"
            channel.wait_for_commit(lambda committed: committed == token, max(1, round(self._wait_seconds)))
        deadline = time.monotonic() + self._wait_seconds
        while (count := len(read_loaded_rows(session, database, table, [load_id]).get(load_id, ()))) < len(rows):
            with explain_streaming():
                status = channel.get_channel_status()
            refused = status.rows_error_count - refused_before
            if refused >= len(rows) - count:
                return f"refused {refused} of {len(missing)} rows ({status.last_error_message or 'it says not why'})"
            if time.monotonic() > deadline:
                raise TransientError(
                    f"Snowpipe Streaming committed {load_id}, and RAW has {count} of its {len(rows)} rows. Try again."
                )
            time.sleep(_PAUSE_SECONDS)
        return None

    def _open(self) -> None:
        with explain_streaming():
            self._channel = self.prepare()(self._name)

    def _give_up(self) -> None:
        """Forget the channel, so that the next load takes it anew and what is under way ends."""
        channel, self._channel = self._channel, None
        if channel is not None:
            try:
                channel.close(wait_for_flush=False, timeout_seconds=1)
            except Exception as error:  # the client's errors have no common base but this one
                logger.info("the channel was not closed: %s", error)


def _append(channel: Channel, rows: list[dict[str, Any]], token: str) -> None:
    """Give rows to the client; the token is that of the last one."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        is_last = start + _ROWS_AT_ONCE >= len(rows)
        channel.append_rows(rows[start : start + _ROWS_AT_ONCE], None, token if is_last else None)


def _rows(root: Path, landed: LandedFile, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the rows of RAW of a landing file, named as the columns are."""
    for number, line in enumerate(read_lines(root, landed), start=1):
        yield {
            "RECORD": json.loads(line),
            "_SOURCE_FILE": landed.relative_path,
            "_SOURCE_ROW": number,
            "_SNAPSHOT_AT": f"{landed.snapshot_at:%Y-%m-%d %H:%M:%S.%f}",
            "_LOADED_AT": f"{now:%Y-%m-%d %H:%M:%S.%f}",
            "_LOAD_ID": make_load_id(landed),
        }
