-- One row a city and concept as last known: the city's own figure beside the region and the other cities in the same period. Ranks follow what is
-- better for the indicator, not what is higher; an indicator that is neither gets its place by size.
with known as (

    select * from {{ ref('mart_macro__monitor') }} where is_latest

),

cities as (

    select
        own.*,
        region.figure_pct as region_figure_pct,
        own.figure_pct - region.figure_pct as gap_pp,
        rank() over (partition by own.concept_code, own.period order by case when own.better_when = 'down' then own.figure_pct else -own.figure_pct end) as city_rank,
        count(*) over (partition by own.concept_code, own.period) as cities,
        percentile(own.figure_pct, 0.5) over (partition by own.concept_code, own.period) as median_figure_pct,
        max(own.figure_pct) over (partition by own.concept_code, own.period) as highest_figure_pct,
        min(own.figure_pct) over (partition by own.concept_code, own.period) as lowest_figure_pct
    from known as own
    left join known as region on own.concept_code = region.concept_code and own.period = region.period and region.division_code = '450000'
    where own.division_code <> '450000'

)

select
    division_code,
    division_name_zh,
    division_name_en,
    concept_code,
    concept_name_zh,
    concept_name_en,
    domain,
    domain_name_zh,
    domain_name_en,
    period,
    period_label_zh,
    period_label_en,
    period_end_date,
    vintage_date as known_date,
    figure_pct,
    region_figure_pct,
    gap_pp,
    cast(city_rank as int) as city_rank,
    cast(cities as int) as cities,
    median_figure_pct,
    highest_figure_pct,
    lowest_figure_pct,
    adjusted_mom_pct,
    position_pct,
    owner,
    is_synthetic
from cities
