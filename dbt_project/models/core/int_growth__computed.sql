-- Growth of a level on the same period a year before. Trap: a pair counts only for the days on which both values were known, so no growth
-- is ever computed across vintages; accounts that are revised as a whole (comparison_basis = publication) are left to mart_economy__gdp.
with levels as (

    select
        observations.indicator_code, indicators.concept_code, observations.division_code, observations.industry_code, observations.period,
        observations.vintage_date, observations.superseded_date, observations.value, periods.frequency, periods.year, periods.last_month
    from {{ ref('fct_observation') }} as observations
    inner join {{ ref('dim_indicator') }} as indicators on observations.indicator_code = indicators.indicator_code
    inner join {{ ref('dim_period') }} as periods on observations.period = periods.period
    where indicators.measures = 'level' and indicators.comparison_basis = 'as_of' and indicators.unit <> '%'

),

final as (

    select
        this.indicator_code,
        this.concept_code,
        this.division_code,
        this.industry_code,
        this.period,
        {{ known_together_from('this', 'last_year') }} as vintage_date,
        {{ known_together_to('this', 'last_year') }} as superseded_date,
        this.value,
        last_year.value as value_last_year,
        100 * (this.value / nullif(last_year.value, 0) - 1) as growth_yoy_pct
    from levels as this
    inner join levels as last_year
        on this.indicator_code = last_year.indicator_code and this.division_code = last_year.division_code and this.industry_code = last_year.industry_code
        and this.frequency = last_year.frequency and this.year = last_year.year + 1 and this.last_month = last_year.last_month
        and {{ known_together('this', 'last_year') }}

)

select * from final
