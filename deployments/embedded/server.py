"""Snowflake's protocol over HTTP: the requests of clients, answered by sessions and statements."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from fakesnow.expr import normalise_ident
from fakesnow.transforms import SERVER_VERSION
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deployments.embedded.endpoint import USER, Endpoint
from deployments.embedded.engine import Engine
from deployments.embedded.execution import answer_text
from deployments.embedded.lifecycle import HEALTH_PATH, SECRET_HEADER
from deployments.embedded.results import Answer
from deployments.embedded.sessions import Session, Sessions
from deployments.embedded.statement import Statement
from deployments.embedded.statements import Statements
from deployments.embedded.transfer import upload_route

ANSWER_WITHIN_SECONDS = 40.0
IN_PROGRESS_CODE = "333333"
IN_PROGRESS_ASYNC_CODE = "333334"
REFUSED_LOGIN_CODE = "390100"
NO_SESSION_CODE = "390104"
CANCEL = re.compile(
    r"\s*SELECT\s+SYSTEM\$CANCEL_(?:ALL_QUERIES\s*\(\s*'?(?P<session>\d*)'?|QUERY\s*\(\s*'(?P<query_id>[^']*)')\s*\)\s*;?\s*$",
    re.IGNORECASE,
)
RESULT_SCAN = re.compile(
    r"\s*select\s+\*\s+from\s+table\s*\(\s*result_scan\s*\(\s*'(?P<query_id>[0-9a-f-]+)'\s*\)\s*\)\s*;?\s*$",
    re.IGNORECASE,
)
TOKEN_PREFIX = 'Snowflake Token="'

Handler = Callable[["Server", Request, Session], Awaitable[Response]]


class Server:
    """The endpoint of one home.

    Attributes:
        endpoint: Where it listens, and the secret.
        sessions: The logins.
        statements: What runs and what ran last.
        answer_within: Seconds after which a client is told to ask again.
        last_request: When a client last asked for something, on the monotonic clock.
    """

    def __init__(self, engine: Engine, endpoint: Endpoint, answer_within: float = ANSWER_WITHIN_SECONDS) -> None:
        """A server without sessions.

        Args:
            engine: What runs the statements.
            endpoint: Where it listens.
            answer_within: Seconds after which a client is told to ask again, less than its read waits.
        """
        self.answer_within = answer_within
        self.endpoint = endpoint
        self.sessions = Sessions(engine)
        self.statements = Statements(f"http://{endpoint.host}:{endpoint.port}")
        self.last_request = time.monotonic()
        self.app = Starlette(routes=[*self._routes(), upload_route(engine.paths.stages)])

    def is_idle(self, idle_seconds: float) -> bool:
        """Whether nobody has asked for long enough, nothing runs, and no transaction is open."""
        if time.monotonic() - self.last_request < idle_seconds:
            return False
        return not self.statements.running() and not any(session.in_transaction for session in self.sessions)

    def tidy(self) -> None:
        """End sessions whose client is gone, and statements that were stopped."""
        self.statements.interrupt_stopped()
        for session in self.sessions.abandoned():
            if not self.statements.running(session):
                self.sessions.forget(session)
                session.close()

    def close(self) -> None:
        """End every statement and session; open transactions are rolled back."""
        self.statements.close()
        self.sessions.close()

    def _routes(self) -> list[Route]:
        return [
            Route(HEALTH_PATH, self._health),
            Route("/session/v1/login-request", self._login, methods=["POST"]),
            Route("/session", self._with_session(logout), methods=["POST"]),
            Route("/session/heartbeat", self._with_session(heartbeat), methods=["POST"]),
            Route("/queries/v1/query-request", self._with_session(query), methods=["POST"]),
            Route("/queries/v1/abort-request", self._with_session(abort_request), methods=["POST"]),
            Route("/queries/{query_id}/abort-request", self._with_session(abort_query), methods=["POST"]),
            Route("/queries/{query_id}/result", self._with_session(query_result), methods=["GET"]),
            Route("/monitoring/queries/{query_id}", self._with_session(monitor), methods=["GET"]),
            Route("/snowcast/results/{query_id}/{number:int}", self._chunk, methods=["GET"]),
            Route("/telemetry/send", self._telemetry, methods=["POST"]),
        ]

    async def _health(self, request: Request) -> Response:
        if not self._knows_secret(request.headers.get(SECRET_HEADER, "")):
            return reply(failure(REFUSED_LOGIN_CODE, "wrong secret"), 403)
        return reply({"pid": self.endpoint.pid, "started_at": self.endpoint.started_at})

    async def _login(self, request: Request) -> Response:
        self.last_request = time.monotonic()
        data = (await body_of(request))["data"]
        if data.get("LOGIN_NAME", "").lower() != USER or not self._knows_secret(data.get("PASSWORD") or ""):
            return reply(failure(REFUSED_LOGIN_CODE, "Incorrect username or password was specified."))
        database, schema = (
            (name := request.query_params.get(key)) and normalise_ident(name) for key in ("databaseName", "schemaName")
        )
        parameters = data.get("SESSION_PARAMETERS") or {}
        session = await run_in_threadpool(self.sessions.open, database, schema, parameters)
        return reply({"data": login_data(session), "success": True})

    async def _chunk(self, request: Request) -> Response:
        statement = self.statements.find(request.path_params["query_id"])
        chunks = statement.future.result().chunks if statement and statement.future.done() else []
        number = request.path_params["number"]
        if number >= len(chunks):
            return Response(status_code=404)
        return Response(chunks[number], media_type="application/octet-stream")

    async def _telemetry(self, request: Request) -> Response:
        return reply({"success": True})

    def _knows_secret(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.endpoint.secret.encode())

    def _with_session(self, handle: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            self.last_request = time.monotonic()
            peer = (request.client.host, request.client.port) if request.client else None
            session = self.sessions.find(token_of(request), peer)
            if session is None:
                return reply(failure(NO_SESSION_CODE, "This session is over: log in again."), 401)
            try:
                return await handle(self, request, session)
            finally:
                self.last_request = time.monotonic()

        return endpoint


async def logout(server: Server, request: Request, session: Session) -> Response:
    """End the session: what it runs is cancelled, what it has open is rolled back."""
    if request.query_params.get("delete"):
        server.sessions.forget(session)
        for statement in server.statements.running(session):
            statement.cancel()
        await run_in_threadpool(session.close)
    return reply({"data": None, "code": None, "message": None, "success": True})


async def heartbeat(server: Server, request: Request, session: Session) -> Response:
    """Keep the session."""
    return reply({"data": None, "code": None, "message": None, "success": True})


async def query(server: Server, request: Request, session: Session) -> Response:
    """Run a statement and answer with its result, or say where to ask for it when it takes long."""
    body = await body_of(request)
    statement = Statement(
        session=session,
        request_id=request.query_params.get("requestId") or "",
        text=body["sqlText"],
        bindings=body.get("bindings") or {},
        parameters=body.get("parameters") or {},
        describe_only=bool(body.get("describeOnly")),
    )
    if (cancelled := cancel_statement(server, statement)) is not None:
        return reply(cancelled.body)
    if scanned := scanned_statement(server, statement):
        return await answered(scanned, server.answer_within)
    statement = server.statements.submit(statement)
    if body.get("asyncExec"):
        return reply(in_progress(statement, IN_PROGRESS_ASYNC_CODE))
    return await answered(statement, server.answer_within)


def scanned_statement(server: Server, statement: Statement) -> Statement | None:
    """`select * from table(result_scan('id'))`, by which the connector fetches the result of an asynchronous query.

    The answer is still there, types and all; RESULT_SCAN within a larger query is run by fakesnow.
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
    return await answered(statement, server.answer_within)


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


async def answered(statement: Statement, within: float) -> Response:
    """The statement's answer, or "in progress" before the client's read times out."""
    waiting: asyncio.Future[Answer] = asyncio.wrap_future(statement.future)
    try:
        answer = await asyncio.wait_for(asyncio.shield(waiting), within)
    except TimeoutError:
        return reply(in_progress(statement, IN_PROGRESS_CODE))
    return reply(answer.body)


def in_progress(statement: Statement, code: str) -> dict[str, Any]:
    """What Snowflake says of a statement that has no result yet."""
    data = {
        "queryId": statement.query_id,
        "getResultUrl": f"/queries/{statement.query_id}/result",
        "queryAbortsAfterSecs": 300,
        "progressDesc": None,
    }
    return {"data": data, "code": code, "message": "Query execution in progress.", "success": True}


def login_data(session: Session) -> dict[str, Any]:
    """What a client learns at login."""
    return {
        "token": session.token,
        "masterToken": session.master_token,
        "validityInSeconds": 4 * 3600,
        "masterValidityInSeconds": 4 * 3600,
        "sessionId": session.state.session_id,
        "serverVersion": SERVER_VERSION,
        "parameters": [{"name": name, "value": value} for name, value in session.state.parameters.items()],
        "sessionInfo": {
            "databaseName": session.database,
            "schemaName": session.schema,
            "warehouseName": "EMBEDDED",
            "roleName": "SYSADMIN",
        },
    }


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
    document: dict[str, Any] = json.loads(body or b"{}")
    return document


def token_of(request: Request) -> str:
    """The session token of a request, empty if it has none."""
    return request.headers.get("Authorization", "").removeprefix(TOKEN_PREFIX).removesuffix('"')
