"""Business rules of dim_streamers."""

from expectations.rules.marts import ordered
from expectations.rules.rule import CRITICAL, WARNING, Computed, Rule

RULES = (
    ordered("first_seen_at", "last_seen_at"),
    ordered("last_live_at", "last_seen_at"),
    Rule(
        name="no streamer has two current rows",
        fails="_current_rows > 1",
        severity=CRITICAL,
        reason="one streamer_key for each platform and streamer_id; two rows double all that joins them",
        shows=("platform", "streamer_id"),
        helpers=(Computed("_current_rows", "count(*) over (partition by t.platform, t.streamer_id)"),),
    ),
    Rule(
        name="every streamer has a name",
        fails="streamer_name is null and platform <> 'livelogs'",
        severity=WARNING,
        reason="neither the users listing nor a stream named the streamer yet; live logs tell no names",
        shows=("streamer_id",),
    ),
)
