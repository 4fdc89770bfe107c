{# What DuckDB and Snowflake spell differently. #}
{% macro field(name, type='varchar') %}{{ return(adapter.dispatch('field')(name, type)) }}{% endmacro %}
{% macro duckdb__field(name, type) %}try_cast(record ->> '{{ name }}' as {{ type }}){% endmacro %}
{% macro snowflake__field(name, type) %}try_cast(record:{{ name }}::varchar as {{ type }}){% endmacro %}

{% macro list_field(name) %}{{ return(adapter.dispatch('list_field')(name)) }}{% endmacro %}
{% macro duckdb__list_field(name) %}record -> '{{ name }}'{% endmacro %}
{% macro snowflake__list_field(name) %}record:{{ name }}{% endmacro %}

{% macro microseconds(time) %}{{ return(adapter.dispatch('microseconds')(time)) }}{% endmacro %}
{% macro duckdb__microseconds(time) %}epoch_us({{ time }}){% endmacro %}
{% macro snowflake__microseconds(time) %}date_part(epoch_microsecond, {{ time }}){% endmacro %}

{% macro numbers(count) %}{{ return(adapter.dispatch('numbers')(count)) }}{% endmacro %}
{% macro duckdb__numbers(count) %}select range as n from range({{ count }}){% endmacro %}
{% macro snowflake__numbers(count) %}select seq8() as n from table(generator(rowcount => {{ count }})){% endmacro %}
