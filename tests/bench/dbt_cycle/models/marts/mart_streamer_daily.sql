{{ config(unique_key=['streamer_key', 'date_day']) }}
with summed as (
    select
        streamer_key, platform, streamer_id, date_day,
        max(peak_viewers) as peak_viewers,
        sum(case when is_start_day then 1 else 0 end) as streams_started,
        cast(sum(viewer_ms) as bigint) as viewer_ms,
        cast(sum(covered_ms) as bigint) as covered_ms
    from {{ ref('fact_stream_days') }}
    {% if is_incremental() %}
    where date_day in (
        select date_day from {{ ref('fact_stream_days') }} {{ newer('newest_snapshot_at', 'newest_snapshot_at') }}
    )
    {% endif %}
    group by streamer_key, platform, streamer_id, date_day
),

newest as (
    select date_day as newest_day, max(newest_snapshot_at) as newest_snapshot_at
    from {{ ref('fact_stream_days') }} group by date_day
)

select summed.*, newest_snapshot_at, {{ watched() }}
from summed left join newest on date_day = newest_day
