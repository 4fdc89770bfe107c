{% snapshot streamers_history %}
{{ config(
    unique_key='streamer_key', strategy='check', updated_at='snapshot_at',
    check_cols=['streamer_login', 'streamer_name', 'description', 'broadcaster_type', 'profile_image_url']
) }}
select
    streamer_key, platform, streamer_id, streamer_login, streamer_name, description, broadcaster_type,
    profile_image_url, account_created_at, snapshot_at
from {{ ref('stg_twitch_users') }}
qualify row_number() over (partition by streamer_key order by snapshot_at desc) = 1
{% endsnapshot %}
