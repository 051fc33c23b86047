-- Each prefecture is the sum of its counties, and each division is men and women, town and country, and all its ages.
with structure as (

    select * from {{ ref('mart_population__structure') }}

),

counties as (

    select parent_code, census_year, sum(permanent_population_persons) as persons, sum(households) as households
    from structure
    where level = 'county'
    group by parent_code, census_year

),

ages as (

    select division_code, census_year, sum(persons) as persons from {{ ref('mart_population__age_sex') }} group by division_code, census_year

)

select structure.division_code
from structure
left join counties on structure.division_code = counties.parent_code and structure.census_year = counties.census_year
left join ages on structure.division_code = ages.division_code and structure.census_year = ages.census_year
where not coalesce(
    (structure.level <> 'prefecture' or (structure.permanent_population_persons = counties.persons and structure.households = counties.households))
    and structure.permanent_population_persons = structure.men_persons + structure.women_persons
    and structure.permanent_population_persons = structure.urban_persons + structure.rural_persons
    and structure.permanent_population_persons = ages.persons,
    false
)
