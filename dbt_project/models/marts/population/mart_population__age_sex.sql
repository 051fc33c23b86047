-- One row a division, sex and age group of a census. Trap: region, prefectures and counties overlap, add up one level only.
with census as (

    select
        *,
        regexp_extract(census_item, '^([男女])_([0-9]+)(?:岁|到)', 1) as sex_zh,
        regexp_extract(census_item, '^([男女])_([0-9]+)(?:岁|到)', 2) as age_from
    from {{ source('silver', 'population__census_county') }}
    where superseded_at is null and value is not null and census_item rlike '^[男女]_[0-9]+(岁|到[0-9]+岁|岁以上)$'

),

grouped as (

    select
        division_code,
        division_name as division_name_zh,
        cast(census_year as int) as census_year,
        case sex_zh when '男' then 'male' else 'female' end as sex,
        try_cast(age_from as int) as age_from_years,
        try_cast(nullif(regexp_extract(census_item, '到([0-9]+)岁', 1), '') as int) as age_to_years,
        cast(value as bigint) as persons
    from census

),

final as (

    select
        grouped.division_code,
        grouped.division_name_zh,
        divisions.level,
        divisions.parent_code,
        grouped.census_year,
        grouped.sex,
        case
            when grouped.age_from_years = 0 then '0'
            when grouped.age_from_years = 85 then '85+'
            else concat(grouped.age_from_years, '-', grouped.age_to_years)
        end as age_group,
        grouped.age_from_years,
        grouped.persons
    from grouped
    inner join {{ ref('dim_division') }} as divisions on grouped.division_code = divisions.division_code

)

select * from final
