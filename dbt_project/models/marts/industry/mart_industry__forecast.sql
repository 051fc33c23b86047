-- One row a forecast ever published: origin × series × month, with its intervals and, once it is known, what came true. A series whose model does not
-- beat naive shows the better of naive and seasonal naive (base_forecast_cny_100m) and says so; the forecast itself is that one moved so that cities and
-- industries add up. Trap: forecasts of origins before the first run are a backtest, made as if nothing later were known.
with names as (

    select industry_code, industry_name_zh, industry_name_en from {{ ref('dim_industry') }}

),

final as (

    select
        forecasts.division_code,
        divisions.division_name_zh,
        divisions.division_name_en,
        forecasts.industry_code,
        names.industry_name_zh,
        names.industry_name_en,
        forecasts.level,
        forecasts.origin,
        forecasts.origin = max(forecasts.origin) over () as is_latest_origin,
        forecasts.month,
        cast(forecasts.horizon as int) as horizon_months,
        forecasts.made_on as made_on_date,
        forecasts.is_backtest,
        forecasts.model,
        forecasts.beats_naive,
        forecasts.base_value as base_forecast_cny_100m,
        forecasts.value as forecast_cny_100m,
        forecasts.lower_80 as lower_80_cny_100m,
        forecasts.upper_80 as upper_80_cny_100m,
        forecasts.lower_95 as lower_95_cny_100m,
        forecasts.upper_95 as upper_95_cny_100m,
        forecasts.naive_value as naive_cny_100m,
        forecasts.seasonal_naive_value as seasonal_naive_cny_100m,
        forecasts.actual as actual_cny_100m,
        forecasts.error as error_cny_100m,
        forecasts.absolute_percentage_error as error_pct,
        forecasts.scaled_error,
        forecasts.is_within_80,
        forecasts.is_within_95,
        true as is_synthetic
    from {{ source('analysis', 'fct_forecast') }} as forecasts
    inner join names on forecasts.industry_code = names.industry_code
    inner join {{ ref('dim_division') }} as divisions on forecasts.division_code = divisions.division_code

)

select * from final
