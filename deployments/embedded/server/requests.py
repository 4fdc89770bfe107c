"""Requests about statements: run one, wait for it, ask how it is doing, cancel it."""

from __future__ import annotations

import asyncio
import re
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response

from deployments.embedded.server.replies import TOKEN_PREFIX, body_of, failure, part_of, reply
from deployments.embedded.session.execution import answer_text
from deployments.embedded.session.sessions import Session
from deployments.embedded.session.statement import Statement
from deployments.embedded.session.statement_pool import Statements
from deployments.embedded.wire.results import Answer


class Server(Protocol):
    """What a request needs of the server."""

    statements: Statements
    answer_within: float


IN_PROGRESS_CODE = "333333"
IN_PROGRESS_ASYNC_CODE = "333334"
CANCEL = re.compile(
    r"\s*SELECT\s+SYSTEM\$CANCEL_(?:ALL_QUERIES\s*\(\s*'?(?P<session>\d*)'?|QUERY\s*\(\s*'(?P<query_id>[^']*)')\s*\)\s*;?\s*$",
    re.IGNORECASE,
)
RESULT_SCAN = re.compile(
    r"\s*select\s+\*\s+from\s+table\s*\(\s*result_scan\s*\(\s*'(?P<query_id>[0-9a-f-]+)'\s*\)\s*\)\s*;?\s*$",
    re.IGNORECASE,
)


async def query(server: Server, request: Request, session: Session) -> Response:
    """Run a statement and answer with its result, or say where to ask for it when it takes long."""
    body = await body_of(request)
    statement = Statement(
        session=session,
        request_id=request.query_params.get("requestId") or "",
        text=part_of(body, "sqlText", str),
        bindings=part_of(body, "bindings", dict, {}),
        parameters=part_of(body, "parameters", dict, {}),
        describe_only=bool(body.get("describeOnly")),
    )
    if (cancelled := cancel_statement(server, statement)) is not None:
        return reply(cancelled.body)
    if scanned := find_scanned_statement(server, statement):
        return await answer_statement(scanned, session, server.answer_within)
    statement = server.statements.submit(statement)
    if body.get("asyncExec"):
        return reply(in_progress(statement, IN_PROGRESS_ASYNC_CODE))
    return await answer_statement(statement, session, server.answer_within)


def find_scanned_statement(server: Server, statement: Statement) -> Statement | None:
    """Find the statement of `select * from table(result_scan('id'))`: so the connector fetches an asynchronous result.

    The answer is still there, types and all; RESULT_SCAN within a larger query is a table of its values.
    """
    match = RESULT_SCAN.match(statement.text)
    return server.statements.find(match["query_id"]) if match else None


def cancel_statement(server: Server, statement: Statement) -> Answer | None:
    """`SELECT SYSTEM$CANCEL_ALL_QUERIES(n)` and `SYSTEM$CANCEL_QUERY('id')`: Snowpark sends the first at close.

    They are answered at once: as statements they would wait for the one they are to cancel.
    """
    match = CANCEL.match(statement.text)
    if match is None:
        return None
    if match["query_id"]:
        found = server.statements.find(match["query_id"])
        targets = [found] if found and not found.future.done() else []
    else:
        number = int(match["session"] or statement.session.state.session_id)
        targets = [s for s in server.statements.running() if s.session.state.session_id == number]
    for target in targets:
        target.cancel()
    return answer_text(statement, f"{len(targets)} queries cancelled.")


async def query_result(server: Server, request: Request, session: Session) -> Response:
    """The result of a statement that was told to be in progress, or that ran before."""
    statement = server.statements.find(request.path_params["query_id"])
    if statement is None:
        return reply(failure("000709", f"Statement {request.path_params['query_id']} not found"))
    return await answer_statement(statement, session, server.answer_within)


async def chunk(server: Server, request: Request, session: Session) -> Response:
    """A further part of a large result."""
    statement = server.statements.find(request.path_params["query_id"])
    if statement is None or not statement.future.done():
        return Response(status_code=404)
    chunks, number = statement.future.result().chunks, request.path_params["number"]
    if number >= len(chunks):
        return Response(status_code=404)
    return Response(chunks[number], media_type="application/octet-stream")


async def abort_request(server: Server, request: Request, session: Session) -> Response:
    """Cancel the session's statement with a request id."""
    body = await body_of(request)
    if statement := server.statements.find_request(session, str(body.get("requestId"))):
        statement.cancel()
    return reply({"data": None, "success": True})


async def abort_query(server: Server, request: Request, session: Session) -> Response:
    """Cancel the statement with a query id."""
    if statement := server.statements.find(request.path_params["query_id"]):
        statement.cancel()
    return reply({"data": None, "success": True})


async def monitor(server: Server, request: Request, session: Session) -> Response:
    """How a statement is doing."""
    statement = server.statements.find(request.path_params["query_id"])
    if statement is None:
        return reply({"data": {"queries": []}, "success": True})
    described: dict[str, Any] = {"id": statement.query_id, "status": statement.status, "sqlText": statement.text}
    if statement.status == "FAILED_WITH_ERROR":
        failed = statement.future.result().body
        described |= {"errorCode": failed["code"], "errorMessage": failed["message"]}
    return reply({"data": {"queries": [described]}, "success": True})


async def answer_statement(statement: Statement, session: Session, within: float) -> Response:
    """Answer what the statement gives, or "in progress" before the client's read times out."""
    waiting: asyncio.Future[Answer] = asyncio.wrap_future(statement.future)
    try:
        answer = await asyncio.wait_for(asyncio.shield(waiting), within)
    except TimeoutError:
        return reply(in_progress(statement, IN_PROGRESS_CODE))
    return reply(_with_token(answer.body, session))


def _with_token(body: dict[str, Any], session: Session) -> dict[str, Any]:
    """The answer with what the session that asks has to show for the parts of a large result."""
    data = body.get("data") or {}
    if "chunks" not in data:
        return body
    shown = {"Authorization": f'{TOKEN_PREFIX}{session.token}"'}
    return {**body, "data": {**data, "chunkHeaders": shown}}


def in_progress(statement: Statement, code: str) -> dict[str, Any]:
    """What Snowflake says of a statement that has no result yet."""
    data = {
        "queryId": statement.query_id,
        "getResultUrl": f"/queries/{statement.query_id}/result",
        "queryAbortsAfterSecs": 300,
        "progressDesc": None,
    }
    return {"data": data, "code": code, "message": "Query execution in progress.", "success": True}
