"""Business rules of raw_identity_links."""

from expectations.rules.raw import RECORD_RULES

RULES = RECORD_RULES
