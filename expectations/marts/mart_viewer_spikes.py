"""Business rules of mart_viewer_spikes."""

from expectations.rules.marts import require_order
from expectations.rules.rule import Lookup, critical

_NEXT = Lookup(
    "next",
    "select spike_key, lead(started_at) over (partition by stream_id order by started_at) as started_at "
    "from {mart_viewer_spikes} where stream_id in (select stream_id from {batch} b)",
    ("started_at",),
    "next.spike_key = t.spike_key",
)

RULES = (
    require_order("started_at", "peak_at"),
    require_order("peak_at", "last_spike_at"),
    critical(
        "an episode is closed behind its last spike, or open",
        "closed_at <= last_spike_at or is_open <> (closed_at is null) or (closed_at is null) <> "
        "(closed_viewers is null)",
        "recovery is told by closed_at: it would come too early, or never",
        *("last_spike_at", "closed_at", "closed_viewers", "is_open"),
    ),
    critical(
        "the peak is not below the first sample",
        "peak_viewers < first_viewers",
        "the first sample is one of those whose highest is the peak",
        *("peak_viewers", "first_viewers"),
    ),
    critical(
        "a spike of the ratio has a usual level below it",
        "spike_rule <> 'threshold' and (usual_viewers is null or usual_viewers >= first_viewers)",
        "it was compared with nothing, or is no spike",
        *("spike_rule", "usual_viewers", "first_viewers"),
    ),
    critical(
        "no episode of a stream begins before the one before is over",
        "next_started_at <= coalesce(closed_at, last_spike_at)",
        "one spike would be told twice; rebuild it with --full-refresh",
        *("started_at", "closed_at", "next_started_at", _NEXT),
    ),
)
