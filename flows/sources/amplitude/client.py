"""The Export API and the events list: asked patiently, answers spooled to disk.

Amplitude answers a request for hours with a zip of them all. What it says otherwise: 404, it has no events of these
hours; 400, they are more than it gives at once (4 GB); 504, it took too long to put them together; 401 and 403, the
keys are refused; 429 and the rest, ask again later.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

import httpx
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from flows.errors import ConfigError, SourceError
from flows.sources.amplitude.archive import Archive, ArchiveLimits, TooLarge
from flows.sources.source import Retries

# Putting an archive together takes Amplitude minutes; it ends that itself with 504.
PATIENT = Retries(attempts=6, first_wait_seconds=2.0, longest_wait_seconds=60.0, timeout_seconds=900.0)
_CHUNK_BYTES = 1024 * 1024
_REFUSED_KEYS = (401, 403)
_OK = httpx.codes.OK


@dataclass(frozen=True)
class Project:
    """A project of Amplitude, or the sandbox's.

    Args:
        name: How OPS.EXPORT_HOURS calls it.
        url: The host, without a path.
        api_key: The project's key.
        secret_key: Its secret key.
    """

    name: str
    url: str
    api_key: SecretStr
    secret_key: SecretStr


class _NoAnswer(Exception):  # noqa: N818 - control flow between an attempt and its retry, never seen outside
    """No answer, or one after which the same is asked again."""

    def __init__(self, text: str, wait_seconds: float | None = None) -> None:
        super().__init__(text)
        self.wait_seconds = wait_seconds


class ExportClient:
    """Asks one project. Use `with`.

    Args:
        project: Which.
        spool: Folder in which answers are kept while they are read; a file there has no name and goes with the process.
        limits: What an archive is taken within.
        retries: How patiently it is asked.
        sleep: Waits that many seconds; the tests give one that does not.
    """

    def __init__(
        self,
        project: Project,
        spool: Path,
        *,
        limits: ArchiveLimits | None = None,
        retries: Retries = PATIENT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.project = project
        self._spool, self._limits, self._retries = spool, limits or ArchiveLimits(), retries
        is_local = httpx.URL(project.url).host in ("127.0.0.1", "localhost")
        # A proxy of the environment is for the world outside, not for this machine.
        self._http = httpx.Client(
            auth=(project.api_key.get_secret_value(), project.secret_key.get_secret_value()),
            timeout=httpx.Timeout(retries.timeout_seconds, connect=min(retries.timeout_seconds, 30)),
            trust_env=not is_local,
        )
        self._retrying = Retrying(
            retry=retry_if_exception_type(_NoAnswer),
            stop=stop_after_attempt(retries.attempts),
            wait=self._pause,
            sleep=sleep,
            reraise=True,
        )
        self._sleep = sleep
        self._is_served = False

    def __enter__(self) -> ExportClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @contextmanager
    def export(self, first: datetime, last: datetime) -> Iterator[Archive | None]:
        """The archive of the hours from `first` to `last`, both included; None where Amplitude has no events of them.

        Raises:
            TooLarge: They are more than it, or a limit, allows in one request.
            BrokenArchive: The answer is no archive, or not a whole one.
            ConfigError: The keys are refused.
            SourceError: It did not answer after every try, or what answers is not Amplitude.
        """
        with tempfile.TemporaryFile(dir=self._spool, prefix="export-") as file:
            hours = {"start": f"{first:%Y%m%dT%H}", "end": f"{last:%Y%m%dT%H}"}
            is_there = self._ask(
                "/api/2/export", hours, lambda answer: self._keep_archive(answer, cast("IO[bytes]", file))
            )
            if not is_there and not self._is_served:
                # Any host says 404 of a path that it does not have; that is no word of Amplitude about the hours.
                self.event_types()
            yield Archive(cast("IO[bytes]", file), self._limits) if is_there else None

    def event_types(self) -> list[Any]:
        """The events list: every event type of the project, with totals of the week so far."""
        found = cast("list[Any]", self._ask("/api/2/events/list", {}, self._keep_list))
        self._is_served = True
        return found

    def rest(self) -> None:
        """Wait before what was broken is asked for again."""
        self._sleep(self._retries.first_wait_seconds)

    def _ask(self, path: str, parameters: dict[str, str], keep: Callable[[httpx.Response], Any]) -> Any:
        try:
            return self._retrying(self._ask_once, path, parameters, keep)
        except _NoAnswer as error:
            raise SourceError(
                f"Amplitude at {self.project.url} did not answer: {error}, {self._retries.attempts} times. The hours "
                "that have not landed stay pending in OPS.EXPORT_HOURS; the next run asks for them again."
            ) from None

    def _ask_once(self, path: str, parameters: dict[str, str], keep: Callable[[httpx.Response], Any]) -> Any:
        try:
            with self._http.stream("GET", self.project.url + path, params=parameters) as answer:
                self._check(answer)
                return keep(answer)
        except httpx.HTTPError as error:
            raise _NoAnswer(type(error).__name__) from None

    def _check(self, answer: httpx.Response) -> None:
        """Turn away what is no answer to go on with; 200 and 404 are."""
        status = answer.status_code
        if status in (_OK, httpx.codes.NOT_FOUND):
            return
        if status in _REFUSED_KEYS:
            raise ConfigError(
                f"Amplitude at {self.project.url} refuses the keys ({status}). Check SNOWCAST_AMPLITUDE_API_KEY, "
                "SNOWCAST_AMPLITUDE_SECRET_KEY and SNOWCAST_AMPLITUDE_EXPORT_HOST: one in the EU has its own host."
            )
        if status == httpx.codes.BAD_REQUEST:
            raise TooLarge("Amplitude answers 400: more than it gives at once (4 GB)")
        if status == httpx.codes.GATEWAY_TIMEOUT:
            raise TooLarge("Amplitude answers 504: it took too long to put them together")
        raise _NoAnswer(f"it answered {status}", _seconds(answer.headers.get("Retry-After")))

    def _keep_archive(self, answer: httpx.Response, file: IO[bytes]) -> bool:
        """Write the answer to the file; whether there is one."""
        if answer.status_code == httpx.codes.NOT_FOUND:
            return False
        file.seek(0)
        file.truncate()
        size, most = 0, self._limits.archive_bytes
        for chunk in answer.iter_bytes(_CHUNK_BYTES):
            size += len(chunk)
            if size > most:
                raise TooLarge(
                    f"the archive has more than {most // 1024**2:,} MiB (SNOWCAST_AMPLITUDE_ARCHIVE_MEBIBYTES)"
                )
            file.write(chunk)
        return True

    def _keep_list(self, answer: httpx.Response) -> list[Any]:
        try:
            found = answer.status_code == _OK and answer.read() and answer.json().get("data")
        except (ValueError, AttributeError):
            found = None
        if not isinstance(found, list):
            wrong = ": is SNOWCAST_AMPLITUDE_EXPORT_HOST right?" if answer.status_code == httpx.codes.NOT_FOUND else ""
            raise _NoAnswer(f"what it answered ({answer.status_code}) is no list of events{wrong}")
        return found

    def _pause(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        stated = error.wait_seconds if isinstance(error, _NoAnswer) else None
        if stated is not None:
            return min(stated, self._retries.longest_wait_seconds)
        return self._retries.make_pauses()(state)


def _seconds(text: str | None) -> float | None:
    """What the header Retry-After says, where it is a number of seconds."""
    return float(text) if text and text.isdecimal() else None
