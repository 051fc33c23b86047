-- One row a figure that parts and whole, or two sources, tell, as last known. Tolerance: half a unit of the last published digit for each part (0.05 × n
-- where one decimal is published). Trap: parts are compared only where all of them are there.
with figures as (

    select
        observations.indicator_code, indicators.concept_code, indicators.concept_name_zh, indicators.convention, indicators.feed, indicators.unit, indicators.is_accumulated, indicators.is_additive,
        indicators.frequency, 0.5 * power(10, -indicators.decimals) as half_digit, observations.division_code, observations.industry_code, observations.period, periods.year,
        periods.first_month, periods.last_month, periods.months, observations.value
    from {{ ref('fct_observation') }} as observations
    inner join {{ ref('dim_indicator') }} as indicators on observations.indicator_code = indicators.indicator_code
    inner join {{ ref('dim_period') }} as periods on observations.period = periods.period
    where observations.is_latest and indicators.domain <> 'international' and indicators.measures = 'level'

),

cities_and_region as (

    select
        'cities_add_up_to_region' as comparison, feed as source_of_record, feed as other_source, '450000' as division_code,
        concat_ws(' ', concept_name_zh, case when industry_code <> 'TOTAL' then industry_code end, convention) as item, period,
        max(case when division_code = '450000' then value end) as value_of_record, sum(case when division_code <> '450000' then value end) as other_value,
        any_value(unit) as unit, 14 * max(half_digit) as tolerance
    from figures
    where is_additive and division_code like '45%'
    group by feed, concept_name_zh, convention, industry_code, period
    having count(case when division_code <> '450000' then 1 end) = 14 and count(case when division_code = '450000' then 1 end) = 1

),

sectors_and_total as (

    select
        'sectors_add_up_to_total', feed, feed, division_code, concat_ws(' ', concept_name_zh, convention), period,
        max(case when industry_code = 'TOTAL' then value end), sum(case when industry_code <> 'TOTAL' then value end), any_value(unit), count(case when industry_code <> 'TOTAL' then 1 end) * max(half_digit)
    from figures
    where is_additive and industry_code in ('TOTAL', 'primary', 'secondary', 'tertiary', 'households')
    group by feed, concept_name_zh, concept_code, convention, division_code, period
    having count(case when industry_code = 'TOTAL' then 1 end) = 1 and count(case when industry_code <> 'TOTAL' then 1 end) = case concept_code when 'electricity_use' then 4 else 3 end

),

so_far as (

    select
        *,
        sum(value) over running as value_so_far,
        sum(months) over running as months_so_far,
        count(value) over running as parts_so_far
    from figures
    where convention = 'current' and is_additive and frequency <> 'annual'
    window running as (partition by concept_code, division_code, industry_code, year order by last_month)

),

parts_and_accumulated as (

    select
        case total.frequency when 'monthly' then 'months_add_up_to_total' else 'quarters_add_up_to_total' end, total.feed, total.feed, total.division_code,
        concat_ws(' ', total.concept_name_zh, case when total.industry_code <> 'TOTAL' then total.industry_code end), total.period, total.value, so_far.value_so_far, total.unit, so_far.parts_so_far * total.half_digit
    from figures as total
    inner join so_far
        on total.concept_code = so_far.concept_code and total.division_code = so_far.division_code and total.industry_code = so_far.industry_code
        and total.year = so_far.year and total.last_month = so_far.last_month
    where total.convention = 'cumulative' and so_far.months_so_far = total.last_month

),

-- the region's own quarterly accounts and the national publication of provincial accounts; four quarters, rounded, 0.05 each
two_sources as (

    select
        'two_sources', annual.feed, quarterly.feed, annual.division_code, concat_ws(' ', annual.concept_name_zh, case when annual.industry_code <> 'TOTAL' then annual.industry_code end), annual.period,
        annual.value, quarterly.value, annual.unit, annual.half_digit + 4 * 0.05
    from figures as annual
    inner join figures as quarterly on annual.division_code = quarterly.division_code and annual.industry_code = quarterly.industry_code and annual.year = quarterly.year
    where annual.concept_code = 'gross_domestic_product' and quarterly.concept_code = 'gross_regional_product' and quarterly.last_month = 12

),

compared as (

    select * from cities_and_region
    union all
    select * from sectors_and_total
    union all
    select * from parts_and_accumulated
    union all
    select * from two_sources

),

final as (

    select
        compared.comparison,
        compared.source_of_record,
        compared.other_source,
        compared.division_code,
        compared.item,
        compared.period,
        compared.value_of_record,
        compared.other_value,
        compared.other_value - compared.value_of_record as difference,
        cast(compared.tolerance as double) as tolerance,
        abs(compared.other_value - compared.value_of_record) > compared.tolerance + 0.000001 * abs(compared.value_of_record) / 1000 as is_breach,
        compared.unit,
        feeds.owner,
        feeds.is_synthetic
    from compared
    left join {{ source('silver', 'operations__feed') }} as feeds on compared.other_source = feeds.feed

)

select * from final
