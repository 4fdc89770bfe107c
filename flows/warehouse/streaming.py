"""Snowpipe Streaming's client: the login of the account for it, and what its errors mean.

The client speaks to the account by itself, by key pair. It is the extra `snowpipe-streaming`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from flows.errors import ConfigError, TransientError
from flows.settings import Settings, change_environment
from flows.warehouse.login import read_account_login

_REFUSALS = range(400, 405)  # of the request, the login or a name; 408 to 429 and above pass


class Status(Protocol):
    """What the service says of a channel."""

    @property
    def rows_error_count(self) -> int:
        """Rows that it has refused since the channel was made."""

    @property
    def last_error_message(self) -> str | None:
        """Why it refused the newest of them."""


class Channel(Protocol):
    """A channel: rows in order, as far as the service has committed them (`StreamingIngestChannel` of the client)."""

    def append_rows(
        self,
        rows: list[dict[str, Any]],
        start_offset_token: str | None = None,
        end_offset_token: str | None = None,
    ) -> None:
        """Take rows, to send them."""

    def wait_for_commit(self, token_checker: Callable[[str | None], bool], timeout_seconds: int | None = None) -> None:
        """Wait until the service has committed as far as the token."""

    def get_channel_status(self) -> Status:
        """Ask the service."""

    def close(self, drop: bool = False, wait_for_flush: bool = True, timeout_seconds: int | None = None) -> None:
        """Give it back."""


OpenChannel = Callable[[str], Channel]


def channel_opener(settings: Settings, schema: str, table: str) -> OpenChannel:
    """Return what opens a channel into a table, through the pipe that the service has for every table.

    Raises:
        ConfigError: The warehouse is no account, the client is not installed, or the login is none by key pair.
    """
    if settings.warehouse == "embedded":
        raise ConfigError("SNOWCAST_KAFKA_LOAD_MODE: the embedded warehouse has no Snowpipe Streaming; set it to copy.")
    properties = _properties(read_account_login(settings))
    if "SS_LOG_LEVEL" not in os.environ:  # it would log each step to the terminal
        change_environment({"SS_LOG_LEVEL": "error"})
    try:
        from snowflake.ingest.streaming import StreamingIngestClient
    except ImportError:
        raise ConfigError("Snowpipe Streaming needs its client: pip install snowcast[snowpipe-streaming].") from None
    clients: list[Any] = []

    def open_channel(name: str) -> Channel:
        if not clients:
            clients.append(
                StreamingIngestClient.from_table(
                    "snowcast", settings.database.upper(), schema, table, properties=properties
                )
            )
        channel: Channel = clients[0].open_channel(name)[0]
        return channel

    return open_channel


@contextmanager
def explain_streaming() -> Iterator[None]:
    """Turn the client's errors into ours.

    Raises:
        ConfigError: The service refuses the login, or a name.
        TransientError: It cannot be reached, or did not answer in time.
    """
    try:
        yield
    except TimeoutError as error:
        raise TransientError(f"Snowpipe Streaming did not commit in time ({error}). Try again.") from None
    except Exception as error:
        status = getattr(error, "http_status_code", None)  # the client's own, which may not be installed here
        if status is None:
            raise
        told = getattr(error, "message", str(error))
        if status in _REFUSALS:
            raise ConfigError(f"Snowpipe Streaming refuses: {told}") from None
        raise TransientError(f"Snowpipe Streaming: {told}. Try again.") from None


def _properties(login: dict[str, Any]) -> dict[str, str]:
    """Name the parts of a connector's login as the client does."""
    host = login.get("host") or f"{str(login['account']).lower()}.snowflakecomputing.com"
    port = f":{login['port']}" if login.get("port") else ""
    known = {"account": login["account"], "user": login["user"], "url": f"https://{host}{port}"}
    if role := login.get("role"):
        known["role"] = role
    if path := login.get("private_key_file"):
        secret = login.get("private_key_file_pwd")
        return {**known, "private_key_file": path, **({"private_key_passphrase": secret} if secret else {})}
    if key := login.get("private_key"):
        return {**known, "private_key": _as_pem(key)}
    raise ConfigError(
        "SNOWCAST_KAFKA_LOAD_MODE: Snowpipe Streaming logs in by key pair only; set SNOWFLAKE_PRIVATE_KEY_PATH."
    )


def _as_pem(key: Any) -> str:
    from cryptography.hazmat.primitives import serialization

    loaded = serialization.load_der_private_key(key, password=None) if isinstance(key, bytes) else key
    pem: bytes = loaded.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem.decode()
