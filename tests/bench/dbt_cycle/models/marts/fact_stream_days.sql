{{ config(unique_key=['stream_id', 'game_id', 'date_day']) }}
with samples as (
    select
        *,
        {{ dbt.dateadd('millisecond', 'hold_ms', 'snapshot_at') }} as held_until,
        min(started_at) over (partition by stream_id) as began_at,
        row_number() over (partition by stream_id order by snapshot_at) as sample_number
    from {{ ref('fact_stream_snapshots') }}
    {% if is_incremental() %}
    where stream_id in (
        select stream_id from {{ ref('fact_stream_snapshots') }} {{ newer('snapshot_at', 'newest_snapshot_at') }}
    )
    {% endif %}
),

{# The cap of three polls lets a sample hold over one midnight at most. #}
parts as (
    select
        *, cast(snapshot_at as date) as date_day, 1 as is_sample, 0 as is_start,
        {{ dbt.datediff(
            'snapshot_at',
            'least(held_until, cast(' ~ dbt.dateadd('day', 1, 'cast(snapshot_at as date)') ~ ' as timestamp))',
            'millisecond') }} as part_ms
    from samples
    union all
    select
        *, cast(held_until as date), 0, 0,
        {{ dbt.datediff('cast(cast(held_until as date) as timestamp)', 'held_until', 'millisecond') }}
    from samples
    where cast(held_until as date) > cast(snapshot_at as date)
        and held_until > cast(cast(held_until as date) as timestamp)
    union all
    select *, cast(coalesce(began_at, snapshot_at) as date), 0, 1, 0
    from samples
    where sample_number = 1
)

select
    stream_id, game_id, date_day,
    max_by(platform, snapshot_at) as platform,
    max_by(streamer_key, snapshot_at) as streamer_key,
    max_by(streamer_id, snapshot_at) as streamer_id,
    cast(sum(is_sample) as bigint) as samples,
    max(case when is_sample = 1 then viewer_count end) as peak_viewers,
    cast(sum(viewer_count * part_ms) as bigint) as viewer_ms,
    cast(sum(part_ms) as bigint) as covered_ms,
    max(is_start) = 1 as is_start_day,
    max(snapshot_at) as newest_snapshot_at
from parts
group by stream_id, game_id, date_day
