"""Business rules of raw_billing_payments."""

from expectations.rules.raw import RECORD_RULES, listed_once

RULES = (*RECORD_RULES, listed_once("payment_id"))
