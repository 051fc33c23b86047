-- One row a section (A … T) or division (01 … 97) of GB/T 4754, and the aggregates that statistics speak of. Trap: sections A, B and C lie in two
-- sectors, theirs is empty.
with classification as (

    select * from {{ source('silver', 'reference__industry') }} where valid_to is null

),

final as (

    select
        entries.industry_code,
        entries.name_zh as industry_name_zh,
        entries.name_en as industry_name_en,
        entries.level,
        entries.section_code,
        sections.name_zh as section_name_zh,
        sections.name_en as section_name_en,
        entries.sector,
        entries.valid_from
    from classification as entries
    left join classification as sections on entries.section_code = sections.industry_code
    union all
    select industry_code, name_zh, name_en, 'aggregate', cast(null as string), cast(null as string), cast(null as string), sector, date '2018-03-23'
    from {{ ref('industry_aggregate') }}

)

select * from final
