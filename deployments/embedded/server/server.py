"""Snowflake's protocol over HTTP: the requests of clients, answered by sessions and statements."""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable
from typing import Any

from snowflake.connector.errors import Error as SnowflakeError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deployments.embedded.context import VERSION
from deployments.embedded.names import normalise_name
from deployments.embedded.process.endpoint import USER, Endpoint
from deployments.embedded.process.lifecycle import HEALTH_PATH, SECRET_HEADER, STORAGE_PATH
from deployments.embedded.server import requests as queries
from deployments.embedded.server.replies import LOGIN_BYTES, body_of, failure, part_of, reply, token_of
from deployments.embedded.session.engine import Engine
from deployments.embedded.session.sessions import Session, Sessions
from deployments.embedded.session.statement_pool import Statements
from deployments.embedded.stages.access import grant
from deployments.embedded.stages.put_get import upload_route

ANSWER_WITHIN_SECONDS = 40.0
REFUSED_LOGIN_CODE = "390100"
NO_SESSION_CODE = "390104"

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
        for session in self.sessions.find_abandoned():
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
            Route(STORAGE_PATH, self._open_storage, methods=["POST"]),
            Route("/session/v1/login-request", self._login, methods=["POST"]),
            Route("/session", self._with_session(logout), methods=["POST"]),
            Route("/session/heartbeat", self._with_session(heartbeat), methods=["POST"]),
            Route("/queries/v1/query-request", self._with_session(queries.query), methods=["POST"]),
            Route("/queries/v1/abort-request", self._with_session(queries.abort_request), methods=["POST"]),
            Route("/queries/{query_id}/abort-request", self._with_session(queries.abort_query), methods=["POST"]),
            Route("/queries/{query_id}/result", self._with_session(queries.query_result), methods=["GET"]),
            Route("/monitoring/queries/{query_id}", self._with_session(queries.monitor), methods=["GET"]),
            Route("/snowcast/results/{query_id}/{number:int}", self._with_session(queries.chunk), methods=["GET"]),
            Route("/telemetry/send", self._telemetry, methods=["POST"]),
        ]

    async def _health(self, request: Request) -> Response:
        if not self._knows_secret(request.headers.get(SECRET_HEADER, "")):
            return reply(failure(REFUSED_LOGIN_CODE, "wrong secret"), 403)
        return reply({"pid": self.endpoint.pid, "started_at": self.endpoint.started_at})

    async def _open_storage(self, request: Request) -> Response:
        if not self._knows_secret(request.headers.get(SECRET_HEADER, "")):
            return reply(failure(REFUSED_LOGIN_CODE, "wrong secret"), 403)
        body = await body_of(request, LOGIN_BYTES)
        try:
            grant(part_of(body, "variables", dict, {}), part_of(body, "folders", list, []))
        except (ValueError, TypeError) as error:
            return reply(failure(REFUSED_LOGIN_CODE, str(error)), 400)
        return reply({"success": True})

    async def _login(self, request: Request) -> Response:
        self.last_request = time.monotonic()
        data = part_of(await body_of(request, LOGIN_BYTES), "data", dict)
        name, secret = (part_of(data, key, str, "") for key in ("LOGIN_NAME", "PASSWORD"))
        parameters = part_of(data, "SESSION_PARAMETERS", dict, {})
        if name.lower() != USER or not self._knows_secret(secret):
            return reply(failure(REFUSED_LOGIN_CODE, "Incorrect username or password was specified."))
        database, schema = (
            (asked := request.query_params.get(key)) and normalise_name(asked) for key in ("databaseName", "schemaName")
        )
        try:
            session = await run_in_threadpool(self.sessions.open, database, schema, parameters)
        except SnowflakeError as error:
            return reply(failure(f"{error.errno:06d}", error.raw_msg or str(error)))
        return reply({"data": login_data(session), "success": True})

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


def login_data(session: Session) -> dict[str, Any]:
    """What a client learns at login."""
    return {
        "token": session.token,
        "masterToken": session.master_token,
        "validityInSeconds": 4 * 3600,
        "masterValidityInSeconds": 4 * 3600,
        "sessionId": session.state.session_id,
        "serverVersion": VERSION,
        "parameters": [{"name": name, "value": value} for name, value in session.state.parameters.items()],
        "sessionInfo": {
            "databaseName": session.database,
            "schemaName": session.schema,
            "warehouseName": "EMBEDDED",
            "roleName": "SYSADMIN",
        },
    }
