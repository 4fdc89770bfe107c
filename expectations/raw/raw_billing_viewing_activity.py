"""Business rules of raw_billing_viewing_activity."""

from expectations.rules.raw import RECORD_RULES, listed_once

RULES = (*RECORD_RULES, listed_once("user_id", "watch_date"))
