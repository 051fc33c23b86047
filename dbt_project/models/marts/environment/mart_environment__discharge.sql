-- One row an outlet, factor and day of hourly values, held against the discharge standard. Trap: the standard says which mean it limits:
-- sewage is judged by its daily mean (weighted by flow), flue gas by each hour at the reference oxygen; a factor without a limit on file is
-- shown and not compared.
with hours as (

    select
        monitor_code,
        system_code,
        item_code as factor_code,
        data_at,
        coalesce(converted_average, value_average) as value,
        converted_average is not null as is_converted,
        max(case when item_code = 'a19001' then value_average end) over (partition by monitor_code, data_at) as oxygen_pct,
        max(case when item_code = 'w00000' then value_average end) over (partition by monitor_code, data_at) as flow
    from {{ source('silver', 'environment__pollutant_discharge') }}
    -- hourly values that the monitor calls normal (HJ 212: others must not be averaged)
    where message_kind = 'data' and command_code = '2061' and value_flag = 'N' and value_average is not null

),

limited as (

    select
        hours.*,
        limits.limit_low,
        limits.limit_high,
        limits.averaging,
        limits.standard,
        limits.clause_zh,
        limits.clause_en,
        -- GB 13223-2011: C × (21 - reference oxygen) / (21 - measured oxygen)
        case
            when hours.is_converted or limits.reference_oxygen_pct is null then hours.value
            when hours.oxygen_pct < 21 then hours.value * (21 - limits.reference_oxygen_pct) / (21 - hours.oxygen_pct)
        end as judged_value
    from hours
    left join {{ ref('standard_discharge_limit') }} as limits
        on hours.system_code = limits.system_code and hours.factor_code = limits.factor_code and cast(hours.data_at as date) >= limits.valid_from

),

daily as (

    select
        monitor_code,
        system_code,
        factor_code,
        cast(data_at as date) as day,
        cast(count(judged_value) as int) as hours,
        -- weighted by the flow of the hour where the factor is a concentration in water with all flows known (HJ 212-2017, annex D); else plain
        case
            when system_code = '32' and factor_code not in ('w00000', 'w01001') and count(flow) = count(*) and sum(flow) > 0 then sum(judged_value * flow) / sum(flow)
            else avg(judged_value)
        end as mean_value,
        max(judged_value) as highest_value,
        min(judged_value) as lowest_value,
        max(limit_low) as limit_low,
        max(limit_high) as limit_high,
        max(averaging) as averaging,
        max(standard) as standard,
        max(clause_zh) as clause_zh,
        max(clause_en) as clause_en,
        cast(count_if(judged_value > limit_high or judged_value < limit_low) as int) as hours_over
    from limited
    group by monitor_code, system_code, factor_code, cast(data_at as date)

),

compared as (

    select
        *,
        case
            when hours = 0 then null
            when averaging = 'day' then coalesce(mean_value > limit_high, false) or coalesce(mean_value < limit_low, false)
            when averaging = 'hour' then hours_over > 0
        end as is_over
    from daily

),

final as (

    select
        compared.monitor_code,
        compared.system_code,
        case compared.system_code when '31' then '废气' when '32' then '废水' else '其他' end as outlet_kind_zh,
        case compared.system_code when '31' then 'Flue gas' when '32' then 'Sewage' else 'Other' end as outlet_kind_en,
        compared.factor_code,
        factors.factor_name as factor_name_zh,
        compared.day,
        compared.hours,
        compared.hours >= 20 as is_complete,
        compared.mean_value,
        compared.lowest_value,
        compared.highest_value,
        factors.unit,
        compared.limit_low,
        compared.limit_high,
        compared.averaging,
        coalesce(compared.standard, '无限值 no limit on file') as standard,
        compared.clause_zh,
        compared.clause_en,
        compared.standard is not null as has_limit,
        case when compared.standard is not null then compared.hours_over end as hours_over,
        compared.is_over,
        case
            when not compared.is_over then null
            when compared.averaging = 'day' and compared.mean_value > compared.limit_high and compared.limit_low is null then compared.mean_value / compared.limit_high - 1
            when compared.averaging = 'hour' then compared.highest_value / compared.limit_high - 1
        end as times_over,
        compared.day = max(compared.day) over () as is_latest,
        true as is_synthetic
    from compared
    left join {{ source('silver', 'reference__hj212_factor') }} as factors
        on compared.factor_code = factors.factor_code and compared.day >= factors.valid_from and (factors.valid_to is null or compared.day < factors.valid_to)

)

select * from final
