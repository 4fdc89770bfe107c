{% snapshot channel_history %}
{{ config(
    unique_key='streamer_key', strategy='check', updated_at='snapshot_at',
    check_cols=['title', 'game_id', 'game_name', 'language']
) }}
select streamer_key, platform, streamer_id, stream_id, title, game_id, game_name, language, snapshot_at
from {{ ref('stg_twitch_streams') }}
qualify row_number() over (partition by streamer_key order by snapshot_at desc, started_at desc, stream_id desc) = 1
{% endsnapshot %}
