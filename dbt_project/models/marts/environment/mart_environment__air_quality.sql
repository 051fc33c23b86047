-- One row a station and hour. Trap: the hourly index takes one-hour means, of particles too, and reads particles from the daily
-- breakpoints of HJ 633; it is whole numbers all the way, so that rounding up never meets a binary fraction.
with observations as (

    select * from {{ source('silver', 'environment__air_quality') }}

),

pollutants as (

    select
        station_code,
        observed_at,
        stack(6,
            'so2', 'SO2_1h', '二氧化硫', 'SO2', 1, so2_ug_m3,
            'no2', 'NO2_1h', '二氧化氮', 'NO2', 2, no2_ug_m3,
            'co', 'CO_1h', '一氧化碳', 'CO', 3, co_mg_m3,
            'pm10', 'PM10_24h', '颗粒物(PM10)', 'PM10', 4, pm10_ug_m3,
            'pm25', 'PM25_24h', '细颗粒物(PM2.5)', 'PM2.5', 5, pm25_ug_m3,
            'o3', 'O3_1h', '臭氧1小时', 'O3', 6, o3_ug_m3
        ) as (pollutant, item, pollutant_zh, pollutant_en, pollutant_order, concentration)
    from observations

),

-- concentrations in thousandths; the edition in force on the day of Beijing time decides
thousandths as (

    select
        pollutants.*,
        editions.standard,
        cast(round(pollutants.concentration * 1000) as bigint) as concentration_1000
    from pollutants
    left join {{ ref('standard_aqi_edition') }} as editions
        on cast(pollutants.observed_at as date) >= editions.valid_from
        and (editions.valid_to is null or cast(pollutants.observed_at as date) < editions.valid_to)

),

-- an open row (no upper end) holds what the edition says of concentrations above its table
sub_indices as (

    select
        thousandths.*,
        case
            when breakpoints.concentration_to is null then breakpoints.iaqi_to
            else breakpoints.iaqi_from + (
                (breakpoints.iaqi_to - breakpoints.iaqi_from) * (concentration_1000 - 1000 * breakpoints.concentration_from)
                + 1000 * (breakpoints.concentration_to - breakpoints.concentration_from) - 1
            ) div (1000 * (breakpoints.concentration_to - breakpoints.concentration_from))
        end as iaqi
    from thousandths
    left join {{ ref('standard_aqi_breakpoint') }} as breakpoints
        on thousandths.standard = breakpoints.standard and thousandths.item = breakpoints.item
        and (concentration_1000 > 1000 * breakpoints.concentration_from or (concentration_1000 = 0 and breakpoints.concentration_from = 0))
        and (breakpoints.concentration_to is null or concentration_1000 <= 1000 * breakpoints.concentration_to)

),

highest as (

    select *, max(iaqi) over (partition by station_code, observed_at) as highest_iaqi from sub_indices

),

stations as (

    select
        station_code,
        observed_at,
        max(standard) as standard,
        {% for pollutant in ['so2', 'no2', 'co', 'pm10', 'pm25', 'o3'] -%}
        max(case when pollutant = '{{ pollutant }}' then iaqi end) as iaqi_{{ pollutant }},
        {% endfor -%}
        count(concentration) = 6 as is_complete,
        -- HJ 633-2026: with a pollutant missing the index is shown only above 100
        case when max(standard) = 'HJ 633-2026' and count(concentration) < 6 and max(highest_iaqi) <= 100 then null else max(highest_iaqi) end as aqi,
        array_sort(collect_list(case when iaqi = highest_iaqi and highest_iaqi > 50 then struct(pollutant_order, pollutant_zh, pollutant_en) end)) as primaries
    from highest
    group by station_code, observed_at

),

-- a city of the broadcast by its name: a prefecture or municipality before a county-level city of the same name
cities as (

    select division_name_zh, min_by(division_code, case level when 'prefecture' then 1 when 'province' then 2 else 3 end) as division_code
    from {{ ref('dim_division') }}
    where is_current
    group by division_name_zh

),

final as (

    select
        observations.station_code,
        observations.station_name as station_name_zh,
        observations.city_name as city_name_zh,
        cities.division_code,
        coalesce(cities.division_code like '45%', false) as is_guangxi,
        observations.observed_at,
        observations.longitude,
        observations.latitude,
        observations.so2_ug_m3,
        observations.no2_ug_m3,
        observations.co_mg_m3,
        observations.o3_ug_m3,
        observations.o3_8h_ug_m3,
        observations.pm10_ug_m3,
        observations.pm25_ug_m3,
        observations.pm10_24h_ug_m3,
        observations.pm25_24h_ug_m3,
        cast(stations.iaqi_so2 as int) as iaqi_so2,
        cast(stations.iaqi_no2 as int) as iaqi_no2,
        cast(stations.iaqi_co as int) as iaqi_co,
        cast(stations.iaqi_o3 as int) as iaqi_o3,
        cast(stations.iaqi_pm10 as int) as iaqi_pm10,
        cast(stations.iaqi_pm25 as int) as iaqi_pm25,
        cast(stations.aqi as int) as aqi,
        levels.level,
        levels.level_zh,
        levels.level_en,
        case when stations.aqi is not null then nullif(array_join(transform(stations.primaries, one -> one.pollutant_zh), ','), '') end as primary_pollutants_zh,
        case when stations.aqi is not null then nullif(array_join(transform(stations.primaries, one -> one.pollutant_en), ','), '') end as primary_pollutants_en,
        cast(observations.published_aqi as int) as published_aqi,
        observations.published_level_zh,
        observations.published_primary_pollutant as published_primary_pollutants_zh,
        stations.is_complete,
        case
            when observations.published_aqi is null or stations.aqi is null then null
            else stations.aqi = observations.published_aqi
                and levels.level_zh = observations.published_level_zh
                and array_sort(transform(stations.primaries, one -> one.pollutant_zh))
                    = array_sort(filter(split(coalesce(observations.published_primary_pollutant, ''), ','), name -> name <> ''))
        end as equals_published,
        stations.standard
    from observations
    inner join stations on observations.station_code = stations.station_code and observations.observed_at = stations.observed_at
    left join {{ ref('standard_aqi_level') }} as levels on stations.aqi between levels.aqi_from and levels.aqi_to
    left join cities on observations.city_name = cities.division_name_zh

)

select * from final
