-- One row a component, month and span of days; the components of a month add up to growth_pct, the trend adjustment among them.
with concepts as (

    select distinct concept_code, concept_name_zh, concept_name_en from {{ ref('dim_indicator') }}

),

final as (

    select
        parts.index_code,
        names.name_zh as index_name_zh,
        parts.month,
        parts.concept_code,
        coalesce(concepts.concept_name_zh, '趋势调整') as concept_name_zh,
        coalesce(concepts.concept_name_en, 'Trend adjustment') as concept_name_en,
        parts.vintage_date,
        parts.superseded_date,
        parts.superseded_date is null as is_latest,
        parts.contribution_pct,
        parts.growth_pct
    from {{ source('analysis', 'fct_cycle_contribution') }} as parts
    inner join {{ ref('cycle_index') }} as names on parts.index_code = names.index_code
    left join concepts on parts.concept_code = concepts.concept_code

)

select * from final
