-- One row an adjusted series and vintage: how it was adjusted and how good that is. Q and the M statistics are good below 1.
with concepts as (

    select distinct concept_code, concept_name_zh, concept_name_en, domain from {{ ref('dim_indicator') }}

),

final as (

    select
        found.concept_code,
        concepts.concept_name_zh,
        concepts.concept_name_en,
        concepts.domain,
        found.division_code,
        divisions.division_name_zh,
        found.vintage_date,
        found.superseded_date,
        found.superseded_date is null as is_latest,
        coalesce(found.method, 'none') as method,
        found.mode,
        found.model,
        found.q,
        found.q2,
        found.m_statistics,
        found.outliers,
        found.coefficients,
        found.has_identifiable_seasonality,
        found.has_residual_seasonality,
        found.note
    from {{ source('analysis', 'fct_seasonal_diagnostic') }} as found
    inner join concepts on found.concept_code = concepts.concept_code
    inner join {{ ref('dim_division') }} as divisions on found.division_code = divisions.division_code

)

select * from final
