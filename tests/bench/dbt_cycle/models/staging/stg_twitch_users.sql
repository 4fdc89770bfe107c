{{ config(unique_key=['streamer_id', 'snapshot_at']) }}
select
    {{ field('id') }} as streamer_id,
    snapshot_at,
    'twitch' as platform,
    {{ hash_key(["'twitch'", field('id')]) }} as streamer_key,
    nullif({{ field('login') }}, '') as streamer_login,
    nullif({{ field('display_name') }}, '') as streamer_name,
    {{ field('type') }} as user_type,
    {{ field('broadcaster_type') }} as broadcaster_type,
    {{ field('description') }} as description,
    nullif({{ field('profile_image_url') }}, '') as profile_image_url,
    nullif({{ field('offline_image_url') }}, '') as offline_image_url,
    {{ field('created_at', 'timestamp') }} as account_created_at,
    source_file,
    source_row
from {{ source('landed', 'users') }}
{{ newer('snapshot_at', 'snapshot_at') }}
qualify row_number() over (partition by streamer_id, snapshot_at order by source_file desc, source_row desc) = 1
