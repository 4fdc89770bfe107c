{{ config(materialized='table') }}
with newest as (select max(date_day) as newest_day from {{ ref('mart_streamer_daily') }}),

windows as (
    {% for name, days in [('all_time', none), ('last_30_days', 30), ('last_7_days', 7)] %}
    select
        '{{ name }}' as ranking_window, streamer_key, platform, streamer_id,
        max(peak_viewers) as peak_viewers,
        cast(sum(streams_started) as bigint) as streams_started,
        cast(sum(viewer_ms) as bigint) as viewer_ms,
        cast(sum(covered_ms) as bigint) as covered_ms
    from {{ ref('mart_streamer_daily') }} cross join newest
    {% if days %}where date_day > {{ dbt.dateadd('day', -days, 'newest_day') }}{% endif %}
    group by streamer_key, platform, streamer_id
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

ranked as (
    select *, row_number() over (partition by ranking_window order by viewer_ms desc, streamer_key) as streamer_rank
    from windows
)

select ranked.*, streamer_name, {{ watched() }}
from ranked
left join (select streamer_key as named_key, streamer_name from {{ ref('dim_streamers') }}) as names
    on streamer_key = named_key
where streamer_rank <= 1000
