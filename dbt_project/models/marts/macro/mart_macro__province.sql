-- One row a province and year of the latest publication: level, share of the country, growth and rank among 31. Trap: growth is that of the same publication.
with accounts as (

    select * from {{ ref('mart_economy__gdp') }} where frequency = 'annual' and is_latest and division_code not like '000000'

),

country as (

    select year, industry_code, sum(value_added_cny_100m) as value_of_provinces from accounts where division_code <> '000000' group by year, industry_code

),

final as (

    select
        accounts.division_code,
        accounts.division_name_zh,
        accounts.division_name_en,
        accounts.year,
        accounts.industry_code,
        accounts.industry_name_zh,
        accounts.vintage_date,
        accounts.value_added_cny_100m,
        accounts.growth_nominal_yoy_pct,
        100 * accounts.value_added_cny_100m / country.value_of_provinces as share_of_provinces_pct,
        cast(rank() over (partition by accounts.year, accounts.industry_code order by accounts.value_added_cny_100m desc) as int) as rank_by_value,
        cast(case when accounts.growth_nominal_yoy_pct is not null
            then rank() over (partition by accounts.year, accounts.industry_code order by accounts.growth_nominal_yoy_pct desc nulls last) end as int) as rank_by_growth,
        accounts.division_code = '450000' as is_guangxi
    from accounts
    inner join country on accounts.year = country.year and accounts.industry_code = country.industry_code

)

select * from final
