-- One row a concept and division for each span of days on which what is known of it did not change. The figure is what people quote: published
-- growth, an index less 100, a rate as it is, and growth computed from the level where none is published.
with headline as (

    select
        indicators.concept_code,
        observations.division_code,
        observations.period,
        periods.last_date as period_end_date,
        observations.vintage_date,
        observations.superseded_date,
        case when indicators.measures = 'index' then observations.value - 100 else observations.value end as figure,
        case when indicators.measures = 'growth' then 'published_growth' when indicators.measures = 'index' then 'index' else 'rate' end as figure_kind
    from {{ ref('fct_observation') }} as observations
    inner join {{ ref('dim_indicator') }} as indicators on observations.indicator_code = indicators.indicator_code
    inner join {{ ref('dim_period') }} as periods on observations.period = periods.period
    where observations.industry_code = 'TOTAL' and observations.division_code like '45%' and indicators.is_headline
        and (indicators.measures <> 'level' or indicators.unit = '%') and indicators.frequency <> 'annual'

),

computed as (

    select growth.concept_code, growth.division_code, growth.period, periods.last_date, growth.vintage_date, growth.superseded_date, growth.growth_yoy_pct, 'computed_growth'
    from {{ ref('int_growth__computed') }} as growth
    inner join {{ ref('dim_indicator') }} as indicators on growth.indicator_code = indicators.indicator_code
    inner join {{ ref('dim_period') }} as periods on growth.period = periods.period
    where growth.industry_code = 'TOTAL' and growth.division_code like '45%' and indicators.is_headline and indicators.concept_code <> 'industry_output'

),

figures as (

    select * from headline
    union all
    select * from computed

),

levels as (

    select
        indicators.concept_code, observations.division_code, observations.period, periods.last_date as period_end_date, observations.vintage_date, observations.superseded_date,
        observations.value, indicators.unit, indicators.is_accumulated
    from {{ ref('fct_observation') }} as observations
    inner join {{ ref('dim_indicator') }} as indicators on observations.indicator_code = indicators.indicator_code
    inner join {{ ref('dim_period') }} as periods on observations.period = periods.period
    where observations.industry_code = 'TOTAL' and observations.division_code like '45%' and indicators.measures = 'level' and indicators.unit <> '%' and indicators.concept_code <> 'industry_output'

),

-- the days on which anything about it became known
days as (

    select concept_code, division_code, vintage_date as known_date from figures
    union
    select concept_code, division_code, vintage_date from levels

),

spans as (

    select *, lead(known_date) over (partition by concept_code, division_code order by known_date) as superseded_date from days

),

known_figures as (

    select
        spans.concept_code,
        spans.division_code,
        spans.known_date,
        figures.period,
        figures.period_end_date,
        figures.vintage_date,
        figures.figure,
        figures.figure_kind,
        row_number() over (partition by spans.concept_code, spans.division_code, spans.known_date order by figures.period_end_date desc) as age,
        max(figures.period_end_date) over (partition by spans.concept_code, spans.division_code, spans.known_date) as latest_end_date
    from spans
    inner join figures
        on spans.concept_code = figures.concept_code and spans.division_code = figures.division_code
        and figures.vintage_date <= spans.known_date and (figures.superseded_date is null or figures.superseded_date > spans.known_date)

),

-- a figure's place among those of the ten years that end with the latest
placed as (

    select
        *,
        rank() over (partition by concept_code, division_code, known_date order by figure) as place,
        count(*) over (partition by concept_code, division_code, known_date, figure) as equals,
        count(*) over (partition by concept_code, division_code, known_date) as periods
    from known_figures
    where period_end_date > add_months(latest_end_date, -120)

),

latest_figures as (

    select
        concept_code,
        division_code,
        known_date,
        max(case when age = 1 then period end) as period,
        max(latest_end_date) as period_end_date,
        max(case when age = 1 then figure_kind end) as figure_kind,
        max(case when age = 1 then figure end) as figure,
        max(case when age = 1 then vintage_date end) as figure_known_date,
        max(case when age = 2 then figure end) as figure_before,
        max(case when age = 1 then cast(100 * (place - 1 + 0.5 * equals) / periods as double) end) as position_pct,
        max(periods) as position_periods
    from placed
    group by concept_code, division_code, known_date

),

latest_levels as (

    select
        spans.concept_code,
        spans.division_code,
        spans.known_date,
        max_by(levels.value, levels.period_end_date) filter (where not levels.is_accumulated) as current_value,
        max_by(levels.value, levels.period_end_date) filter (where levels.is_accumulated) as cumulative_value,
        max(levels.unit) as level_unit
    from spans
    inner join levels
        on spans.concept_code = levels.concept_code and spans.division_code = levels.division_code
        and levels.vintage_date <= spans.known_date and (levels.superseded_date is null or levels.superseded_date > spans.known_date)
    group by spans.concept_code, spans.division_code, spans.known_date

),

adjusted as (

    select spans.concept_code, spans.division_code, spans.known_date, max_by(seasonal.adjusted_mom_pct, seasonal.month) as adjusted_mom_pct, max(seasonal.month) as adjusted_month
    from spans
    inner join {{ source('analysis', 'fct_seasonal_adjustment') }} as seasonal
        on spans.concept_code = seasonal.concept_code and spans.division_code = seasonal.division_code
        and seasonal.vintage_date <= spans.known_date and (seasonal.superseded_date is null or seasonal.superseded_date > spans.known_date)
    group by spans.concept_code, spans.division_code, spans.known_date

),

lights as (

    select spans.concept_code, spans.division_code, spans.known_date, max_by(lights.score, lights.month) as light_score
    from spans
    inner join {{ source('analysis', 'fct_warning_light') }} as lights
        on spans.concept_code = lights.concept_code and spans.division_code = '450000'
        and lights.vintage_date <= spans.known_date and (lights.superseded_date is null or lights.superseded_date > spans.known_date)
    group by spans.concept_code, spans.division_code, spans.known_date

),

concepts as (

    select * from {{ ref('dim_indicator') }} where is_headline

),

final as (

    select
        spans.concept_code,
        concepts.concept_name_zh,
        concepts.concept_name_en,
        concepts.domain,
        concepts.domain_name_zh,
        concepts.domain_name_en,
        spans.division_code,
        divisions.division_name_zh,
        divisions.division_name_en,
        latest.period,
        periods.label_zh as period_label_zh,
        periods.label_en as period_label_en,
        latest.period_end_date,
        spans.known_date as vintage_date,
        spans.superseded_date,
        spans.superseded_date is null as is_latest,
        latest.figure as figure_pct,
        latest.figure_kind,
        latest.figure_before as figure_before_pct,
        latest.figure - latest.figure_before as figure_change_pp,
        latest.figure_known_date,
        values_known.current_value,
        values_known.cumulative_value,
        values_known.level_unit,
        adjusted.adjusted_mom_pct,
        adjusted.adjusted_month,
        latest.position_pct,
        cast(latest.position_periods as int) as position_periods,
        cast(lights.light_score as int) as light_score,
        case
            when concepts.better_when = 'neutral' or latest.figure_before is null then 'neutral'
            when latest.figure = latest.figure_before then 'same'
            when (latest.figure > latest.figure_before) = (concepts.better_when = 'up') then 'better'
            else 'worse'
        end as direction,
        concepts.better_when,
        datediff(latest.figure_known_date, latest.period_end_date) as lag_days,
        datediff(make_date(year(add_months(latest.period_end_date, concepts.release_months_after)), month(add_months(latest.period_end_date, concepts.release_months_after)), greatest(concepts.release_day, 1)), latest.period_end_date) as promised_lag_days,
        concepts.feed,
        concepts.owner,
        concepts.is_synthetic,
        concepts.methodology_zh,
        concepts.methodology_en
    from spans
    inner join concepts on spans.concept_code = concepts.concept_code
    inner join {{ ref('dim_division') }} as divisions on spans.division_code = divisions.division_code
    inner join latest_figures as latest on spans.concept_code = latest.concept_code and spans.division_code = latest.division_code and spans.known_date = latest.known_date
    inner join {{ ref('dim_period') }} as periods on latest.period = periods.period
    left join latest_levels as values_known on spans.concept_code = values_known.concept_code and spans.division_code = values_known.division_code and spans.known_date = values_known.known_date
    left join adjusted on spans.concept_code = adjusted.concept_code and spans.division_code = adjusted.division_code and spans.known_date = adjusted.known_date
    left join lights on spans.concept_code = lights.concept_code and spans.division_code = lights.division_code and spans.known_date = lights.known_date

)

select * from final
