"""The HTTP side of Snowflake's protocol: JSON in, JSON out."""

from __future__ import annotations

import gzip
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

TOKEN_PREFIX = 'Snowflake Token="'


def failure(code: str, message: str) -> dict[str, Any]:
    """A request that is refused."""
    return {"data": None, "code": code, "message": message, "success": False, "headers": None}


def reply(document: dict[str, Any], status: int = 200) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(document), status, media_type="application/json")


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON body of a request; clients compress large ones."""
    body = await request.body()
    if request.headers.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    document: dict[str, Any] = orjson.loads(body or b"{}")
    return document


def token_of(request: Request) -> str:
    """The session token of a request, empty if it has none."""
    return request.headers.get("Authorization", "").removeprefix(TOKEN_PREFIX).removesuffix('"')
