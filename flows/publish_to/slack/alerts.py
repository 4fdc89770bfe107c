"""Alerts of spikes out to Slack, one message each, whatever ends a run half-way.

    MART_VIEWER_SPIKES ──▶ episodes without an alert ──▶ decided ──▶ pending ──▶ message ──▶ sent, rejected or
                           told ones that are over       (OPS.ALERTS, a row each)              released: a row each

What is told comes from rows of OPS alone, so a restart repeats nothing. In quiet hours alerts are decided and wait. A
recovery is decided when the alert was sent. A message that Slack may have taken and did not answer for stays pending
and is not sent again: `--again unconfirmed` does that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.publish_to.outbox import hold_lock
from flows.publish_to.slack.client import Delivery, SlackWebhook, find_webhook
from flows.publish_to.slack.ledger import Alert, AlertLedger
from flows.publish_to.slack.messages import write_digest, write_message
from flows.reporting import Mark, reporter
from flows.settings import Settings
from transforms.functions import Session
from transforms.marts.spike_alerts import DECIDED, DROPPED, PENDING, RECOVERY, REJECTED, RELEASED, SENT, SPIKE

AGAIN = ("unconfirmed",)
_STEP = "alert"


@dataclass
class Told:
    """What one run told, or would.

    Attributes:
        is_dry_run: Nothing was sent or written.
        decided: Alerts that were decided, by kind.
        messages: What is to be sent: each with the number of alerts in it and its text.
        states: Alerts by what became of them.
        held_until: The end of the quiet hours for which messages wait.
        reasons: Why messages were not sent, each once.
        unconfirmed: Alerts of earlier runs of which nobody knows if they arrived.
        is_misconfigured: Only a person can make Slack take them.
    """

    is_dry_run: bool = False
    decided: Counter[str] = field(default_factory=Counter)
    messages: list[dict[str, Any]] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    held_until: str | None = None
    reasons: list[str] = field(default_factory=list)
    unconfirmed: int = 0
    is_misconfigured: bool = False

    def line(self) -> str:
        """Return what happened, in one line."""
        names = {SENT: "sent", RELEASED: "left for the next run", REJECTED: "rejected", DROPPED: "not sent"}
        parts = [f"{self.decided[SPIKE]} new" if self.decided[SPIKE] else ""]
        parts += [f"{self.decided[RECOVERY]} over" if self.decided[RECOVERY] else ""]
        parts += [f"{len(self.messages)} to send" if self.is_dry_run and self.messages else ""]
        parts += [f"{self.states[state]} {name}" for state, name in names.items() if self.states[state]]
        parts += [f"{self.states[DECIDED]} held until {self.held_until}" if self.states[DECIDED] else ""]
        unknown = self.unconfirmed + self.states[PENDING]
        parts += [f"{unknown} of unknown outcome: look into the channel" if unknown else ""]
        told = ", ".join(part for part in parts if part) or "nothing new"
        return f"{told}; {'; '.join(self.reasons)}" if self.reasons else told

    @property
    def has_written(self) -> bool:
        """Whether OPS.ALERTS has rows of the run."""
        return not self.is_dry_run and bool(self.decided or self.states.total() - self.states[DECIDED])

    @property
    def mark(self) -> Mark:
        """Whether all is well."""
        is_late = self.states[RELEASED] or self.states[REJECTED] or self.states[PENDING] or self.unconfirmed
        return "warning" if is_late or self.is_misconfigured else "ok"

    def take(self, alerts: Sequence[Alert], delivery: Delivery) -> None:
        """Count what became of a message."""
        self.states[delivery.state] += len(alerts)
        self.is_misconfigured |= delivery.is_misconfigured
        if delivery.reason and delivery.reason not in self.reasons:
            self.reasons.append(delivery.reason)


def tell(
    session: Session,
    settings: Settings,
    *,
    run_id: str,
    dry_run: bool = False,
    again: Sequence[str] = (),
    now: datetime | None = None,
) -> Told:
    """Decide what is to be told of spikes, and send it.

    Args:
        session: Where the tables and the ledger are.
        settings: The run's.
        run_id: The run that tells.
        dry_run: Show what would be sent; write and send nothing.
        again: unconfirmed: send also what may have arrived.
        now: The time; None: the present.

    Raises:
        ConfigError: Another run tells, or no webhook of that name is there.
    """
    moment = now or datetime.now(UTC)
    webhook = find_webhook(settings)
    told = Told(is_dry_run=dry_run)
    ledger = AlertLedger(session, settings, run_id, moment)
    with hold_lock(settings.home / "alert.lock", "sends alerts"):
        waiting = _decide(ledger, settings, told, again, moment)
        due = _drop_what_is_too_old(ledger, settings, waiting, moment, told)
        quiet_until = settings.quiet_until(moment)
        if due and quiet_until and not dry_run:
            told.states[DECIDED], told.held_until = len(due), f"{quiet_until:%H:%M} {settings.alert_timezone}"
        elif due and webhook is None and not dry_run:
            reason = "no webhook is set: SNOWCAST_SLACK_WEBHOOK_URL"
            ledger.end(due, DROPPED, reason)
            told.take(due, Delivery(DROPPED, reason))
        else:
            _send(ledger, settings, webhook, due, told)
    reporter().show_result(_STEP, told.line(), "skipped" if dry_run else told.mark)
    return told


def _decide(ledger: AlertLedger, settings: Settings, told: Told, again: Sequence[str], now: datetime) -> list[Alert]:
    """Write down what is new and what is over; returns everything that is to be sent."""
    unfinished = _give_up_unknown(ledger, settings, told, now)
    sent = [one for one in unfinished if one.state == SENT]
    unknown = [one for one in unfinished if one.state == PENDING]
    waiting = [one for one in unfinished if one.state in (DECIDED, RELEASED)]
    if "unconfirmed" not in again:
        told.unconfirmed = len(unknown)
    else:
        waiting += unknown
        if not told.is_dry_run:
            ledger.end(unknown, RELEASED, "to be sent again, though it may have arrived")
    new = [*ledger.find_new(), *ledger.find_recovered(sent)]
    if not told.is_dry_run:
        ledger.write_decided(new)
    told.decided.update(one.kind for one in new)
    return [*waiting, *new]


def _give_up_unknown(ledger: AlertLedger, settings: Settings, told: Told, now: datetime) -> list[Alert]:
    """Read what is unfinished; what has been of unknown outcome for too long is not asked about any more."""
    unfinished = ledger.read_unfinished()
    old = [one for one in unfinished if one.state == PENDING and _is_too_old(settings, one, now)]
    if old and not told.is_dry_run:
        ledger.end(old, DROPPED, "nobody knows if it arrived, and it is too late to send it again")
    return [one for one in unfinished if one not in old]


def _drop_what_is_too_old(
    ledger: AlertLedger, settings: Settings, waiting: Sequence[Alert], now: datetime, told: Told
) -> list[Alert]:
    """Return what is still worth telling."""
    old = [one for one in waiting if _is_too_old(settings, one, now)]
    if old and not told.is_dry_run:
        reason = f"could not be sent within {settings.alert_minutes:g} minutes"
        ledger.end(old, DROPPED, reason)
        told.take(old, Delivery(DROPPED, reason))
    return [one for one in waiting if one not in old]


def _is_too_old(settings: Settings, alert: Alert, now: datetime) -> bool:
    """Whether it was decided too long ago; the time in quiet hours does not count."""
    decided_at = alert.decided_at.replace(tzinfo=UTC)
    since = settings.quiet_until(decided_at) or decided_at
    return since + timedelta(minutes=settings.alert_minutes) < now


def _send(ledger: AlertLedger, settings: Settings, webhook: Any, due: Sequence[Alert], told: Told) -> None:
    """Send spikes before recoveries, one message each, or one for all of a kind where they are many."""
    parts = [part for kind in (SPIKE, RECOVERY) for part in _group(due, kind, settings.alert_digest_above)]
    if told.is_dry_run or webhook is None:
        told.messages = [{"alerts": len(part), **_write(part, settings)} for part in parts]
        return
    with SlackWebhook(webhook, settings.slack_timeout_seconds, settings.slack_retry_seconds) as client:
        for part in parts:
            if told.is_misconfigured or told.states[RELEASED]:  # the next message would fare no better
                told.states[RELEASED] += len(part)
                continue
            if message_id := ledger.claim(part):
                delivery = client.send(_write(part, settings))
                if delivery.state != PENDING:
                    ledger.record(part, message_id, delivery.state, delivery.reason)
                told.take(part, delivery)


def _group(due: Sequence[Alert], kind: str, most: int) -> Iterator[list[Alert]]:
    alerts = [one for one in due if one.kind == kind]
    if len({one.stream_id for one in alerts}) > most:
        yield alerts
    else:
        yield from ([one] for one in alerts)


def _write(part: Sequence[Alert], settings: Settings) -> dict[str, Any]:
    if len(part) == 1:
        return write_message(part[0].kind, part[0].facts, settings.alert_zone)
    return write_digest(part[0].kind, [one.facts for one in part], settings.alert_zone)
