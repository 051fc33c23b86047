-- One row a month, quarter, year or span since January.
with years as (

    select explode(sequence(1949, 2035)) as year

),

months as (

    select year, explode(sequence(1, 12)) as month from years

),

periods as (

    select 'monthly' as frequency, year, month as first_month, month as last_month from months
    union all
    select 'year_to_date', year, 1, month from months
    union all
    select 'quarterly', year, month - 2, month from months where month % 3 = 0
    union all
    select 'annual', year, 1, 12 from years

),

final as (

    select
        {{ period_code('frequency', 'year', 'last_month') }} as period,
        frequency,
        year,
        case when frequency <> 'annual' then cast(ceil(last_month / 3) as int) end as quarter,
        first_month,
        last_month,
        last_month - first_month + 1 as months,
        make_date(year, first_month, 1) as first_date,
        last_day(make_date(year, last_month, 1)) as last_date,
        case frequency
            when 'monthly' then concat(year, '年', last_month, '月')
            when 'quarterly' then concat(year, '年', element_at(array('一', '二', '三', '四'), cast(last_month / 3 as int)), '季度')
            when 'annual' then concat(year, '年')
            else case when last_month = 1 then concat(year, '年1月') else concat(year, '年1—', last_month, '月') end
        end as label_zh,
        case frequency
            when 'monthly' then date_format(make_date(year, last_month, 1), 'MMM yyyy')
            when 'quarterly' then concat('Q', cast(last_month / 3 as int), ' ', year)
            when 'annual' then cast(year as string)
            else concat(case when last_month = 1 then '' else 'Jan–' end, date_format(make_date(year, last_month, 1), 'MMM yyyy'))
        end as label_en
    from periods

)

select * from final
