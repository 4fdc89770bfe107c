"""Business rules of viewer_activity."""

from expectations.rules.activity import stream_rules
from transforms.activity.viewer_activity import TABLE

RULES = stream_rules(TABLE, "int_viewer_events")
