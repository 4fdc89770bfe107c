"""The HTTP side of Snowflake's protocol: JSON in, JSON out."""

from __future__ import annotations

import zlib
from typing import Any, TypeVar

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

Part = TypeVar("Part")

REQUEST_BYTES = 256 * 1024 * 1024
LOGIN_BYTES = 256 * 1024
GZIP = 16 + zlib.MAX_WBITS
TOKEN_PREFIX = 'Snowflake Token="'


def failure(code: str, message: str) -> dict[str, Any]:
    """A request that is refused."""
    return {"data": None, "code": code, "message": message, "success": False, "headers": None}


def reply(document: dict[str, Any], status: int = 200) -> Response:
    """A JSON response."""
    return Response(orjson.dumps(document), status, media_type="application/json")


async def body_of(request: Request, at_most: int = REQUEST_BYTES) -> dict[str, Any]:
    """The JSON body of a request; clients compress large ones.

    Args:
        request: Its body is unpacked as it comes, never further than `at_most`.
        at_most: Bytes that it may have, as it comes and unpacked.

    Raises:
        HTTPException: It is larger (413), or no JSON object (400).
    """
    unpack = zlib.decompressobj(GZIP) if request.headers.get("Content-Encoding") == "gzip" else None
    body = bytearray()
    taken = 0
    try:
        async for chunk in request.stream():
            taken += len(chunk)
            body += unpack.decompress(chunk, at_most + 1 - len(body)) if unpack else chunk
            if taken > at_most or len(body) > at_most:
                raise HTTPException(413, f"A request body of more than {at_most} bytes is not taken.")
        document = orjson.loads(bytes(body) or b"{}")
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise HTTPException(400, f"The body of the request cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise HTTPException(400, "The body of the request is no JSON object.")
    return document


def part_of(document: dict[str, Any], name: str, kind: type[Part], default: Part | None = None) -> Part:
    """A member of a request's body.

    Args:
        document: The body.
        name: The member.
        kind: What it has to be.
        default: What it is where it is missing or null; None where it may not be.

    Raises:
        HTTPException: It is of another kind (400).
    """
    value = document.get(name)
    value = default if value is None else value
    if not isinstance(value, kind):
        raise HTTPException(400, f"'{name}' of the request is not a {kind.__name__}.")
    return value


def token_of(request: Request) -> str:
    """The session token of a request, empty if it has none."""
    return request.headers.get("Authorization", "").removeprefix(TOKEN_PREFIX).removesuffix('"')
