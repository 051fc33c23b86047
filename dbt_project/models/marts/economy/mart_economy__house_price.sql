-- One row a city, month, market, dwelling size and vintage. Trap: a chain is made of the latest values only, and it ends
-- where a month is missing; an index cannot jump a gap.
with cities as (

    select * from {{ ref('house_price_city') }}

),

published as (

    select
        cities.division_code,
        cities.city_name_zh,
        indices.city_name_en,
        make_date(cast(indices.year as int), cast(indices.month as int), 1) as month,
        case when indices.item like 'new%' then 'new' else 'existing' end as market,
        case
            when indices.item like '%small%' then 'small'
            when indices.item like '%medium%' then 'medium'
            when indices.item like '%large%' then 'large'
            else 'all'
        end as dwelling_size,
        indices.value,
        indices.known_at,
        indices.superseded_at
    from {{ source('silver', 'economy__house_price') }} as indices
    inner join cities on indices.city_name_en = cities.city_name_en
    where indices.value is not null

),

links as (

    select
        division_code,
        market,
        dwelling_size,
        month,
        {{ chained('value', 'whole') }} as chain_factor,
        {{ chained('value', 'one_year') }} as year_factor,
        count(*) over whole = months_between(month, date '2010-12-01') as is_whole,
        count(*) over one_year = 12 and min(month) over one_year = add_months(month, -11) as is_year
    from published
    where superseded_at is null
    window
        whole as (partition by division_code, market, dwelling_size order by month),
        one_year as (partition by division_code, market, dwelling_size order by month rows between 11 preceding and current row)

),

final as (

    select
        published.division_code,
        published.city_name_zh,
        published.city_name_en,
        published.month,
        published.market,
        published.dwelling_size,
        cast(published.known_at as date) as vintage_date,
        cast(published.superseded_at as date) as superseded_date,
        published.superseded_at is null as is_latest,
        published.division_code like '45%' as is_guangxi,
        published.value as index_previous_month_100,
        case when links.is_whole then 100 * links.chain_factor end as chain_index_2010_12_100,
        case when links.is_year then 100 * (links.year_factor - 1) end as growth_yoy_pct
    from published
    left join links
        on published.division_code = links.division_code and published.market = links.market
        and published.dwelling_size = links.dwelling_size and published.month = links.month
        and published.superseded_at is null

)

select * from final
