{{ config(unique_key=['game_id', 'snapshot_at']) }}
select
    {{ field('id') }} as game_id,
    snapshot_at,
    nullif({{ field('name') }}, '') as game_name,
    nullif({{ field('box_art_url') }}, '') as box_art_url,
    nullif({{ field('igdb_id') }}, '') as igdb_id,
    source_file,
    source_row
from {{ source('landed', 'games') }}
{{ newer('snapshot_at', 'snapshot_at') }}
qualify row_number() over (partition by game_id, snapshot_at order by source_file desc, source_row desc) = 1
