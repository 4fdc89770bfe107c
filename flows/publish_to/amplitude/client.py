"""Uploads to Amplitude: paced, repeated where the outcome is unknown, until every event has a verdict.

Answers are judged in amplitude_answers.py. What is sent again is always sent with the same insert_id, so it does not
matter if an upload whose answer was lost had been taken. The API key is in the body of each request and nowhere else:
Amplitude repeats it in the text of an error, from which it is taken out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import httpx
from pydantic import SecretStr
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from flows.errors import ConfigError, SourceError
from flows.publish_to.amplitude.answers import (
    Judgement,
    judge_bad_request,
    judge_taken,
    judge_throttled,
    judge_too_large,
)
from flows.publish_to.outgoing import Outgoing, Verdict, split_uploads
from transforms.activity.publications import REJECTED, RELEASED

MOST_EVENTS = 2_000
_MOST_BYTES = {"batch": 20_000_000, "http": 1_000_000}
_ENVELOPE_BYTES = 500
_ATTEMPTS = 8
_MOST_THROTTLED_ROUNDS = 20
_REFUSED_KEYS = (401, 403)
_HALF_MINUTE = 30


@dataclass(frozen=True)
class Target:
    """A project of Amplitude, or the sandbox's.

    Args:
        name: How OPS.PUBLICATIONS calls it.
        url: The endpoint.
        api_key: The project's key.
        mode: batch or http: which limits hold.
        min_id_length: Shortest id that Amplitude is told to take.
        events_per_second: Most events sent in a second.
        retry_seconds: Pause where Amplitude throttles.
    """

    name: str
    url: str
    api_key: SecretStr
    mode: str
    min_id_length: int
    events_per_second: int
    retry_seconds: float


class _OutcomeUnknown(Exception):  # noqa: N818 - control flow between an attempt and its retry, never seen outside
    """No answer, or one that says nothing: the upload may have been taken."""


class _NotCounted(_OutcomeUnknown):
    """Amplitude answered and did not count the one event that was sent."""


class AmplitudeClient:
    """Sends events to one target. Use `with`.

    Args:
        target: Where to.
        sleep: Waits that many seconds; the tests give one that does not.
    """

    def __init__(self, target: Target, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._target, self._sleep = target, sleep
        self._most_bytes = _MOST_BYTES[target.mode] - _ENVELOPE_BYTES
        is_local = httpx.URL(target.url).host in ("127.0.0.1", "localhost")
        # A proxy of the environment is for the world outside, not for this machine.
        self._http = httpx.Client(timeout=httpx.Timeout(60, connect=10), trust_env=not is_local)
        self._free_at = time.monotonic()
        self._retrying = Retrying(
            retry=retry_if_exception_type(_OutcomeUnknown),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential_jitter(
                initial=target.retry_seconds / _HALF_MINUTE, max=target.retry_seconds, jitter=target.retry_seconds / 10
            ),
            sleep=sleep,
            reraise=True,
        )

    def __enter__(self) -> AmplitudeClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, events: Sequence[Outgoing]) -> Iterator[list[Verdict]]:
        """Send the events; gives verdicts as they are known, each event at most once.

        An event that Amplitude answers for and does not count has no verdict: it stays pending, and the next run
        sends it again.

        Raises:
            ConfigError: Amplitude refuses the key, or is not served there.
            SourceError: The outcome of an upload is still unknown after every try; its events have no verdict.
        """
        short = {one.activity_id: text for one in events if (text := one.shortcoming(self._target.min_id_length))}
        if short:
            yield [Verdict(one, REJECTED, short[one.activity_id]) for one in events if one.activity_id in short]
        throttled = [one for one in events if one.activity_id not in short]
        most_events = min(MOST_EVENTS, self._target.events_per_second)
        for round_number in range(_MOST_THROTTLED_ROUNDS):
            if round_number:
                self._sleep(self._target.retry_seconds)
            uploads: list[Sequence[Outgoing]] = list(split_uploads(throttled, most_events, self._most_bytes))
            throttled = []
            while uploads:
                judged = self._upload(uploads.pop(0))
                uploads[:0] = judged.again
                throttled += judged.throttled
                if judged.verdicts:
                    yield judged.verdicts
            if not throttled:
                return
        yield [Verdict(one, RELEASED, f"throttled {_MOST_THROTTLED_ROUNDS} times in a row (429)") for one in throttled]

    def _upload(self, upload: Sequence[Outgoing]) -> Judgement:
        if len(upload) == 1 and len(upload[0].text.encode()) > self._most_bytes:
            return judge_too_large(upload)
        try:
            return self._retrying(self._ask, upload)
        except _NotCounted:
            return Judgement()
        except _OutcomeUnknown as error:
            raise SourceError(
                f"Amplitude at {self._target.url} did not take the events: {error}, {_ATTEMPTS} times. What may have "
                "been taken stays pending in OPS.PUBLICATIONS; the next run sends it again, which Amplitude drops if "
                "it has it."
            ) from None

    def _ask(self, upload: Sequence[Outgoing]) -> Judgement:
        self._keep_pace(len(upload))
        try:
            response = self._http.post(
                self._target.url, content=self._make_body(upload), headers={"Content-Type": "application/json"}
            )
        except httpx.HTTPError as error:
            raise _OutcomeUnknown(type(error).__name__) from None
        return self._judge(upload, response)

    def _judge(self, upload: Sequence[Outgoing], response: httpx.Response) -> Judgement:
        status, body = response.status_code, self._read_body(response)
        if status == httpx.codes.OK and body.get("code") == httpx.codes.OK:
            taken = judge_taken(upload, body)
            if taken is None:
                raise _NotCounted("it counted none of the events")
            return taken
        if status == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
            return judge_too_large(upload)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return judge_throttled(upload, body)
        if status in _REFUSED_KEYS or body.get("missing_field") == "api_key" or "API key" in str(body.get("error")):
            self._refuse(
                f"refuses the API key ({status}). Check SNOWCAST_AMPLITUDE_API_KEY and SNOWCAST_AMPLITUDE_HOST"
            )
        if status == httpx.codes.BAD_REQUEST:
            if body.get("code") != status:  # a proxy or firewall says nothing about the events
                raise _OutcomeUnknown("something on the way answered 400, and not Amplitude")
            return judge_bad_request(upload, body)
        if (
            httpx.codes.BAD_REQUEST < status < httpx.codes.INTERNAL_SERVER_ERROR
            and status != httpx.codes.REQUEST_TIMEOUT
        ):
            self._refuse(f"answers {status}: no upload is served there. Check SNOWCAST_AMPLITUDE_HOST")
        raise _OutcomeUnknown(f"it answered {status}{'' if body else ' without saying what became of them'}")

    def _refuse(self, why: str) -> NoReturn:
        raise ConfigError(f"Amplitude at {self._target.url} {why}.")

    def _make_body(self, upload: Sequence[Outgoing]) -> bytes:
        events = ",".join(outgoing.text for outgoing in upload)
        options = f'"options":{{"min_id_length":{self._target.min_id_length}}}'
        key = json.dumps(self._target.api_key.get_secret_value())
        return f'{{"api_key":{key},{options},"events":[{events}]}}'.encode()

    def _read_body(self, response: httpx.Response) -> Mapping[str, Any]:
        """Return what was answered, without the key; nothing where it is no JSON object."""
        try:
            body = response.json()
        except ValueError:
            return {}
        if not isinstance(body, dict):
            return {}
        error = str(body.get("error", "")).replace(self._target.api_key.get_secret_value(), "...")
        return {**body, "error": error}

    def _keep_pace(self, count: int) -> None:
        """Wait until so many more events are within the rate."""
        now = time.monotonic()
        if self._free_at > now:
            self._sleep(self._free_at - now)
        self._free_at = max(now, self._free_at) + count / self._target.events_per_second
