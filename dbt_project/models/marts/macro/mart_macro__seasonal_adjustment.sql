-- One row a concept, division, month and vintage of its series.
with concepts as (

    select distinct concept_code, concept_name_zh, concept_name_en, domain, unit, is_synthetic from {{ ref('dim_indicator') }} where is_level

),

final as (

    select
        adjusted.concept_code,
        concepts.concept_name_zh,
        concepts.concept_name_en,
        concepts.domain,
        adjusted.division_code,
        divisions.division_name_zh,
        divisions.division_name_en,
        adjusted.month,
        adjusted.vintage_date,
        adjusted.superseded_date,
        adjusted.superseded_date is null as is_latest,
        adjusted.adjusted as adjusted_value,
        adjusted.trend as trend_value,
        adjusted.seasonal as seasonal_factor,
        adjusted.calendar as calendar_factor,
        adjusted.irregular as irregular_factor,
        adjusted.adjusted_mom_pct,
        concepts.unit,
        concepts.is_synthetic
    from {{ source('analysis', 'fct_seasonal_adjustment') }} as adjusted
    inner join concepts on adjusted.concept_code = concepts.concept_code
    inner join {{ ref('dim_division') }} as divisions on adjusted.division_code = divisions.division_code

)

select * from final
