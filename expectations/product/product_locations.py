"""Business rules of product_locations."""

from __future__ import annotations

from expectations.rules.product import spanned_by

RULES = spanned_by("location_key")
