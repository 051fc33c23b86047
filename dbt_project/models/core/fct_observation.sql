-- One row a published value. Traps: what the United States' data set calls a vintage stands in its rows, everybody else's is the day of
-- publication; a figure for January and February together is a span since January in the convention `current`.
{%- set bulletins = ['consumption', 'employment', 'finance', 'fiscal_tax', 'gdp_regional', 'industry', 'investment', 'power', 'prices', 'purchasing_managers', 'trade'] %}
with bulletins as (

    {% for feed in bulletins %}
    select
        'economy.{{ feed }}' as feed, division_code, indicator as source_indicator, cast(null as string) as industry_code, convention,
        year, first_month, last_month, value, cast(known_at as date) as vintage_date, cast(superseded_at as date) as superseded_date, _delivery_id as delivery_id
    from {{ source('silver', 'economy__' ~ feed) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

output_of_industry as (

    select
        'economy.industry_output' as feed, division_code, '规模以上工业总产值' as source_indicator, industry_code, 'current' as convention,
        year, month as first_month, month as last_month, value, cast(known_at as date) as vintage_date, cast(superseded_at as date) as superseded_date, _delivery_id as delivery_id
    from {{ source('silver', 'economy__industry_output') }}

),

house_prices as (

    select
        'economy.house_price' as feed, cities.division_code, prices.item as source_indicator, cast(null as string) as industry_code, 'previous_month_index' as convention,
        prices.year, prices.month as first_month, prices.month as last_month, prices.value, cast(prices.known_at as date) as vintage_date, cast(prices.superseded_at as date) as superseded_date,
        prices._delivery_id as delivery_id
    from {{ source('silver', 'economy__house_price') }} as prices
    inner join {{ ref('house_price_city') }} as cities on prices.city_name_en = cities.city_name_en
    where prices.value is not null and prices.item in ('new_home_price_index', 'existing_home_price_index')

),

annual_accounts as (

    select
        'economy.gdp_provincial' as feed, divisions.division_code, 'GDP总量' as source_indicator, replace(branches.industry_code, 'GDP', 'TOTAL') as industry_code, 'current' as convention,
        accounts.year, 1 as first_month, 12 as last_month, accounts.value, cast(accounts.known_at as date) as vintage_date, cast(accounts.superseded_at as date) as superseded_date,
        accounts._delivery_id as delivery_id
    from {{ source('silver', 'economy__gdp_provincial') }} as accounts
    inner join {{ ref('gdp_branch') }} as branches on accounts.item = branches.source_name
    inner join {{ ref('dim_division') }} as divisions
        on divisions.division_name_zh = case accounts.division_name when '中国' then '全国' else accounts.division_name end
        and divisions.level in ('country', 'province')

),

quarterly_accounts as (

    select
        'economy.gdp_quarterly' as feed, '000000' as division_code, 'Gross Domestic Product' as source_indicator, replace(branches.industry_code, 'GDP', 'TOTAL') as industry_code,
        case
            when accounts.measure = 'current_prices' then case accounts.accumulation when 'current' then 'current' else 'cumulative' end
            else case accounts.accumulation when 'current' then 'real_index' else 'real_cumulative_index' end
        end as convention,
        accounts.year, case accounts.accumulation when 'current' then 3 * accounts.quarter - 2 else 1 end as first_month, 3 * accounts.quarter as last_month, accounts.value,
        cast(accounts.known_at as date) as vintage_date, cast(accounts.superseded_at as date) as superseded_date, accounts._delivery_id as delivery_id
    from {{ source('silver', 'economy__gdp_quarterly') }} as accounts
    inner join {{ ref('gdp_branch') }} as branches on accounts.branch_name = branches.source_name
    where accounts.value is not null

),

united_states as (

    select
        'economy.us_nowcast_vintages' as feed, 'US' as division_code, series_code as source_indicator, 'TOTAL' as industry_code, 'current' as convention,
        year(month) as year, month(month) as first_month, month(month) as last_month, value, vintage_date,
        lead(vintage_date) over (partition by series_code, month order by vintage_date) as superseded_date, _delivery_id as delivery_id
    from {{ source('silver', 'economy__us_nowcast_vintages') }}

),

published as (

    select * from bulletins
    union all
    select * from output_of_industry
    union all
    select * from house_prices
    union all
    select * from annual_accounts
    union all
    select * from quarterly_accounts
    union all
    select * from united_states

),

named as (

    select
        published.*,
        indicators.indicator_code,
        coalesce(published.industry_code, sources.industry_code) as known_industry_code,
        case
            when indicators.is_accumulated or published.first_month = 1 and published.last_month = 2 then 'year_to_date'
            when indicators.frequency = 'monthly' then 'monthly'
            else indicators.frequency
        end as period_frequency,
        case when indicators.frequency = 'quarterly' and published.first_month = published.last_month then 3 * cast(ceil(published.last_month / 3) as int) else published.last_month end as period_month
    from published
    inner join {{ ref('indicator_source') }} as sources on published.feed = sources.feed and published.source_indicator = sources.source_indicator
    inner join {{ ref('dim_indicator') }} as indicators on sources.concept_code = indicators.concept_code and published.convention = indicators.convention

),

final as (

    select
        indicator_code,
        division_code,
        known_industry_code as industry_code,
        {{ period_code('period_frequency', 'year', 'period_month') }} as period,
        vintage_date,
        superseded_date,
        superseded_date is null as is_latest,
        value,
        feed,
        delivery_id
    from named

)

select * from final
