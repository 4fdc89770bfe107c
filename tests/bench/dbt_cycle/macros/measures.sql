{# md5 over the parts, each written with its length, as our keys are. #}
{% macro hash_key(parts) %}
md5(concat({% for part in parts -%}
coalesce(length(cast({{ part }} as varchar)) || ':' || cast({{ part }} as varchar), 'N'){{ ', ' if not loop.last }}
{%- endfor %}{{ ", ''" if parts | length == 1 }}))
{% endmacro %}

{% macro watched() %}
cast(viewer_ms as double) / 3600000 as hours_watched,
cast(viewer_ms as double) / nullif(cast(covered_ms as double), 0) as avg_viewers,
cast(covered_ms as double) / 60000 as airtime_minutes
{% endmacro %}

{# Only what is newer than what the table holds. #}
{% macro newer(column, held) %}
{% if is_incremental() %}where {{ column }} > (select max({{ held }}) from {{ this }}){% endif %}
{% endmacro %}
