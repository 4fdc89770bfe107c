{{ config(unique_key='stream_id') }}
with samples as (
    select *, max(viewer_count) over (partition by stream_id) as highest
    from {{ ref('fact_stream_snapshots') }}
    {% if is_incremental() %}
    where stream_id in (
        select stream_id from {{ ref('fact_stream_snapshots') }} {{ newer('snapshot_at', 'last_seen_at') }}
    )
    {% endif %}
),

summed as (
    select
        stream_id,
        max_by(platform, snapshot_at) as platform,
        max_by(streamer_key, snapshot_at) as streamer_key,
        max_by(streamer_id, snapshot_at) as streamer_id,
        min(started_at) as started_at,
        min(snapshot_at) as first_seen_at,
        max(snapshot_at) as last_seen_at,
        count(*) as samples,
        max(viewer_count) as peak_viewers,
        min(case when viewer_count = highest then snapshot_at end) as peak_at,
        cast(sum(viewer_count * hold_ms) as bigint) as viewer_ms,
        cast(sum(hold_ms) as bigint) as covered_ms
    from samples
    group by stream_id
)

select *, {{ watched() }} from summed
