"""Business rules of product_operating_systems."""

from expectations.rules.product import require_span

RULES = require_span("os_key")
