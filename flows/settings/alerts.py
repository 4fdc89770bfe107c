"""Settings of spikes and of the alerts about them: what a spike is, whom it is told, and when nobody is told."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

if TYPE_CHECKING:
    from transforms.marts.mart_viewer_spikes import SpikeLimits

_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_LOCAL = ("http://127.0.0.1", "http://localhost")


class AlertSettings(BaseSettings):
    """The part of the settings that spikes and alerts need."""

    spike_viewers: int = Field(default=10_000, description="a stream with so many viewers spikes, whoever it is", ge=1)
    spike_ratio: float = Field(
        default=3.0, description="a stream with so many times its own usual viewers spikes", gt=1
    )
    spike_least_viewers: int = Field(
        default=100, description="with fewer viewers nothing is a spike, however small the usual is", ge=1
    )
    spike_training_minutes: int = Field(
        default=120, description="the usual is the median of the stream's samples of so many minutes before", ge=1
    )
    spike_min_samples: int = Field(
        default=5,
        description="with fewer samples in that time nothing is usual: only SNOWCAST_SPIKE_VIEWERS counts",
        ge=1,
    )
    spike_cooldown_minutes: float = Field(
        default=30,
        description="a spike is over when the stream was below for so long; until then it is one spike",
        gt=0,
    )

    slack_webhook_url: SecretStr | None = Field(
        default=None, description="incoming webhook of Slack that alerts are sent to; none: they are only kept in OPS"
    )
    slack_webhook_block: str | None = Field(
        default=None, description="or the name of a Prefect SlackWebhook block that holds it"
    )
    slack_timeout_seconds: float = Field(
        default=10, description="give up waiting for Slack's answer after so long", gt=0
    )
    slack_retry_seconds: float = Field(
        default=2,
        description="first pause before a message is tried again where Slack fails; each next one is twice it",
        gt=0,
    )
    alert_timezone: str = Field(
        default="UTC", description="time zone of quiet hours and of the times in messages: Europe/Berlin"
    )
    alert_quiet_hours: str | None = Field(
        default=None, description="hours in which nothing is sent: 22:00-07:00; what is held is sent after them"
    )
    alert_digest_above: int = Field(
        default=5, description="more streams than this at once are told in one message", ge=1
    )
    alert_minutes: float = Field(
        default=60, description="what has been over, or could not be sent, for longer is not told any more", gt=0
    )

    quarantine_alert_records: int = Field(
        default=100, description="a run that quarantines more records than this tells it to Prefect", ge=0
    )

    @field_validator("alert_timezone")
    @classmethod
    def _check_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("is no time zone; write it as Europe/Berlin or UTC") from None
        return value

    @field_validator("alert_quiet_hours")
    @classmethod
    def _check_hours(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not _QUIET.fullmatch(value):
            raise ValueError("must be two times of the day: 22:00-07:00")
        begin, end = value.split("-")
        if begin == end:
            raise ValueError("begin and end are the same: nothing would ever be sent")
        return value

    @field_validator("slack_webhook_url")
    @classmethod
    def _check_webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith(("https://", *_LOCAL)):
            raise ValueError("must begin with https://")
        return value

    @property
    def spike_limits(self) -> SpikeLimits:
        """What a spike is, as its table needs it."""
        from transforms.marts.mart_viewer_spikes import SpikeLimits

        return SpikeLimits(**{field.name: getattr(self, f"spike_{field.name}") for field in fields(SpikeLimits)})

    @property
    def alert_zone(self) -> ZoneInfo:
        """The time zone of quiet hours and messages."""
        return ZoneInfo(self.alert_timezone)

    @property
    def quiet_hours(self) -> tuple[time, time] | None:
        """Begin and end of the quiet hours, in the time zone of the alerts."""
        if self.alert_quiet_hours is None:
            return None
        begin, end = self.alert_quiet_hours.split("-")
        return time.fromisoformat(begin), time.fromisoformat(end)

    def quiet_until(self, at: datetime) -> datetime | None:
        """Return the end of the quiet hours that a moment (with a zone) lies in, which may go past midnight, if any."""
        if self.quiet_hours is None:
            return None
        begin, end = self.quiet_hours
        local = at.astimezone(self.alert_zone)
        moment = local.time()
        is_late = begin > end and moment >= begin
        if not (is_late or (moment < end if begin > end else begin <= moment < end)):
            return None
        day = local.date() + timedelta(days=1 if is_late else 0)
        return datetime.combine(day, end, self.alert_zone)
