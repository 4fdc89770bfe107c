"""Business rules of product_devices."""

from __future__ import annotations

from expectations.rules.product import events_of, spanned_by
from expectations.rules.rule import WARNING, Rule

RULES = (
    *spanned_by("device_key"),
    events_of("device_key"),
    Rule(
        name="a device is of few users",
        fails="user_count > 20",
        severity=WARNING,
        reason="a device_id that many share is no device: a default of the app, or a test",
        shows=("device_id", "user_count"),
    ),
)
