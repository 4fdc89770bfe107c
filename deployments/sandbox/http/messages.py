"""Requests and answers, apart from sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

JSON_TYPE = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header names are lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = b""

    @classmethod
    def parse(cls, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
        """Return a request from what the socket gave."""
        parts = urlsplit(target)
        lower = {name.lower(): value for name, value in headers.items()}
        return cls(method, parts.path, parse_qs(parts.query, keep_blank_values=True), lower, body)

    def one(self, name: str) -> str | None:
        """Return the first value of a query parameter."""
        return next(iter(self.query.get(name, ())), None)

    def many(self, name: str) -> list[str]:
        """Return all values of a query parameter that may be repeated."""
        return list(self.query.get(name, ()))

    def fields(self) -> dict[str, str]:
        """Return parameters of the query and of a form body together."""
        form = parse_qs(self.body.decode("utf-8", "replace"))
        return {name: values[0] for name, values in {**form, **self.query}.items()}


@dataclass
class Answer:
    """One HTTP answer, and how it may be spoilt on its way.

    Attributes:
        status: HTTP status.
        content: what is sent as JSON.
        headers: more headers.
        raw: sent in place of `content`.
        content_type: of the body.
        delay_seconds: waited before anything is sent.
        is_dropped: nothing is sent, the connection is closed.
        is_truncated: the body stops half-way and the connection is closed.
    """

    status: int
    content: Any
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = JSON_TYPE
    delay_seconds: float = 0.0
    is_dropped: bool = False
    is_truncated: bool = False

    def body(self) -> bytes:
        """Return the bytes to send."""
        if self.raw is not None:
            return self.raw
        return json.dumps(self.content, ensure_ascii=False, separators=(",", ":")).encode()


class HelixError(Exception):
    """An answer of Helix other than 200."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.answer = Answer(status, error_body(status, message), dict(headers or {}))


def error_body(status: int, message: str) -> dict[str, object]:
    """Return the body of an error as Helix writes it."""
    return {"error": HTTPStatus(status).phrase, "status": status, "message": message}
