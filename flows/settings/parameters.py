"""The parameters of the builds: what tables take from the settings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flows.settings.settings import Settings


def make_parameters(settings: Settings) -> dict[str, Any]:
    """Return the values that tables may name as parameters beside their inputs."""
    today = datetime.now(UTC).date()
    return {
        "gap_cap_seconds": settings.gap_cap_seconds,
        "sample_gap_cap_seconds": settings.sample_gap_cap_seconds,
        "today": today,
        "current_month": today.replace(day=1),
        "anonymous_user_ids": settings.livelogs_anonymous_ids,
        "point_value": settings.point_value,
        "currency": settings.currency,
        "decimal_comma": settings.decimal_comma,
        "shared_id_spaces": settings.shared_id_spaces,
        "thresholds": settings.thresholds,
        "spike_limits": settings.spike_limits,
        "product_properties": settings.product_properties,
        "tracked_properties": settings.product_tracked_properties,
    }
