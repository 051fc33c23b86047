-- One row a series and horizon: how good the forecasts that came due were, against seasonal naive, and how often the intervals held.
with names as (

    select industry_code, industry_name_zh, industry_name_en from {{ ref('dim_industry') }}

),

final as (

    select
        record.level,
        record.division_code,
        divisions.division_name_zh,
        divisions.division_name_en,
        record.industry_code,
        names.industry_name_zh,
        names.industry_name_en,
        cast(record.horizon as int) as horizon_months,
        cast(record.forecasts as int) as forecasts,
        cast(record.intervals as int) as intervals,
        record.mae as mean_absolute_error_cny_100m,
        record.mape_pct as mean_absolute_error_pct,
        record.mase,
        record.skill_vs_naive,
        record.skill_vs_seasonal_naive,
        record.coverage_80_pct,
        record.coverage_95_pct,
        cast(record.filled_months as int) as filled_months,
        true as is_synthetic
    from {{ source('analysis', 'fct_forecast_record') }} as record
    inner join names on record.industry_code = names.industry_code
    inner join {{ ref('dim_division') }} as divisions on record.division_code = divisions.division_code

)

select * from final
