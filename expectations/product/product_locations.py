"""Business rules of product_locations."""

from expectations.rules.product import require_span

RULES = require_span("location_key")
