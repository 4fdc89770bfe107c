"""Business rules of int_streamer_events."""

from expectations.rules.activity import feature_rules, identity_rules
from transforms.activity.int_streamer_events import TABLE

RULES = (*identity_rules(), *feature_rules(TABLE))
