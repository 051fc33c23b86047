-- The region of the census is the sum of its 14 prefectures and of its 111 counties, in all six measures.
{% set measures = ['permanent_population_persons', 'men_persons', 'women_persons', 'urban_persons', 'rural_persons', 'households'] %}
with levels as (

    select census_year, level, count(*) as divisions {% for measure in measures %}, sum({{ measure }}) as {{ measure }} {% endfor %}
    from {{ ref('mart_population__structure') }}
    group by census_year, level

)

select parts.*
from levels as parts
inner join levels as region on parts.census_year = region.census_year and region.level = 'province'
where not (
    parts.divisions = case parts.level when 'province' then 1 when 'prefecture' then 14 else 111 end
    {% for measure in measures %} and parts.{{ measure }} = region.{{ measure }} {% endfor %}
)
