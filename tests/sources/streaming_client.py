"""What Snowflake's streaming client is, told by itself: `python -S streaming_client.py FOLDER` prints it as JSON.

The client lies in a folder of its own, since its package `snowflake` covers that of the connector in the folders behind
it. The part of it that speaks to an account (`_python_ffi`, compiled) is replaced; the rest is the client's own.
"""

from __future__ import annotations

import inspect
import json
import sys
from types import SimpleNamespace
from typing import Any

METHODS = {
    "StreamingIngestClient": ("from_table", "open_channel"),
    "StreamingIngestChannel": ("append_rows", "wait_for_commit", "get_channel_status", "close"),
}


def parameters(method: Any) -> list[list[str]]:
    """Name, kind and default of each parameter."""
    found = inspect.signature(method).parameters.values()
    return [[one.name, one.kind.name, repr(one.default)] for one in found if one.name not in ("self", "cls")]


def _outcome(call: Any) -> dict[str, Any]:
    """Call; tells what came back, or the error as flows.warehouse.streaming reads it."""
    try:
        told = call()
    except Exception as error:
        status = getattr(error, "http_status_code", None)
        return {"family": [one.__name__ for one in type(error).__mro__], "status": status, "text": str(error)}
    return {"returned": told if isinstance(told, str | None) else type(told).__name__}


class _Compiled:
    """In place of what is compiled: a channel, and the client that opens it."""

    binary_input_format: Any

    def __init__(self, *_: Any, **__: Any) -> None:
        self.lines: list[bytes] = []

    def open_channel(self, *_: Any, **__: Any) -> tuple[Any, Any]:
        return self, self.get_channel_status()

    def append_rows(self, lines: bytes, *_: Any) -> None:
        self.lines.append(lines)

    def get_channel_status(self) -> Any:
        names = "database_name schema_name pipe_name channel_name last_error_offset_upper_bound"
        numbers = "created_on_ms rows_inserted rows_parsed last_refreshed_on_ms snowflake_avg_processing_latency_ms"
        told = {"status_code": "SUCCESS", "rows_error_count": 7, "last_error_message": "too long"}
        token = {"latest_committed_offset_token": "load#3", "last_error_timestamp_ms": None}
        return SimpleNamespace(
            **dict.fromkeys(names.split(), "x"), **dict.fromkeys(numbers.split(), 0), **told, **token
        )

    def close(self, *_: Any) -> None:
        said = {"error_code": "ClosedChannelError", "message": "it is closed", "http_status_code": 409}
        raise RuntimeError(json.dumps({**said, "http_status_name": "Conflict"}))


def tell() -> dict[str, Any]:
    """Return the signatures of METHODS, and what the client does where flows counts on it."""
    from snowflake.ingest import streaming
    from snowflake.ingest.streaming import _python_ffi, streaming_ingest_client

    _Compiled.binary_input_format = _python_ffi.PyBinaryInputFormat.BASE64
    streaming_ingest_client._StreamingIngestClient = _Compiled
    client = streaming.StreamingIngestClient.from_table("snowcast", "D", "RAW", "T", properties={"account": "a"})
    channel, _ = client.open_channel("name")
    status = channel.get_channel_status()
    outcomes = {
        "appended": _outcome(lambda: channel.append_rows([{"RECORD": {"a": [1]}, "_SOURCE_ROW": 1}], None, "load#1")),
        "unwritable": _outcome(lambda: channel.append_rows([{"RECORD": {"a": "\ud83d"}}], None, None)),
        "committed": _outcome(lambda: channel.wait_for_commit(lambda token: token == "load#3", 1)),
        "late": _outcome(lambda: channel.wait_for_commit(lambda _: False, 0)),
        "refused": _outcome(lambda: channel.close(wait_for_flush=False, timeout_seconds=1)),
        "sent": {"returned": client._client.lines[0].decode()},
    }
    channel._channel = client._client = None  # it would close what refuses that, when it is collected
    return {
        "parameters": {
            f"{kind}.{name}": parameters(getattr(getattr(streaming, kind), name))
            for kind, names in METHODS.items()
            for name in names
        },
        "status": {name: getattr(status, name) for name in ("rows_error_count", "last_error_message")},
        "outcomes": outcomes,
    }


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    told = tell()
    sys.stdout.write("\n" + json.dumps(told))
