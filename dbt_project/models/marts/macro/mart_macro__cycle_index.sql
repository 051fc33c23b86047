-- One row an index, a month and a span of days. Trap: the whole history of a composite index is computed anew at each vintage.
with names as (

    select * from {{ ref('cycle_index') }}

),

zones as (

    select * from {{ ref('warning_cut_point') }} where indicator_code = 'composite'

),

final as (

    select
        indices.index_code,
        names.name_zh as index_name_zh,
        names.name_en as index_name_en,
        indices.month,
        indices.vintage_date,
        indices.superseded_date,
        indices.superseded_date is null as is_latest,
        indices.value,
        names.unit,
        cast(case
            when indices.index_code <> 'warning' then null
            else 1 + cast(indices.value >= zones.light_blue_from as int) + cast(indices.value >= zones.green_from as int)
                + cast(indices.value >= zones.yellow_from as int) + cast(indices.value >= zones.red_from as int)
        end as int) as light_score,
        cast(indices.parts_known as int) as parts_known,
        cast(indices.parts as int) as parts,
        names.methodology_zh,
        names.methodology_en
    from {{ source('analysis', 'fct_cycle_index') }} as indices
    inner join names on indices.index_code = names.index_code
    left join zones on indices.month >= zones.valid_from and (zones.valid_to is null or indices.month < zones.valid_to)

)

select * from final
