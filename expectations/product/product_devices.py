"""Business rules of product_devices."""

from expectations.rules.product import events_of, require_span
from expectations.rules.rule import warning

RULES = (
    *require_span("device_key"),
    events_of("device_key"),
    warning(
        "a device is of few users",
        "user_count > 20",
        "a device_id that many share is no device: a default of the app, or a test",
        *("device_id", "user_count"),
    ),
)
