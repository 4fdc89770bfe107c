"""Business rules of raw_livelogs_gift_types."""

from expectations.rules.raw import RECORD_RULES, listed_once

RULES = (*RECORD_RULES, listed_once("giftID"))
