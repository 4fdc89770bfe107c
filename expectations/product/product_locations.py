"""Business rules of product_locations."""

from expectations.rules.product import spanned_by

RULES = spanned_by("location_key")
