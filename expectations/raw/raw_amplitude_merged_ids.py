"""Business rules of raw_amplitude_merged_ids."""

from __future__ import annotations

from expectations.rules.raw import RECORD_RULES

RULES = RECORD_RULES
