-- An accumulated quarter is the sum of the quarters of its year up to it, wherever all of them are published. Tolerance: rounding, 0.05 for each quarter.
with quarters as (

    select * from {{ ref('mart_economy__gdp') }} where frequency = 'quarterly' and is_latest

),

summed as (

    select
        accumulated.period,
        accumulated.industry_code,
        accumulated.quarter,
        max(accumulated.value_added_cny_100m) as published,
        sum(parts.value_added_cny_100m) as added_up,
        count(parts.quarter) as parts
    from quarters as accumulated
    inner join quarters as parts
        on accumulated.division_code = parts.division_code and accumulated.industry_code = parts.industry_code
        and accumulated.year = parts.year and parts.quarter <= accumulated.quarter
    where accumulated.accumulation = 'accumulated' and parts.accumulation = 'current'
    group by accumulated.division_code, accumulated.period, accumulated.industry_code, accumulated.quarter

)

select * from summed where parts = quarter and abs(published - added_up) > 0.05 * quarter + 0.0001
