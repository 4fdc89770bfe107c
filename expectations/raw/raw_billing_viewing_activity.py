"""Business rules of raw_billing_viewing_activity."""

from __future__ import annotations

from expectations.rules.raw import RECORD_RULES, listed_once

RULES = (*RECORD_RULES, listed_once("user_id", "watch_date"))
