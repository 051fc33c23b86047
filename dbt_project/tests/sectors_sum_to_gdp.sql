-- Primary, secondary and tertiary sector add up to GDP within one publication. Tolerance 0.1 (rounding of three figures).
with published as (

    select * from {{ ref('mart_economy__gdp') }} where is_latest

)

select division_code, frequency, accumulation, period
from published
group by division_code, frequency, accumulation, period
having count_if(industry_code in ('primary', 'secondary', 'tertiary')) = 3
    and abs(
        sum(case when industry_code in ('primary', 'secondary', 'tertiary') then value_added_cny_100m else 0 end)
        - sum(case when industry_code = 'GDP' then value_added_cny_100m else 0 end)
    ) > 0.1001
