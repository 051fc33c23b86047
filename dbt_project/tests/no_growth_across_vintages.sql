-- Every growth rate of provincial GDP, computed a second time another way: each publication laid out alone, then looked back a year in it.
with publications as (

    select explode(confirmed_at) as published_at, division_name, item, year, value, known_at
    from {{ source('silver', 'economy__gdp_provincial') }}
    where item = 'GDP总量'

),

looked_back as (

    select
        *,
        case when lag(year) over in_publication = year - 1 then 100 * (value / lag(value) over in_publication - 1) end as growth
    from publications
    window in_publication as (partition by published_at, division_name, item order by year)

),

first_published as (

    select * from looked_back where published_at = known_at

)

select mart.division_code, mart.period, mart.vintage_date, mart.growth_nominal_yoy_pct, first_published.growth
from {{ ref('mart_economy__gdp') }} as mart
left join first_published
    on case first_published.division_name when '中国' then '全国' else first_published.division_name end = mart.division_name_zh
    and first_published.year = mart.year and cast(first_published.known_at as date) = mart.vintage_date
where mart.frequency = 'annual' and mart.industry_code = 'GDP'
    and (
        (mart.growth_nominal_yoy_pct is null) <> (first_published.growth is null)
        or abs(mart.growth_nominal_yoy_pct - first_published.growth) > 1e-9
    )
