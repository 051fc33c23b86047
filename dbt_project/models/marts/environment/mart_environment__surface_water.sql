-- One row a section and month: its class is that of its worst item (single-factor method). Trap: temperature, total nitrogen and faecal
-- coliforms do not decide; a section with fewer than 21 items is judged by those it has and says so (is_complete).
with items as (

    select * from {{ ref('mart_environment__surface_water_item') }}

),

months as (

    select
        section_code,
        month,
        cast(count(class_number) as int) as items,
        max(class_number) as class_number,
        array_sort(collect_list(case when is_deciding then item_name end)) as deciding,
        array_sort(collect_list(case when is_deciding then item_name_en end)) as deciding_en,
        array_sort(collect_list(case when pollutant_rank <= 3 then struct(pollutant_rank, item_name, item_name_en, times_over) end)) as pollutants,
        max(times_over) as highest_times_over
    from items
    group by section_code, month

),

sections as (

    select
        section_code,
        cast(trunc(monitored_at, 'month') as date) as month,
        max_by(section_name, monitored_at) as section_name_zh,
        max_by(water_name, monitored_at) as water_name_zh,
        max_by(water_kind, monitored_at) as water_kind,
        max_by(division_code, monitored_at) as division_code,
        max(monitored_at) as last_monitored_at
    from {{ source('silver', 'environment__surface_water') }}
    group by section_code, cast(trunc(monitored_at, 'month') as date)

),

final as (

    select
        months.section_code,
        sections.section_name_zh,
        sections.water_name_zh,
        sections.water_kind,
        sections.division_code,
        divisions.division_name_zh,
        prefectures.division_code as prefecture_code,
        prefectures.division_name_zh as prefecture_name_zh,
        prefectures.division_name_en as prefecture_name_en,
        months.month,
        months.items,
        months.items = 21 as is_complete,
        months.class_number,
        classes.water_class,
        classes.class_name_en as water_class_en,
        classes.condition_zh,
        classes.condition_en,
        months.class_number <= 3 as is_good,
        -- class I says nothing against an item: nothing decided
        case when months.class_number > 1 then array_join(months.deciding, ',') end as deciding_items_zh,
        case when months.class_number > 1 then array_join(months.deciding_en, ',') end as deciding_items_en,
        nullif(array_join(transform(months.pollutants, one -> concat(one.item_name, coalesce(format_string('(%.2f)', one.times_over), ''))), ','), '') as main_pollutants_zh,
        nullif(array_join(transform(months.pollutants, one -> concat(one.item_name_en, coalesce(format_string(' (%.2f)', one.times_over), ''))), ','), '') as main_pollutants_en,
        months.highest_times_over,
        months.month = max(months.month) over () as is_latest,
        sections.last_monitored_at,
        true as is_synthetic
    from months
    inner join sections on months.section_code = sections.section_code and months.month = sections.month
    inner join {{ ref('standard_water_class') }} as classes on months.class_number = classes.class_number
    inner join {{ ref('dim_division') }} as divisions on sections.division_code = divisions.division_code
    inner join {{ ref('dim_division') }} as prefectures on divisions.parent_code = prefectures.division_code

)

select * from final
