-- One row a section, month and item of GB 3838-2002 table 1. Trap: the limits of the classes are nested, so the class of an item is one
-- more than the number of classes whose limit it breaks; 6 stands for worse than V.
with readings as (

    select
        section_code,
        cast(trunc(monitored_at, 'month') as date) as month,
        item_name,
        water_kind,
        unit,
        detected_value is null as is_below_detection,
        -- a result below the detection limit counts as half of it (环办监测函〔2020〕82号, article 7)
        coalesce(detected_value, detection_limit / 2) as value
    from {{ source('silver', 'environment__surface_water') }}

),

monthly as (

    select
        section_code,
        month,
        item_name,
        max(water_kind) as water_kind,
        max(unit) as unit,
        count(*) as readings,
        count_if(is_below_detection) as readings_below_detection,
        -- pH is the logarithm of a concentration: the mean is that of the hydrogen ions
        case when item_name = 'pH值' then -log10(avg(power(10, -value))) else avg(value) end as value
    from readings
    group by section_code, month, item_name

),

limits as (

    select * from {{ source('silver', 'reference__surface_water_limit') }} where water_class in ('Ⅰ', 'Ⅱ', 'Ⅲ', 'Ⅳ', 'Ⅴ')

),

held as (

    select
        monthly.section_code,
        monthly.month,
        monthly.item_name,
        any_value(items.item_name_en) as item_name_en,
        any_value(monthly.unit) as unit,
        any_value(monthly.readings) as readings,
        any_value(monthly.readings_below_detection) as readings_below_detection,
        any_value(monthly.value) as value,
        any_value(items.decides_class) as decides_class,
        any_value(items.has_times_over) as has_times_over,
        any_value(items.comes_first) as comes_first,
        max(case when limits.water_class = 'Ⅲ' then coalesce(limits.limit_high, limits.limit_low) end) as limit_class_3,
        count(limits.water_class) as classes,
        count_if(monthly.value > limits.limit_high or monthly.value < limits.limit_low) as classes_broken
    from monthly
    inner join {{ ref('standard_surface_water_item') }} as items on monthly.item_name = items.item_name
    left join limits
        on monthly.item_name = limits.item_name
        and (limits.water_body = '全部' or limits.water_body = monthly.water_kind)
        and monthly.month >= limits.valid_from
        and (limits.valid_to is null or monthly.month < limits.valid_to)
    group by monthly.section_code, monthly.month, monthly.item_name

),

classed as (

    select *, case when decides_class and classes = 5 then cast(classes_broken + 1 as int) end as class_number from held

),

worst as (

    select *, max(class_number) over (partition by section_code, month) as worst_class_number from classed

),

final as (

    select
        worst.section_code,
        worst.month,
        worst.item_name,
        worst.item_name_en,
        worst.value,
        worst.unit,
        worst.readings,
        worst.readings_below_detection,
        worst.decides_class,
        worst.limit_class_3,
        worst.class_number,
        classes.water_class,
        worst.class_number > 3 as is_over,
        case when worst.class_number > 3 and worst.has_times_over then worst.value / worst.limit_class_3 - 1 end as times_over,
        worst.class_number = worst.worst_class_number as is_deciding,
        -- the order of the main pollutants (环办[2011]22号): toxic metals and cyanide first, then the worse class, then the more times over
        case
            when worst.class_number > 3 then cast(row_number() over (
                partition by worst.section_code, worst.month
                order by
                    worst.class_number > 3 desc nulls last,
                    worst.comes_first desc,
                    worst.class_number desc,
                    case when worst.has_times_over then worst.value / worst.limit_class_3 - 1 end desc nulls last,
                    worst.item_name
            ) as int)
        end as pollutant_rank,
        true as is_synthetic
    from worst
    left join {{ ref('standard_water_class') }} as classes on worst.class_number = classes.class_number

)

select * from final
