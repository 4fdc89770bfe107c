{{ config(unique_key='stream_snapshot_key') }}
with samples as (
    select * from {{ ref('stg_twitch_streams') }}
    {% if is_incremental() %}
    where stream_id in (
        select stream_id from {{ ref('stg_twitch_streams') }} {{ newer('snapshot_at', 'snapshot_at') }}
    )
    {% endif %}
),

followed as (
    select *, lead(snapshot_at) over (partition by platform, stream_id order by snapshot_at) as next_snapshot_at
    from samples
)

select
    {{ hash_key(['platform', 'stream_id', microseconds('snapshot_at')]) }} as stream_snapshot_key,
    platform, stream_id, streamer_key, streamer_id, game_id, snapshot_at, viewer_count, title, language, started_at,
    cast(floor({{ dbt.datediff('started_at', 'snapshot_at', 'millisecond') }} / 60000) as bigint) as minutes_live,
    next_snapshot_at,
    {# DuckDB's least() passes over NULL, Snowflake's gives it. #}
    case
        when next_snapshot_at is null then 0
        else least({{ dbt.datediff('snapshot_at', 'next_snapshot_at', 'millisecond') }}, 2700000)
    end as hold_ms
from followed
