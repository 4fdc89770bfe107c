{{ config(unique_key='streamer_key') }}
with observed as (
    select
        streamer_key, platform, streamer_id, streamer_login, streamer_name, snapshot_at,
        broadcaster_type, description, profile_image_url, account_created_at, true as is_profile
    from {{ ref('stg_twitch_users') }} {{ newer('snapshot_at', 'last_seen_at') }}
    union all
    select
        streamer_key, platform, streamer_id, streamer_login, streamer_name, snapshot_at,
        null, null, null, null, false
    from {{ ref('stg_twitch_streams') }} {{ newer('snapshot_at', 'last_seen_at') }}
),

arrived as (
    select
        streamer_key, platform, streamer_id,
        max_by(streamer_login, snapshot_at) as streamer_login,
        max_by(streamer_name, snapshot_at) as streamer_name,
        max(snapshot_at) as named_at,
        max_by(broadcaster_type, case when is_profile then snapshot_at end) as broadcaster_type,
        max_by(description, case when is_profile then snapshot_at end) as description,
        max_by(profile_image_url, case when is_profile then snapshot_at end) as profile_image_url,
        max_by(account_created_at, case when is_profile then snapshot_at end) as account_created_at,
        max(case when is_profile then snapshot_at end) as profile_seen_at,
        min(snapshot_at) as first_seen_at,
        max(snapshot_at) as last_seen_at,
        max(case when not is_profile then snapshot_at end) as last_live_at
    from observed
    group by streamer_key, platform, streamer_id
)
{% if is_incremental() %}
select
    a.streamer_key, a.platform, a.streamer_id, a.streamer_login, a.streamer_name, a.named_at,
    {% for name in ['broadcaster_type', 'description', 'profile_image_url', 'account_created_at'] %}
    case when a.profile_seen_at is not null then a.{{ name }} else h.{{ name }} end as {{ name }},
    {% endfor %}
    coalesce(a.profile_seen_at, h.profile_seen_at) as profile_seen_at,
    coalesce(h.first_seen_at, a.first_seen_at) as first_seen_at,
    a.last_seen_at,
    coalesce(a.last_live_at, h.last_live_at) as last_live_at
from arrived as a left join {{ this }} as h on a.streamer_key = h.streamer_key
{% else %}
select * from arrived
{% endif %}
