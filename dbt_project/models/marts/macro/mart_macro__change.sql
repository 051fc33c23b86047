-- One row a headline of the region that was published or revised: what was said before, what is said now. It tells what a release brought.
with figures as (

    select
        observations.indicator_code, indicators.concept_code, indicators.concept_name_zh, indicators.concept_name_en, indicators.domain, indicators.convention_name_zh, indicators.unit,
        indicators.better_when, indicators.is_synthetic, indicators.owner, observations.period, periods.label_zh as period_label_zh, periods.last_date as period_end_date,
        observations.vintage_date, observations.superseded_date, observations.value,
        lag(observations.value) over (partition by observations.indicator_code, observations.period order by observations.vintage_date) as value_before,
        lag(observations.value) over (partition by observations.indicator_code, observations.vintage_date order by periods.last_date) as value_of_period_before
    from {{ ref('fct_observation') }} as observations
    inner join {{ ref('dim_indicator') }} as indicators on observations.indicator_code = indicators.indicator_code
    inner join {{ ref('dim_period') }} as periods on observations.period = periods.period
    where observations.division_code = '450000' and observations.industry_code = 'TOTAL' and indicators.is_headline and indicators.frequency <> 'annual' and indicators.concept_code <> 'industry_output'

),

final as (

    select
        concept_code,
        concept_name_zh,
        concept_name_en,
        domain,
        convention_name_zh,
        unit,
        period,
        period_label_zh,
        period_end_date,
        vintage_date,
        superseded_date,
        superseded_date is null as is_latest,
        period_end_date = max(period_end_date) over (partition by concept_code) as is_latest_period,
        case when value_before is null then 'new' else 'revision' end as kind,
        case when value_before is null then '新公布' else '修订' end as kind_zh,
        value,
        value_before,
        value - value_before as revision,
        value_of_period_before,
        better_when,
        owner,
        is_synthetic
    from figures

)

select * from final
