"""Business rules of raw_billing_subscriptions."""

from expectations.rules.raw import RECORD_RULES, listed_once

RULES = (*RECORD_RULES, listed_once("subscription_id"))
