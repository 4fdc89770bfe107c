{{ config(materialized='table') }}
with days as (
    select cast({{ dbt.dateadd('day', 'n', "cast('2007-01-01' as date)") }} as date) as date_day, n
    from ({{ numbers(7305) }}) as numbered
)
select
    date_day,
    extract(year from date_day) as year_number,
    extract(quarter from date_day) as quarter_number,
    extract(month from date_day) as month_number,
    extract(day from date_day) as day_of_month,
    n % 7 + 1 as day_of_week,
    cast({{ dbt.dateadd('day', '-(n % 7)', 'date_day') }} as date) as week_start,
    cast({{ dbt.date_trunc('month', 'date_day') }} as date) as year_month,
    n % 7 >= 5 as is_weekend
from days
