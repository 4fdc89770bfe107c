{{ config(unique_key=['game_id', 'date_day']) }}
with peaks as (
    select scope_id, date_day as peak_day, max(viewers) as concurrent_peak
    from {{ ref('mart_concurrent_viewers') }} where scope = 'game' group by scope_id, date_day
),

summed as (
    select
        game_id, date_day,
        max(peak_viewers) as highest_sample,
        sum(case when is_start_day then 1 else 0 end) as streams_started,
        cast(sum(viewer_ms) as bigint) as viewer_ms,
        cast(sum(covered_ms) as bigint) as covered_ms,
        max(newest_snapshot_at) as newest_snapshot_at
    from {{ ref('fact_stream_days') }}
    {% if is_incremental() %}
    where date_day in (
        select date_day from {{ ref('fact_stream_days') }} {{ newer('newest_snapshot_at', 'newest_snapshot_at') }}
    )
    {% endif %}
    group by game_id, date_day
)

select
    game_id, date_day, coalesce(concurrent_peak, highest_sample) as peak_viewers,
    streams_started, viewer_ms, covered_ms, newest_snapshot_at, {{ watched() }}
from summed left join peaks on game_id = scope_id and date_day = peak_day
