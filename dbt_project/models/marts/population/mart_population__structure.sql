-- One row a division of a census: the region, its 14 prefectures, its 111 counties. Trap: rows of the three levels overlap,
-- add up one level only. Codes and names are those of the census day; place_code is the code of the place today.
with census as (

    select * from {{ source('silver', 'population__census_county') }} where superseded_at is null

),

counted as (

    select
        division_code,
        max(division_name) as division_name_zh,
        cast(census_year as int) as census_year,
        {{ census_value('人口数_合计') }} as permanent_population_persons,
        {{ census_value('人口数_男') }} as men_persons,
        {{ census_value('人口数_女') }} as women_persons,
        {{ census_value('城镇人口') }} as urban_persons,
        {{ census_value('乡村人口') }} as rural_persons,
        {{ census_value('家庭户数') }} as households,
        {{ census_value('家庭户人口数') }} as household_persons,
        {{ census_value('一人户数') }} as one_person_households,
        {{ census_value('有65岁及以上老年人口的户数') }} as households_with_65_plus,
        {{ census_value('人口比重_0-14岁') }} as age_0_14_pct,
        {{ census_value('人口比重_15-64岁') }} as age_15_64_pct,
        {{ census_value('人口比重_65岁及以上') }} as age_65_plus_pct,
        {{ census_value('平均受教育年限_合计') }} as mean_schooling_years,
        {{ census_value('文盲占15岁及以上人口比重') }} as illiterate_pct,
        {{ census_value('少数民族人口比重（%）') }} as ethnic_minority_pct,
        {{ census_value('户口登记地在外乡镇街道人口_省外') }} as registered_outside_region_persons
    from census
    group by division_code, census_year

),

final as (

    select
        counted.division_code,
        divisions.place_code,
        counted.division_name_zh,
        divisions.division_name_en,
        divisions.level,
        divisions.parent_code,
        parents.division_name_zh as parent_name_zh,
        parents.division_name_en as parent_name_en,
        counted.census_year,
        cast(counted.permanent_population_persons as bigint) as permanent_population_persons,
        cast(counted.men_persons as bigint) as men_persons,
        cast(counted.women_persons as bigint) as women_persons,
        cast(counted.urban_persons as bigint) as urban_persons,
        cast(counted.rural_persons as bigint) as rural_persons,
        cast(counted.households as bigint) as households,
        cast(counted.one_person_households as bigint) as one_person_households,
        cast(counted.households_with_65_plus as bigint) as households_with_65_plus,
        cast(counted.registered_outside_region_persons as bigint) as registered_outside_region_persons,
        100 * counted.urban_persons / counted.permanent_population_persons as urbanisation_pct,
        100 * counted.men_persons / counted.women_persons as sex_ratio_women_100,
        counted.age_0_14_pct,
        counted.age_15_64_pct,
        counted.age_65_plus_pct,
        counted.household_persons / counted.households as average_household_persons,
        counted.mean_schooling_years,
        counted.illiterate_pct,
        counted.ethnic_minority_pct
    from counted
    inner join {{ ref('dim_division') }} as divisions on counted.division_code = divisions.division_code
    left join {{ ref('dim_division') }} as parents on divisions.parent_code = parents.division_code

)

select * from final
