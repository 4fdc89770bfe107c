"""Business rules of streamer_activity."""

from expectations.rules.activity import stream_rules
from transforms.activity.streamer_activity import TABLE

RULES = stream_rules(TABLE, "int_streamer_events")
