-- One row a release, revision or estimation that moved a nowcast; the rows of a model, period and day add up to the change of its nowcast.
with final as (

    select
        news.model,
        models.name_zh as model_name_zh,
        news.period,
        news.vintage_date,
        news.previous_vintage_date,
        news.kind,
        news.series,
        coalesce(series.name_zh, case news.kind when 'estimation' then '参数重估' else '撤回的数据' end) as series_name_zh,
        coalesce(series.name_en, case news.kind when 'estimation' then 'New parameters' else 'Withdrawn figures' end) as series_name_en,
        coalesce(series.category, 'model') as category,
        news.observed_period,
        news.forecast as forecast_value,
        news.actual as actual_value,
        news.weight,
        news.impact as impact_pp
    from {{ source('analysis', 'fct_nowcast_news') }} as news
    inner join {{ ref('nowcast_model') }} as models on news.model = models.model
    left join {{ ref('nowcast_series') }} as series on news.model = series.model and news.series = series.series_code

)

select * from final
