"""The way of an alert as OPS.ALERTS tells it: decided, claimed, sent, and what became of it.

Nothing is sent before its pending row is committed. A process that is killed between that and the row of what became of
it leaves a pending row: the outcome is unknown, because Slack knows no repeats, and nothing sends it again by itself.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flows.settings import Settings
from transforms.catalog import models
from transforms.engine.ledgers import append_rows
from transforms.functions import DataFrame, Session
from transforms.marts import spike_alerts
from transforms.marts.spike_alerts import DECIDED, PENDING, RECOVERY, RELEASED, SENT, SPIKE
from transforms.ops import ALERTS

_TABLES = (
    *("mart_viewer_spikes", "stg_stream_samples", "stg_twitch_streams", "channel_history", "mart_concurrent_viewers"),
    "int_stream_observations",
)


@dataclass(frozen=True)
class Alert:
    """One thing that is told of one spike.

    Args:
        spike_key: Its episode, as it was when it was decided.
        kind: spike or recovery.
        stream_id: The broadcast.
        spiked_at: The sample by which it was decided, UTC without zone.
        attempt: The newest attempt to send it; 0: none.
        state: What has become of it.
        decided_at: UTC without zone.
        facts: What the message says; times as ISO text.
    """

    spike_key: str
    kind: str
    stream_id: str
    spiked_at: datetime
    attempt: int
    state: str
    decided_at: datetime
    facts: Mapping[str, Any]


class AlertLedger:
    """Alerts of one warehouse.

    Args:
        session: Where tables and ledger are.
        settings: The run's.
        run_id: The run that decides and sends.
        now: UTC.
    """

    def __init__(self, session: Session, settings: Settings, run_id: str, now: datetime) -> None:
        self._session, self._settings, self._run_id = session, settings, run_id
        self._now = now.astimezone(UTC).replace(tzinfo=None)
        self._alerts = session.table(ALERTS.full_name(settings.database))
        self._cooldown_ms = settings.spike_limits.cooldown_us // 1000

    def read_unfinished(self) -> list[Alert]:
        """Read what is to be sent, what is of unknown outcome, and what was sent and is not yet over."""
        rows = spike_alerts.find_unfinished(self._alerts).collect()
        return [Alert(r[0], r[1], r[2], r[3], int(r[4]), r[5], r[6], json.loads(r[7])) for r in rows]

    def find_new(self) -> list[Alert]:
        """Find the spikes that nobody was told of."""
        since = self._now - timedelta(minutes=self._settings.alert_minutes)
        training = self._settings.spike_training_minutes
        found = spike_alerts.find_new_spikes(self._tables(), since, self._cooldown_ms, training)
        rows = found.sort("started_at", "spike_key").collect()
        return [self._decide(SPIKE, dict(zip(spike_alerts.NEW_SPIKE, row, strict=True))) for row in rows]

    def find_recovered(self, told: Sequence[Alert]) -> list[Alert]:
        """Find which of the told spikes are over."""
        if not told:
            return []
        from transforms.contract import TEXT, TIMESTAMP, Column
        from transforms.engine.ledgers import build_frame

        of_key = {alert.spike_key: alert for alert in told}
        columns = [Column("told_key", TEXT, "alert"), Column("told_stream_id", TEXT, "its stream")]
        columns.append(Column("spiked_at", TIMESTAMP, "its sample"))
        rows = [
            {"told_key": one.spike_key, "told_stream_id": one.stream_id, "spiked_at": one.spiked_at} for one in told
        ]
        frame = build_frame(self._session, rows, columns)
        found = spike_alerts.find_recovered(self._tables(), frame, self._cooldown_ms)
        names = [name.lower() for name in found.columns]
        over = [dict(zip(names, row, strict=True)) for row in found.sort("told_key").collect()]
        return [self._decide(RECOVERY, {**of_key[one["told_key"]].facts, **one}) for one in over]

    def write_decided(self, alerts: Sequence[Alert]) -> None:
        """Write down what is to be told; what another run has decided meanwhile stays as it is."""
        if alerts:
            append_rows(self._session, ALERTS, [self._row(one, 0, DECIDED, facts=one.facts) for one in alerts])

    def claim(self, alerts: Sequence[Alert]) -> str | None:
        """Write down that a message of these alerts is about to be sent; None where another run claimed one of them."""
        message_id = uuid.uuid4().hex
        rows = [self._row(one, one.attempt + 1, PENDING, message_id=message_id) for one in alerts]
        taken = append_rows(self._session, ALERTS, rows)
        if taken == len(rows):
            return message_id
        if taken:
            self._release_mine(message_id)
        return None

    def record(self, alerts: Sequence[Alert], message_id: str, state: str, reason: str | None) -> None:
        """Write down what became of the message of these alerts."""
        rows = [self._row(one, one.attempt + 1, state, message_id=message_id, reason=reason) for one in alerts]
        append_rows(self._session, ALERTS, rows)

    def end(self, alerts: Sequence[Alert], state: str, reason: str) -> None:
        """Write down a state of alerts of which no attempt is under way: dropped, or released after all."""
        if alerts:
            append_rows(self._session, ALERTS, [self._row(one, one.attempt, state, reason=reason) for one in alerts])

    def _release_mine(self, message_id: str) -> None:
        """Give back the alerts of a digest of which another run has taken others."""
        from snowflake.snowpark.functions import col, lit

        mine = self._alerts.filter((col("message_id") == lit(message_id)) & (col("state") == lit(PENDING))).collect()
        reason = "another run sends others of this digest"
        rows = [{**row.as_dict(), "STATE": RELEASED, "REASON": reason, "RECORDED_AT": self._now} for row in mine]
        append_rows(self._session, ALERTS, [{name.lower(): value for name, value in row.items()} for row in rows])

    def _decide(self, kind: str, found: Mapping[str, Any]) -> Alert:
        kept = {name: found[name] for name in found if name not in ("streamer_key", "told_key")}
        plain = ((name, value.isoformat() if isinstance(value, datetime) else value) for name, value in kept.items())
        facts = {name: value for name, value in plain if value is not None}
        spiked_at = datetime.fromisoformat(facts["started_at"])
        key = str(found["told_key"] if kind == RECOVERY else found["spike_key"])
        return Alert(key, kind, str(facts["stream_id"]), spiked_at, 0, DECIDED, self._now, facts)

    def _row(self, alert: Alert, attempt: int, state: str, **values: Any) -> dict[str, Any]:
        known = {"spike_key": alert.spike_key, "kind": alert.kind, "attempt": attempt, "state": state}
        of_run = {"run_id": self._run_id, "recorded_at": datetime.now(UTC) if state == SENT else self._now}
        return {**known, "stream_id": alert.stream_id, "spiked_at": alert.spiked_at, **of_run, **values}

    def _tables(self) -> dict[str, DataFrame]:
        tables = {name: models()[name].table.full_name(self._settings.database) for name in _TABLES}
        return {**{name: self._session.table(full) for name, full in tables.items()}, "alerts": self._alerts}
