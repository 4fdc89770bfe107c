"""Business rules of dim_streamers."""

from expectations.rules.marts import require_order
from expectations.rules.rule import Computed, critical, warning

RULES = (
    require_order("first_seen_at", "last_seen_at"),
    require_order("last_live_at", "last_seen_at"),
    critical(
        "no streamer has two current rows",
        "_current_rows > 1",
        "one streamer_key for each platform and streamer_id; two rows double all that joins them",
        *("platform", "streamer_id"),
        Computed("_current_rows", "count(*) over (partition by t.platform, t.streamer_id)"),
    ),
    warning(
        "every streamer has a name",
        "streamer_name is null and platform <> 'livelogs'",
        "neither the users listing nor a stream named the streamer yet; live logs tell no names",
        "streamer_id",
    ),
)
