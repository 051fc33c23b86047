-- One row a division and industry section of a census. Trap: persons of the long form, a sample of about one in ten, not all persons.
with census as (

    select * from {{ source('silver', 'population__census_county') }} where superseded_at is null and value is not null

),

final as (

    select
        census.division_code,
        census.division_name as division_name_zh,
        divisions.level,
        divisions.parent_code,
        cast(census.census_year as int) as census_year,
        sections.section_code,
        industries.industry_name_zh as section_name_zh,
        industries.industry_name_en as section_name_en,
        cast(census.value as bigint) as employed_persons,
        100 * census.value / nullif(sum(census.value) over (partition by census.division_code, census.census_year), 0) as employed_share_pct
    from census
    inner join {{ ref('census_section') }} as sections on census.census_item = sections.census_item
    inner join {{ ref('dim_industry') }} as industries on sections.section_code = industries.industry_code
    inner join {{ ref('dim_division') }} as divisions on census.division_code = divisions.division_code

)

select * from final
