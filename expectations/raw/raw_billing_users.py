"""Business rules of raw_billing_users."""

from expectations.rules.raw import RECORD_RULES, listed_once

RULES = (*RECORD_RULES, listed_once("user_id"))
