{{ config(unique_key='game_id') }}
with observed as (
    select game_id, snapshot_at, game_name, box_art_url, igdb_id, true as is_listed
    from {{ ref('stg_twitch_games') }} {{ newer('snapshot_at', 'last_seen_at') }}
    union all
    select game_id, snapshot_at, case when game_id = '' then 'No category' else game_name end, null, null, false
    from {{ ref('stg_twitch_streams') }} {{ newer('snapshot_at', 'last_seen_at') }}
),

arrived as (
    select
        game_id,
        max_by(game_name, case when game_name is not null then snapshot_at end) as game_name,
        max(case when game_name is not null then snapshot_at end) as named_at,
        max_by(box_art_url, case when is_listed then snapshot_at end) as box_art_url,
        max_by(igdb_id, case when is_listed then snapshot_at end) as igdb_id,
        max(case when is_listed then snapshot_at end) as details_seen_at,
        min(snapshot_at) as first_seen_at,
        max(snapshot_at) as last_seen_at
    from observed
    group by game_id
)
{% if is_incremental() %}
select
    a.game_id,
    case when a.named_at is not null then a.game_name else h.game_name end as game_name,
    coalesce(a.named_at, h.named_at) as named_at,
    case when a.details_seen_at is not null then a.box_art_url else h.box_art_url end as box_art_url,
    case when a.details_seen_at is not null then a.igdb_id else h.igdb_id end as igdb_id,
    coalesce(a.details_seen_at, h.details_seen_at) as details_seen_at,
    coalesce(h.first_seen_at, a.first_seen_at) as first_seen_at,
    a.last_seen_at
from arrived as a left join {{ this }} as h on a.game_id = h.game_id
{% else %}
select * from arrived
{% endif %}
