"""Business rules of mart_top_streamers."""

from expectations.rules.marts import measure_rules
from expectations.rules.rule import Computed, critical

_SAME_RANK = Computed("_same_rank", "count(*) over (partition by t.ranking_window, t.streamer_rank)")
_BETTER = Computed("_better", "lag(t.viewer_ms) over (partition by t.ranking_window order by t.streamer_rank)")

RULES = (
    *measure_rules(),
    critical(
        "a rank is held once",
        "_same_rank > 1",
        "ties are broken by streamer_key, so ranks are unique in a window",
        *("streamer_rank", _SAME_RANK),
    ),
    critical(
        "a better rank was watched at least as much",
        "_better < viewer_ms",
        "streamers are ranked by hours watched",
        *("streamer_rank", "viewer_ms", "_better", _BETTER),
    ),
)
