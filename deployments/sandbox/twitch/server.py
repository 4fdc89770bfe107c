"""Twitch Helix over the simulated world: tokens, streams, users, games, rate limit and the faults on request."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from deployments.sandbox.http.clock import Clock
from deployments.sandbox.http.faults import FaultBoard, FaultRule
from deployments.sandbox.http.messages import Answer, HelixError, Request
from deployments.sandbox.http.ratelimit import PointBucket, limit_headers
from deployments.sandbox.http.spoil import spoil_answer, spoil_records
from deployments.sandbox.twitch.pages import cursor_of, page_of
from deployments.sandbox.twitch.records import HelixView

_MOST_IDS: Final = 100
_TOKEN_SECONDS: Final = 5_011_271
Faults = Mapping[str, FaultRule]


class HelixApi:
    """Answers requests as Helix and its token endpoint do.

    Args:
        view: the world as Helix records.
        clock: tells the simulated time.
        client_id: the only application that gets a token.
        client_secret: its secret.
        points: size of the rate limit bucket.
        window_seconds: time in which it fills.
    """

    def __init__(
        self,
        view: HelixView,
        clock: Clock,
        *,
        client_id: str,
        client_secret: str,
        points: int = 800,
        window_seconds: float = 60,
    ) -> None:
        self.view = view
        self.clock = clock
        self.faults = FaultBoard()
        self.bucket = PointBucket(points, window_seconds)
        self.requests: Counter[str] = Counter()
        self._client_id = client_id
        self._client_secret = client_secret
        self._tokens: dict[str, float] = {}
        self._lock = threading.Lock()
        self._routes: dict[tuple[str, str], Callable[[Request, Faults], dict[str, Any]]] = {
            ("GET", "/helix/streams"): self._answer_streams,
            ("GET", "/helix/users"): self._answer_users,
            ("GET", "/helix/games"): self._answer_games,
            ("GET", "/helix/games/top"): self._answer_top_games,
        }

    def answer(self, request: Request) -> Answer:
        """Return the answer to any request but those of the control endpoints."""
        with self._lock:
            self.requests[request.path] += 1
        faults = self.faults.fire(request)
        if "expired_token" in faults:
            with self._lock:
                self._tokens.clear()
        try:
            answer = (
                self._issue_token(request, faults)
                if request.path.startswith("/oauth2/")
                else self._answer_helix(request, faults)
            )
        except HelixError as error:
            answer = error.answer
        return spoil_answer(answer, faults)

    def _answer_helix(self, request: Request, faults: Faults) -> Answer:
        route = self._routes.get((request.method, request.path))
        if route is None:
            raise HelixError(404, "")
        self._check_token(request, faults)
        if not self.bucket.take():
            raise HelixError(429, "Too Many Requests", self.bucket.headers())
        if "429" in faults:
            headers = limit_headers(self.bucket.points, 0, time.time() + faults["429"].seconds)
            raise HelixError(429, "Too Many Requests", headers)
        return Answer(200, route(request, faults), self.bucket.headers())

    def _check_token(self, request: Request, faults: Faults) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        client_id = request.headers.get("client-id")
        if not token or scheme.lower() != "bearer":
            raise HelixError(401, "OAuth token is missing")
        if token not in self._tokens or "unauthorized" in faults:
            raise HelixError(401, "Invalid OAuth token")
        if client_id != self._client_id:
            raise HelixError(401, "Client ID and OAuth token do not match" if client_id else "Client ID is missing")

    def _issue_token(self, request: Request, faults: Faults) -> Answer:
        if (request.method, request.path) == ("GET", "/oauth2/validate"):
            return self._validate_token(request)
        if (request.method, request.path) != ("POST", "/oauth2/token"):
            return Answer(404, {"status": 404, "message": "not found"})
        fields = request.fields()
        if "client_id" not in fields:
            return Answer(400, {"status": 400, "message": "missing client id"})
        if fields.get("grant_type") != "client_credentials":
            return Answer(400, {"status": 400, "message": "unsupported grant type"})
        if fields["client_id"] != self._client_id:
            return Answer(400, {"status": 400, "message": "invalid client"})
        secret = fields.get("client_secret", "")
        if "invalid_client" in faults or not secrets.compare_digest(secret.encode(), self._client_secret.encode()):
            return Answer(403, {"status": 403, "message": "invalid client secret"})
        token = secrets.token_hex(15)
        with self._lock:
            self._tokens[token] = time.time() + _TOKEN_SECONDS
        return Answer(200, {"access_token": token, "expires_in": _TOKEN_SECONDS, "token_type": "bearer"})

    def _validate_token(self, request: Request) -> Answer:
        token = request.headers.get("authorization", "").partition(" ")[2]
        if token not in self._tokens:
            return Answer(401, {"status": 401, "message": "invalid access token"})
        left = int(self._tokens[token] - time.time())
        return Answer(200, {"client_id": self._client_id, "scopes": [], "expires_in": left})

    def _answer_streams(self, request: Request, faults: Faults) -> dict[str, Any]:
        cursor = cursor_of(request)
        at = self.clock.now() if cursor else self.clock.new_listing()
        if "drift" in faults and cursor:
            at += int(cursor.page * faults["drift"].seconds)
        records = _filter_streams(self.view.streams(at), request)
        body = page_of(records, request, lambda _, record: int(record["viewer_count"]), faults)
        return {"data": spoil_records(body["data"], "title", faults), "pagination": body["pagination"]}

    def _answer_users(self, request: Request, faults: Faults) -> dict[str, Any]:
        ids, logins = request.many("id"), request.many("login")
        if not ids and not logins:
            raise HelixError(400, "Must provide an ID, Login or OAuth Token.")
        _check_count("id", [*ids, *logins])
        return {"data": spoil_records(self.view.users(self.clock.now(), ids, logins), "login", faults)}

    def _answer_games(self, request: Request, faults: Faults) -> dict[str, Any]:
        ids, names = request.many("id"), request.many("name")
        if not (ids or names or request.many("igdb_id")):
            raise HelixError(400, "Missing required parameter: id, name or igdb_id")
        _check_count("id", [*ids, *names])
        return {"data": spoil_records(self.view.games(self.clock.now(), ids, names), "name", faults)}

    def _answer_top_games(self, request: Request, faults: Faults) -> dict[str, Any]:
        records = self.view.top_games(self.clock.now())
        body = page_of(records, request, lambda place, _: len(records) - place, faults)
        return {"data": spoil_records(body["data"], "name", faults), "pagination": body["pagination"]}


def _filter_streams(records: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Return the streams that the filters let through: any value of one filter, all filters together."""
    games, languages = set(request.many("game_id")), set(request.many("language"))
    ids, logins = set(request.many("user_id")), {login.lower() for login in request.many("user_login")}
    for name in ("game_id", "language", "user_id", "user_login"):
        _check_count(name, request.many(name))
    if not (games or languages or ids or logins):
        return records
    return [
        record
        for record in records
        if (not games or record["game_id"] in games)
        and (not languages or record["language"] in languages)
        and (not (ids or logins) or record["user_id"] in ids or record["user_login"] in logins)
    ]


def _check_count(name: str, values: list[str]) -> None:
    if len(values) > _MOST_IDS:
        message = f'The parameter "{name}" was malformed: the value must be less than or equal to {_MOST_IDS}'
        raise HelixError(400, message)
