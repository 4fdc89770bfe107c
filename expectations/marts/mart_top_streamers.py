"""Business rules of mart_top_streamers."""

from expectations.rules.marts import measure_rules
from expectations.rules.rule import CRITICAL, Computed, Rule

_SAME_RANK = Computed("_same_rank", "count(*) over (partition by t.ranking_window, t.streamer_rank)")
_BETTER = Computed("_better", "lag(t.viewer_ms) over (partition by t.ranking_window order by t.streamer_rank)")

RULES = (
    *measure_rules(),
    Rule(
        name="a rank is held once",
        fails="_same_rank > 1",
        severity=CRITICAL,
        reason="ties are broken by streamer_key, so ranks are unique in a window",
        shows=("streamer_rank",),
        helpers=(_SAME_RANK,),
    ),
    Rule(
        name="a better rank was watched at least as much",
        fails="_better < viewer_ms",
        severity=CRITICAL,
        reason="streamers are ranked by hours watched",
        shows=("streamer_rank", "viewer_ms", "_better"),
        helpers=(_BETTER,),
    ),
)
