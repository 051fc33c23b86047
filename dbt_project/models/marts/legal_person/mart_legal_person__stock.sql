-- One row a month, county and industry section with enterprises in it. Trap: the county is the place under its code of today, so
-- that a change of code is no move; the stock holds enterprises in business, without those whose licence was revoked.
with registrations as (

    select
        registered.uscc,
        divisions.place_code,
        industries.section_code,
        registered.status = '存续' as is_alive,
        registered.establishment_date,
        registered.valid_from
    from {{ source('silver', 'legal_person__registration') }} as registered
    inner join {{ ref('dim_division') }} as divisions on registered.division_code = divisions.division_code
    inner join {{ ref('dim_industry') }} as industries on registered.industry_code = industries.industry_code

),

steps as (

    select
        *,
        lag(is_alive) over history as was_alive,
        lag(place_code) over history as place_before,
        lag(section_code) over history as section_before
    from registrations
    window history as (partition by uscc order by valid_from)

),

-- the first record of an enterprise tells of its founding, wherever it stood on the day of the first delivery
events as (

    select place_code, section_code, establishment_date as event_date, 1 as births, 0 as deaths, 0 as moved_in, 0 as moved_out
    from steps where was_alive is null
    union all
    select place_code, section_code, valid_from, 0, 1, 0, 0
    from steps where was_alive is null and not is_alive
    union all
    select place_before, section_before, valid_from, 0, 1, 0, 0
    from steps where was_alive and not is_alive
    union all
    select place_code, section_code, valid_from, 1, 0, 0, 0
    from steps where not was_alive and is_alive
    union all
    select place_code, section_code, valid_from, 0, 0, 1, 0
    from steps where was_alive and is_alive and (place_code <> place_before or section_code <> section_before)
    union all
    select place_before, section_before, valid_from, 0, 0, 0, 1
    from steps where was_alive and is_alive and (place_code <> place_before or section_code <> section_before)

),

monthly as (

    select
        place_code,
        section_code,
        -- months before the window make one opening month
        greatest(trunc(event_date, 'month'), add_months(date '{{ var("stock_from_month") }}', -1)) as month,
        sum(births) as births,
        sum(deaths) as deaths,
        sum(moved_in) as moved_in,
        sum(moved_out) as moved_out
    from events
    group by all

),

calendar as (

    select explode(sequence(add_months(date '{{ var("stock_from_month") }}', -1), max(month), interval 1 month)) as month from monthly

),

cells as (

    select distinct place_code, section_code from monthly

),

running as (

    select
        calendar.month,
        cells.place_code,
        cells.section_code,
        coalesce(monthly.births, 0) as births,
        coalesce(monthly.deaths, 0) as deaths,
        coalesce(monthly.moved_in, 0) as moved_in,
        coalesce(monthly.moved_out, 0) as moved_out,
        sum(coalesce(monthly.births - monthly.deaths + monthly.moved_in - monthly.moved_out, 0))
            over (partition by cells.place_code, cells.section_code order by calendar.month) as stock
    from calendar
    cross join cells
    left join monthly
        on calendar.month = monthly.month and cells.place_code = monthly.place_code and cells.section_code = monthly.section_code

),

final as (

    select
        running.month,
        running.place_code as division_code,
        divisions.division_name_zh,
        prefectures.division_code as prefecture_code,
        prefectures.division_name_zh as prefecture_name_zh,
        prefectures.division_name_en as prefecture_name_en,
        running.section_code,
        sections.industry_name_zh as section_name_zh,
        sections.industry_name_en as section_name_en,
        running.stock as stock_enterprises,
        running.births as births_enterprises,
        running.deaths as deaths_enterprises,
        running.moved_in as moved_in_enterprises,
        running.moved_out as moved_out_enterprises,
        true as is_synthetic
    from running
    inner join {{ ref('dim_division') }} as divisions on running.place_code = divisions.division_code
    inner join {{ ref('dim_division') }} as prefectures on divisions.parent_code = prefectures.division_code
    inner join {{ ref('dim_industry') }} as sections on running.section_code = sections.industry_code
    where running.month >= date '{{ var("stock_from_month") }}'
        and running.stock + running.births + running.deaths + running.moved_in + running.moved_out > 0

)

select * from final
