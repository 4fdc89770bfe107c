"""The sandbox's remote control: clock, faults and counts, for whoever knows the control secret."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from deployments.sandbox.amplitude.server import AmplitudeApi
from deployments.sandbox.http.faults import FaultBoard, FaultRule
from deployments.sandbox.http.messages import Answer, Request
from deployments.sandbox.twitch.server import HelixApi

CONTROL_PREFIX: Final = "/_control/"
SECRET_HEADER: Final = "X-Sandbox-Secret"


class Control:
    """Answers the requests under /_control/.

    Args:
        api: what is controlled.
        amplitude: the receiver whose events GET /_control/amplitude shows.
        secret: asked of every request.

    Attributes:
        about: returned by GET /_control/about.
        on_stop: called by POST /_control/stop.
        service_account: returned by GET /_control/service_account.
    """

    def __init__(self, api: HelixApi, amplitude: AmplitudeApi, secret: str) -> None:
        self._api, self._amplitude, self._secret = api, amplitude, secret
        self.about: dict[str, Any] = {}
        self.on_stop: Callable[[], None] = lambda: None
        self.service_account: Callable[[], dict[str, Any]] = dict

    def answer(self, request: Request) -> Answer:
        """Return the answer to a control request."""
        given = request.headers.get(SECRET_HEADER.lower(), "")
        if not secrets.compare_digest(given.encode(), self._secret.encode()):
            return _refuse(401, f"the control endpoints ask for the header {SECRET_HEADER} with the sandbox's secret")
        name = f"{request.method} {request.path.removeprefix(CONTROL_PREFIX)}"
        routes: dict[str, Callable[[Any], dict[str, Any]]] = {
            "GET about": lambda _: self.about,
            "GET service_account": lambda _: self.service_account(),
            "GET clock": lambda _: self._api.clock.as_dict(),
            "POST clock": self._move_clock,
            "GET faults": lambda _: {"faults": self._api.faults.as_list()},
            "POST faults": self._add_faults,
            "DELETE faults": lambda _: _clear(self._api.faults, {"faults": []}),
            "GET spikes": lambda _: {"spikes": self._api.view.spikes.as_list()},
            "POST spikes": self._add_spike,
            "DELETE spikes": self._end_spikes,
            "GET requests": lambda _: {"requests": dict(self._api.requests)},
            "DELETE requests": lambda _: _clear(self._api.requests, {"requests": {}}),
            "GET amplitude": lambda _: self._amplitude.report(request),
            "DELETE amplitude": lambda _: _clear(self._amplitude, {"events": 0}),
            "POST stop": self._stop,
        }
        if name not in routes:
            return _refuse(404, f"no control endpoint {name!r}; known are {', '.join(routes)}")
        try:
            return Answer(200, routes[name](json.loads(request.body or b"{}")))
        except (ValueError, TypeError, OverflowError) as error:
            return _refuse(400, str(error))

    def _move_clock(self, order: Any) -> dict[str, Any]:
        if not isinstance(order, dict) or not set(order) & {"at", "advance_seconds"}:
            raise ValueError('the clock is moved by {"at": time} or {"advance_seconds": seconds}')
        if "at" in order:
            self._api.clock.set(order["at"])
        self._api.clock.advance(float(order.get("advance_seconds", 0)))
        return self._api.clock.as_dict()

    def _add_faults(self, order: Any) -> dict[str, Any]:
        rules = [FaultRule.parse(rule) for rule in (order if isinstance(order, list) else [order])]
        for rule in rules:
            self._api.faults.add(rule)
        return {"faults": self._api.faults.as_list()}

    def _add_spike(self, order: Any) -> dict[str, Any]:
        spike = self._api.view.spikes.add(order, self._api.clock.now())
        self._api.view.forget_listings()
        return spike.as_dict()

    def _end_spikes(self, _: Any) -> dict[str, Any]:
        self._api.view.spikes.end(self._api.clock.now())
        self._api.view.forget_listings()
        return {"spikes": self._api.view.spikes.as_list()}

    def _stop(self, _: Any) -> dict[str, Any]:
        self.on_stop()
        return {"stopping": True}


def _clear(held: AmplitudeApi | FaultBoard | Counter[str], left: dict[str, Any]) -> dict[str, Any]:
    held.clear()
    return left


def _refuse(status: int, message: str) -> Answer:
    return Answer(status, {"status": status, "message": message})
