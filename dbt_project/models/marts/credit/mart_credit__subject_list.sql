-- One row a month, county and list on which listings stood, came or went. Trap: the county is the place under its code of today; a listing
-- is in force on the last day of a month while neither removed nor expired, and one enterprise may have several.
with listings as (

    {% for list, feed in {'abnormal': 'credit__abnormal_operation_list', 'serious': 'credit__serious_violation_list', 'debtor': 'credit__dishonest_debtor'}.items() -%}
    {% if not loop.first %}union all{% endif %}
    select '{{ list }}' as list, category_code, division_code, in_date, out_date, expiry_date, change_date
    from {{ source('silver', feed) }}
    where valid_to is null
    {% endfor %}

),

-- a removal ends a listing, or its expiry, whichever comes first
steps as (

    select
        list,
        category_code,
        division_code,
        change_date,
        explode(array(
            struct(in_date as step_date, 1 as entered, 0 as removed, 0 as expired),
            struct(
                least(out_date, expiry_date) as step_date,
                0 as entered,
                case when out_date <= coalesce(expiry_date, out_date) then 1 else 0 end as removed,
                case when out_date <= coalesce(expiry_date, out_date) then 0 else 1 end as expired
            )
        )) as step
    from listings

),

-- a repair is decided on the record, whether or not the list says so yet
events as (

    select list, category_code, division_code, change_date, step.step_date as event_date, step.entered, step.removed, step.expired, 0 as repaired
    from steps
    where step.step_date is not null
    union all
    select case category_code when '05' then 'abnormal' else 'serious' end, category_code, division_code, null, decision_date, 0, 0, 0, 1
    from {{ source('silver', 'credit__repair') }}
    where category_code in ('05', '06') and decision = '准予修复'

),

monthly as (

    select
        events.list,
        events.category_code,
        divisions.place_code,
        cast(trunc(events.event_date, 'month') as date) as event_month,
        sum(events.entered) as entered,
        sum(events.removed) as removed,
        sum(events.expired) as expired,
        sum(events.repaired) as repaired,
        max(events.change_date) as change_date
    from events
    inner join {{ ref('dim_division') }} as divisions on events.division_code = divisions.division_code
    group by events.list, events.category_code, divisions.place_code, cast(trunc(events.event_date, 'month') as date)

),

running as (

    select
        *,
        sum(entered - removed - expired) over (partition by list, place_code order by event_month) as in_force,
        lead(event_month) over (partition by list, place_code order by event_month) as next_month,
        max(change_date) over () as as_of_date
    from monthly

),

-- a month without an event has the listings of the month before; what ends after the data date has not ended yet
filled as (

    select
        *,
        explode(sequence(event_month, least(add_months(next_month, -1), greatest(event_month, cast(trunc(as_of_date, 'month') as date))), interval 1 month)) as month
    from running
    where event_month <= as_of_date

),

final as (

    select
        filled.month,
        filled.list,
        case filled.list when 'abnormal' then '经营异常名录' when 'serious' then '严重违法失信名单' else '失信被执行人名单' end as list_zh,
        case filled.list when 'abnormal' then 'Abnormal operations' when 'serious' then 'Serious violations' else 'Dishonest debtors' end as list_en,
        filled.category_code,
        filled.place_code as division_code,
        divisions.division_name_zh,
        prefectures.division_code as prefecture_code,
        prefectures.division_name_zh as prefecture_name_zh,
        prefectures.division_name_en as prefecture_name_en,
        case when filled.month = filled.event_month then filled.entered else 0 end as entered_listings,
        case when filled.month = filled.event_month then filled.removed else 0 end as removed_listings,
        case when filled.month = filled.event_month then filled.expired else 0 end as expired_listings,
        case when filled.list <> 'debtor' then case when filled.month = filled.event_month then filled.repaired else 0 end end as repaired_listings,
        filled.in_force as in_force_listings,
        filled.month = trunc(filled.as_of_date, 'month') as is_latest,
        filled.as_of_date,
        true as is_synthetic
    from filled
    inner join {{ ref('dim_division') }} as divisions on filled.place_code = divisions.division_code
    inner join {{ ref('dim_division') }} as prefectures on divisions.parent_code = prefectures.division_code
    where filled.in_force > 0 or filled.month = filled.event_month

)

select * from final
