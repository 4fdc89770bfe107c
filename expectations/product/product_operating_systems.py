"""Business rules of product_operating_systems."""

from expectations.rules.product import spanned_by

RULES = spanned_by("os_key")
