{{ config(unique_key=['stream_id', 'snapshot_at']) }}
select
    {{ field('id') }} as stream_id,
    snapshot_at,
    'twitch' as platform,
    {{ hash_key(["'twitch'", field('user_id')]) }} as streamer_key,
    {{ field('user_id') }} as streamer_id,
    nullif({{ field('user_login') }}, '') as streamer_login,
    nullif({{ field('user_name') }}, '') as streamer_name,
    {{ field('game_id') }} as game_id,
    nullif({{ field('game_name') }}, '') as game_name,
    {{ field('type') }} as stream_type,
    {{ field('title') }} as title,
    {{ field('viewer_count', 'bigint') }} as viewer_count,
    {{ field('started_at', 'timestamp') }} as started_at,
    nullif({{ field('language') }}, '') as language,
    nullif({{ field('thumbnail_url') }}, '') as thumbnail_url,
    {{ list_field('tags') }} as tags,
    {{ field('is_mature', 'boolean') }} as is_mature,
    source_file,
    source_row
from {{ source('landed', 'streams') }}
{{ newer('snapshot_at', 'snapshot_at') }}
qualify row_number() over (
    partition by stream_id, snapshot_at order by viewer_count desc, source_file desc, source_row desc
) = 1
