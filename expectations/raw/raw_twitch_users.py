"""Business rules of raw_twitch_users."""

from expectations.rules.raw import RECORD_RULES

RULES = RECORD_RULES
