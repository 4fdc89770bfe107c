"""Activities out to Amplitude, each once, whatever ends a run half-way.

    ACTIVITY.*_ACTIVITY ──▶ what has no state in     ──▶ pending row ──▶ upload ──▶ sent, rejected or
                            OPS.PUBLICATIONS, in order    committed       (paced)    released: a row each
                            of time, claimed by 10,000

The library amplitude-analytics (1.3) does not serve here: it queues events in memory and sends them from threads, so
a killed process loses what it has not sent; it gives a lost answer up after some tries without saying that the events
may have arrived, and a refused key leaves no verdict at all. So uploads are made with httpx and tenacity, and each
answer is turned into a verdict per event before the next upload is made.

Amplitude drops an insert_id that it had from the same device within seven days; the ledger takes over from there. An
attempt without a verdict that is older than that is not sent again by itself, because it might arrive twice: it is
held back and reported; `--again unconfirmed` sends it. `--again rejected` sends what was rejected, as its row is now.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from flows.errors import ConfigError
from flows.publish_to.amplitude.client import AmplitudeClient, Target
from flows.publish_to.outbox import Outbox, Queue, hold_lock
from flows.publish_to.outgoing import Verdict
from flows.reporting import reporter
from flows.settings import Settings
from transforms.activity.publications import PENDING, REJECTED, RELEASED, SENT
from transforms.functions import DataFrame, Session

AGAIN = ("rejected", "unconfirmed")
_STEP = "publish to amplitude"
_SAMPLES = 3
_MOST_TOLD = 20


@dataclass
class Published:
    """What one run published, or would.

    Attributes:
        destination: How OPS.PUBLICATIONS calls the project.
        is_dry_run: Nothing was sent or written.
        waiting: Events that were to be sent, by activity.
        sent: Events that were taken, by activity.
        rejected: Events that never will be, by activity.
        released: Events that were surely not taken and wait for the next run, by activity.
        reasons: Why events were rejected, the first ones.
        held_back: Attempts without a verdict that Amplitude may have forgotten: not sent again by themselves.
        changed: Of a dry run: sent events whose row gives another event by now; they stay as they were sent.
        gone: Of a dry run: sent events without a row by now.
        samples: Of a dry run: the first events as they would be sent.
    """

    destination: str
    is_dry_run: bool = False
    waiting: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    released: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)
    held_back: int = 0
    changed: int = 0
    gone: int = 0
    samples: list[dict[str, Any]] = field(default_factory=list)

    def take(self, verdicts: Sequence[Verdict]) -> None:
        """Count what became of events."""
        counters = {SENT: self.sent, REJECTED: self.rejected, RELEASED: self.released}
        for verdict in verdicts:
            counters[verdict.status][verdict.outgoing.activity] += 1
            if verdict.status == REJECTED and len(self.reasons) < _MOST_TOLD:
                self.reasons.append(f"{verdict.outgoing.activity} {verdict.outgoing.activity_id}: {verdict.reason}")

    def unknown(self) -> int:
        """Return events of this run without a verdict: they stay pending, and the next run sends them again."""
        done = self.sent.total() + self.rejected.total() + self.released.total()
        return 0 if self.is_dry_run else self.waiting.total() - done

    def line(self) -> str:
        """Return what happened, in one line."""
        left, done = self.released.total(), "to send" if self.is_dry_run else "sent"
        count = (self.waiting if self.is_dry_run else self.sent).total()
        parts = [
            f"{count:,} {done}" if self.waiting else f"nothing {done if self.is_dry_run else 'new'}",
            f"{self.rejected.total():,} rejected" if self.rejected else "",
            f"{left:,} left for the next run" if left else "",
            f"{unknown:,} not counted by Amplitude: the next run sends them again"
            if (unknown := self.unknown())
            else "",
            f"{self.held_back:,} held back: it is unknown if they arrived" if self.held_back else "",
        ]
        return f"{self.destination}: {', '.join(part for part in parts if part)}"


def publish(
    session: Session,
    settings: Settings,
    *,
    run_id: str,
    activities: Sequence[str] = (),
    dry_run: bool = False,
    again: Sequence[str] = (),
) -> Published:
    """Send what the project of the settings has not got yet.

    Args:
        session: Where the streams and the ledger are.
        settings: The run's.
        run_id: The run that publishes.
        activities: Activities to publish; none: those of the settings.
        dry_run: Count and show what would be sent; write and send nothing.
        again: rejected, unconfirmed or both: what else is sent.

    Raises:
        ConfigError: An activity is not known, the key is missing or refused, or another run publishes.
        SourceError: Amplitude did not answer; what it has not confirmed is sent by the next run.
    """
    chosen = choose_activities(activities or settings.amplitude_activities)
    target = choose_target(settings)
    outbox = Outbox(session, settings.database, _read_streams(session, settings, chosen), chosen, target.name, run_id)
    published = Published(target.name, dry_run)
    if not dry_run and "rejected" in again:
        outbox.release_rejected()
    if "unconfirmed" not in again:
        forgotten = (row["count"] for row in outbox.counts() if row["status"] == PENDING and not row["is_fresh"])
        published.held_back = sum(forgotten)
    if dry_run:
        return _preview(outbox, published)
    lock = hold_lock(settings.home / "publish-amplitude.lock", "publishes to Amplitude")
    with lock, outbox.queue(with_forgotten="unconfirmed" in again) as queue:
        _send(outbox, queue, target, published)
    is_unusual = published.rejected or published.released or published.held_back or published.unknown()
    reporter().show_result(_STEP, published.line(), "warning" if is_unusual else "ok")
    return published


def choose_activities(names: Sequence[str]) -> list[str]:
    """Return the named activities, or all that the streams know.

    Raises:
        ConfigError: One is not known; the message names near ones.
    """
    from transforms.activity.definitions.registry import list_known_activities

    known = list(list_known_activities())
    if unknown := [name for name in names if name not in known]:
        near = difflib.get_close_matches(unknown[0], known, n=3, cutoff=0.5)
        raise ConfigError(
            f"There is no activity {unknown[0]!r}. "
            + (f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known)}.")
        )
    return list(names) or known


def choose_target(settings: Settings) -> Target:
    """Return where the settings publish to: a project of Amplitude, or the sandbox, started if it does not run.

    Raises:
        ConfigError: A host is set and no key.
        SourceError: The sandbox does not start.
    """
    if settings.publishes_to_sandbox:
        from flows.services.sandbox import ensure_sandbox

        sandbox = ensure_sandbox(settings)
        place, url, key = "sandbox", sandbox.amplitude_url, SecretStr(sandbox.amplitude_key)
    elif settings.amplitude_api_key is None:
        raise ConfigError("SNOWCAST_AMPLITUDE_HOST is set, SNOWCAST_AMPLITUDE_API_KEY is not. Set the project's key.")
    else:
        url, key = settings.amplitude_upload_url, settings.amplitude_api_key
        place = url.partition("://")[2]
    fingerprint = hashlib.sha256(key.get_secret_value().encode()).hexdigest()[:8]
    return Target(
        name=settings.amplitude_project or f"{place}/{fingerprint}",
        url=url + settings.amplitude_path,
        api_key=key,
        mode=settings.amplitude_mode,
        min_id_length=settings.amplitude_min_id_length,
        events_per_second=settings.amplitude_events_per_second,
        retry_seconds=settings.amplitude_retry_seconds,
    )


def _read_streams(session: Session, settings: Settings, activities: Sequence[str]) -> list[DataFrame]:
    """Return the streams that have the activities."""
    from transforms.activity.definitions.registry import list_known_activities
    from transforms.catalog import models

    names = sorted({list_known_activities()[name].stream for name in activities})
    return [session.table(models()[name].table.full_name(settings.database)) for name in names]


def _send(outbox: Outbox, queue: Queue, target: Target, published: Published) -> None:
    with AmplitudeClient(target) as client:
        for part in queue.slices:
            published.waiting.update(outgoing.activity for outgoing in part)
            with outbox.recording() as record:
                for verdicts in client.send(part):
                    record(verdicts)
                    published.take(verdicts)
                    done = published.sent.total() + published.rejected.total() + published.released.total()
                    reporter().show_progress(_STEP, f"{done:,} of {queue.total:,} events")


def _preview(outbox: Outbox, published: Published) -> Published:
    """Return what a run would send."""
    from snowflake.snowpark.functions import col, to_json

    new = outbox.new_events()
    published.waiting = Counter({row[0]: int(row[1]) for row in new.group_by("activity").count().collect()})
    for row in outbox.counts():
        if row["status"] == PENDING and row["is_fresh"]:
            published.waiting[row["activity"]] += row["count"]
    first = new.sort("ts", "activity_id").limit(_SAMPLES).select(to_json(col("event")))
    published.samples = [json.loads(row[0]) for row in first.collect()]
    published.changed, published.gone = outbox.count_changed()
    reporter().show_result(_STEP, published.line(), "skipped")
    return published
