"""Hours of events out of the Export API, each landed whole and once.

    OPS.EXPORT_HOURS ──▶ hours that are due, ──▶ one request a window, ──▶ a landing file an hour, ──▶ its rows, then
                         in windows              too large ones halved      sealed, still invisible     the files appear

A process that is killed leaves hours whose files never appeared: their rows do not count, and they are asked for again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flows.errors import SourceError
from flows.files.readers import parse_json
from flows.files.report import LANDED as FILE_LANDED, REFUSED as FILE_REFUSED, FileReport
from flows.landing import LandedFile, LandingWriter
from flows.reporting import reporter
from flows.sources.amplitude.archive import Archive, BrokenArchive, Line, TooLarge
from flows.sources.amplitude.client import ExportClient
from flows.sources.amplitude.hours import (
    EMPTY,
    LANDED,
    PENDING,
    REFUSED,
    SOURCE,
    TOO_LARGE,
    Hour,
    HourLedger,
    windows_of,
)
from flows.sources.amplitude.personal import PersonalData

if TYPE_CHECKING:
    from pathlib import Path
    from zipfile import ZipInfo

ENTITY = "events"
STEP = "export amplitude"
ASKED_AT_ONCE = 3  # an hour that breaks is asked for so often in one run
MOST_ATTEMPTS = 9  # and in all, before a person has to say so
_MOST_NOTE = 300
_TOLD_EVERY = 10_000
_ADVICE = "; an hour that large comes by Amplitude's own export to a bucket: SNOWCAST_AMPLITUDE_URL"


@dataclass(frozen=True)
class _Sealed:
    """An hour as it will be, with its landing file, which is not visible yet."""

    hour: Hour
    writer: LandingWriter | None = None
    landed: LandedFile | None = None


@dataclass
class Exported:
    """What one export brought.

    Attributes:
        by_hour: The hours asked for, as they ended.
        bad_lines: Lines that are no record, by hour.
        failure: The error in which Amplitude stopped to answer.
    """

    by_hour: dict[datetime, Hour] = field(default_factory=dict)
    bad_lines: dict[datetime, int] = field(default_factory=dict)
    failure: SourceError | None = None

    @property
    def hours(self) -> list[Hour]:
        """The hours asked for, in order."""
        return [self.by_hour[hour] for hour in sorted(self.by_hour)]

    @property
    def events(self) -> int:
        """Events landed."""
        return sum(hour.events for hour in self.hours)

    def reports(self) -> tuple[FileReport, ...]:
        """The hours of which something was refused, as files are reported."""
        left_out = [
            FileReport(f"hour {hour.hour_at:%Y-%m-%dT%H}", FILE_REFUSED, f"{hour.state}: {hour.note}")
            for hour in self.hours
            if not hour.is_done
        ]
        bad = [
            FileReport(f"hour {hour:%Y-%m-%dT%H}", FILE_LANDED, f"{count} lines are no record", bad_lines=count)
            for hour, count in self.bad_lines.items()
        ]
        return (*left_out, *bad)


class Exporter:
    """Asks for hours and lands them.

    Args:
        client: The project.
        ledger: Its hours.
        landing_root: Root of the landing files.
        personal: What is taken out of events before they are landed.
        on_progress: Called with (hours done, hours in all).
    """

    def __init__(
        self,
        client: ExportClient,
        ledger: HourLedger,
        landing_root: Path,
        personal: PersonalData,
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._on_progress = on_progress
        self._client, self._ledger, self._root, self._personal = client, ledger, landing_root, personal
        self._exported = Exported()
        self._asked: Counter[datetime] = Counter()
        self._broken: Counter[datetime] = Counter()
        self._before: dict[datetime, int] = {}
        self._begun = time.monotonic()
        self._total = 0

    def export(self, hours: Sequence[datetime], window_hours: int) -> Exported:
        """Ask for the hours, so many at once; where Amplitude stops to answer, what is left stays pending.

        Raises:
            ConfigError: The keys are refused; what came before is landed.
        """
        self._total = len(hours)
        self._before = {hour: self._ledger.attempts(hour) for hour in hours}
        for window in windows_of(hours, window_hours):
            try:
                self._export_window(window)
            except SourceError as error:
                self._exported.failure = error
                break
        return self._exported

    def _export_window(self, window: list[datetime]) -> None:
        """Land a window, in halves where it is too large, hour by hour where it is broken.

        Hours land in order, and one that is left behind is written down together with those that passed it: a process
        that is killed leaves no hour that nobody asks for again.
        """
        waiting = [window]
        while waiting:
            hours = waiting.pop(0)
            self._asked.update(hours)
            try:
                waiting[:0] = self._land(hours)
            except TooLarge as reason:
                if len(hours) > 1:
                    middle = len(hours) // 2
                    waiting[:0] = [hours[:middle], hours[middle:]]
                else:
                    self._keep([self._leave_out(hours[0], TOO_LARGE, f"{reason}{_ADVICE}")])
            except BrokenArchive as reason:
                self._keep([self._unread(hour, str(reason)) for hour in hours])
                waiting[:0] = self._to_ask_again(hours)
            except SourceError as error:
                left = [hour for part in (hours, *waiting) for hour in part]
                self._keep([self._leave_out(hour, PENDING, str(error)) for hour in left])
                raise

    def _land(self, hours: list[datetime]) -> list[list[datetime]]:
        """Ask for hours and land those that can be read; returns what to ask for again.

        Raises:
            TooLarge: They are too much for one request.
            BrokenArchive: Nothing of the answer can be read.
        """
        broken: dict[datetime, str] = {}
        with ExitStack() as stack:
            archive = stack.enter_context(self._client.export(hours[0], hours[-1]))
            members = archive.members_by_hour(hours) if archive else {}
            sealed: list[_Sealed] = []
            for hour in hours:
                try:
                    sealed.append(self._seal(archive, members.get(hour, ()), hour, stack))
                except BrokenArchive as reason:
                    broken[hour] = str(reason)
            self._keep([*(one.hour for one in sealed), *(self._unread(*one) for one in broken.items())])
            for one in sealed:
                if one.writer and one.landed:
                    one.writer.reveal(one.landed)
        return self._to_ask_again(broken)

    def _seal(self, archive: Archive | None, members: Sequence[ZipInfo], hour: datetime, stack: ExitStack) -> _Sealed:
        """Write the events of an hour into a landing file that nobody sees yet."""
        if archive is None or not members:
            return _Sealed(self._hour(hour, EMPTY))
        writer = stack.enter_context(LandingWriter(self._root, SOURCE, ENTITY, hour))
        size = bad = 0
        for member in members:
            for line in archive.lines(member):
                size += line.size
                record = self._record_of(line)
                if record is not None:
                    writer.write(record)
                elif line.content.strip():
                    bad += 1
                    writer.write_line(_stand_in(line, member.filename))
                if writer.rows % _TOLD_EVERY == 0:
                    self._tell(writer.rows)
        landed = writer.seal()
        if landed is None:
            return _Sealed(self._hour(hour, EMPTY, files=len(members), bytes=size))
        if bad:
            self._exported.bad_lines[hour] = bad
        note = f"{bad} lines are no record: in the quarantine" if bad else None
        path, rows = landed.relative_path, writer.rows
        state = self._hour(hour, LANDED, files=len(members), events=rows, bytes=size, landed_file=path, note=note)
        return _Sealed(state, writer, landed)

    def _record_of(self, line: Line) -> dict[str, Any] | None:
        """The event of a line, without personal data; None where it is none, or too large."""
        if line.size > len(line.content):
            return None
        try:
            record = parse_json(line.content)
            return self._personal.protect(record) if isinstance(record, dict) else None
        except (ValueError, RecursionError):
            return None

    def _unread(self, hour: datetime, reason: str) -> Hour:
        """The hour as broken: refused where this run read it in vain often enough, and so did those before.

        Halves of a window and times without an answer are attempts, too, and say nothing about the hour.
        """
        self._broken[hour] += 1
        is_hopeless = self._broken[hour] >= ASKED_AT_ONCE and self._attempts(hour) >= MOST_ATTEMPTS
        return self._leave_out(hour, REFUSED if is_hopeless else PENDING, reason)

    def _to_ask_again(self, broken: Collection[datetime]) -> list[list[datetime]]:
        """Each broken hour by itself, but for those that broke often enough in this run."""
        again = [[hour] for hour in broken if self._broken[hour] < ASKED_AT_ONCE]
        if again:
            self._client.rest()
        return again

    def _keep(self, hours: Sequence[Hour]) -> None:
        self._ledger.record(hours)
        self._exported.by_hour |= {hour.hour_at: hour for hour in hours}
        self._tell(0)
        if self._on_progress:
            self._on_progress(len(self._exported.by_hour), self._total)

    def _leave_out(self, hour: datetime, state: str, reason: str) -> Hour:
        return self._hour(hour, state, note=reason[:_MOST_NOTE])

    def _hour(self, hour: datetime, state: str, **values: Any) -> Hour:
        return Hour(hour, state, attempts=self._attempts(hour), **values)

    def _attempts(self, hour: datetime) -> int:
        return self._before[hour] + self._asked[hour]

    def _tell(self, more: int) -> None:
        """How far the export has come: hours, events, and events a second."""
        events = self._exported.events + more
        rate = events / max(time.monotonic() - self._begun, 0.001)
        done = len(self._exported.by_hour)
        reporter().show_progress(STEP, f"{done:,} of {self._total:,} hours, {events:,} events, {rate:,.0f} a second")


def _stand_in(line: Line, member: str) -> bytes:
    """What is landed for a line that is no record: it may hold personal data, so only where it stands is told.

    It is no JSON, so that the load sends it to the quarantine as it does with every such line.
    """
    return f"no record: line {line.number} of {member}, {line.size:,} bytes".encode("utf-8", "replace")
