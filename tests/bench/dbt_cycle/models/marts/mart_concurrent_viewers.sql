{{ config(unique_key=['scope', 'scope_id', 'snapshot_at']) }}
with watched as (
    select snapshot_at, game_id, coalesce(language, '') as language, viewer_count
    from {{ ref('fact_stream_snapshots') }} {{ newer('snapshot_at', 'snapshot_at') }}
)
{% for scope, scope_id in [('all', "'all'"), ('game', 'game_id'), ('language', 'language')] %}
select
    '{{ scope }}' as scope, {{ scope_id }} as scope_id, snapshot_at, cast(snapshot_at as date) as date_day,
    cast(sum(viewer_count) as bigint) as viewers, count(*) as streams
from watched
where viewer_count > 0
group by {{ scope_id ~ ', ' if scope != 'all' }}snapshot_at
{{ 'union all' if not loop.last }}
{% endfor %}
