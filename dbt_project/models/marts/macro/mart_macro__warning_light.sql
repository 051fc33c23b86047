-- One row an indicator, month and span of days: five lights by cut points that are valid at the month.
with concepts as (

    select distinct concept_code, concept_name_zh, concept_name_en, domain, is_synthetic from {{ ref('dim_indicator') }}

),

final as (

    select
        lights.concept_code,
        concepts.concept_name_zh,
        concepts.concept_name_en,
        concepts.domain,
        lights.month,
        date_format(lights.month, 'yyyy-MM') as month_label,
        lights.vintage_date,
        lights.superseded_date,
        lights.superseded_date is null as is_latest,
        lights.value,
        cast(lights.score as int) as light_score,
        lights.label_zh as light_zh,
        element_at(array('too cold', 'cool', 'normal', 'warm', 'overheated'), cast(lights.score as int)) as light_en,
        cuts.light_blue_from,
        cuts.green_from,
        cuts.yellow_from,
        cuts.red_from,
        concepts.is_synthetic
    from {{ source('analysis', 'fct_warning_light') }} as lights
    inner join concepts on lights.concept_code = concepts.concept_code
    inner join {{ ref('warning_cut_point') }} as cuts
        on lights.concept_code = cuts.indicator_code and last_day(lights.month) >= cuts.valid_from and (cuts.valid_to is null or last_day(lights.month) < cuts.valid_to)

)

select * from final
