-- One row an industry, division and month of its latest vintage of gross output; growth is computed where both years stand.
with names as (

    select industry_code, industry_name_zh, industry_name_en from {{ ref('dim_industry') }}

),

figures as (

    select observations.*, periods.first_date as month, periods.year, periods.last_month
    from {{ ref('fct_observation') }} as observations
    inner join {{ ref('dim_period') }} as periods on observations.period = periods.period
    where observations.indicator_code = 'industry_output__current'

),

growth as (

    select * from {{ ref('int_growth__computed') }} where indicator_code = 'industry_output__current'

),

final as (

    select
        figures.division_code,
        divisions.division_name_zh,
        divisions.division_name_en,
        figures.industry_code,
        names.industry_name_zh,
        names.industry_name_en,
        figures.month,
        date_format(figures.month, 'yyyy-MM') as month_label,
        figures.vintage_date,
        figures.superseded_date,
        figures.is_latest,
        figures.value as output_cny_100m,
        growth.growth_yoy_pct,
        100 * (growth.value - growth.value_last_year) / nullif(sum(growth.value_last_year) over (partition by figures.division_code, figures.month, figures.is_latest), 0) as contribution_pp,
        100 * figures.value / nullif(sum(case when figures.is_latest then figures.value end) over (partition by figures.division_code, figures.month), 0) as share_of_delivered_pct,
        true as is_synthetic
    from figures
    inner join names on figures.industry_code = names.industry_code
    inner join {{ ref('dim_division') }} as divisions on figures.division_code = divisions.division_code
    left join growth
        on figures.division_code = growth.division_code and figures.industry_code = growth.industry_code and figures.period = growth.period
        and figures.vintage_date <= growth.vintage_date and (figures.superseded_date is null or growth.vintage_date < figures.superseded_date) and growth.superseded_date is null

)

select * from final
