"""Business rules of int_viewer_events."""

from expectations.rules.activity import feature_rules, identity_rules
from transforms.activity.int_viewer_events import TABLE

RULES = (*identity_rules(), *feature_rules(TABLE))
