-- One row a model, a target period and a day of knowledge, beside the figure that was published in the end.
with published as (

    select model, period, max_by(value, vintage_date) as actual, min(vintage_date) as actual_known_date
    from {{ source('analysis', 'fct_nowcast') }}
    where standard_error = 0
    group by model, period

),

final as (

    select
        nowcasts.model,
        models.name_zh as model_name_zh,
        models.name_en as model_name_en,
        nowcasts.target,
        nowcasts.period,
        nowcasts.vintage_date,
        nowcasts.superseded_date,
        nowcasts.superseded_date is null as is_latest,
        nowcasts.value as nowcast_pct,
        nowcasts.standard_error as standard_error_pp,
        nowcasts.lower_80 as lower_80_pct,
        nowcasts.upper_80 as upper_80_pct,
        nowcasts.standard_error = 0 as is_published,
        published.actual as actual_pct,
        nowcasts.value - published.actual as error_pp,
        nowcasts.estimated_on,
        cast(nowcasts.iterations as int) as iterations,
        nowcasts.tolerance,
        nowcasts.converged,
        nowcasts.model not like 'us_%' as is_synthetic
    from {{ source('analysis', 'fct_nowcast') }} as nowcasts
    inner join {{ ref('nowcast_model') }} as models on nowcasts.model = models.model
    left join published on nowcasts.model = published.model and nowcasts.period = published.period

)

select * from final
