-- Twelve monthly price indices, chained, are the published index of the same month a year before, within rounding: 0.05 a link and 0.05 for the index itself.
with chains as (

    select concept_code, division_code, period_end_date, value
    from {{ ref('mart_macro__series') }}
    where convention = 'fixed_base_index'

)

select this.concept_code, this.division_code, this.period_end_date, 100 * this.value / year_before.value as chained, published.value as published
from chains as this
inner join chains as year_before on this.concept_code = year_before.concept_code and this.division_code = year_before.division_code and add_months(this.period_end_date, -12) = year_before.period_end_date
inner join {{ ref('mart_macro__series') }} as published
    on this.concept_code = published.concept_code and this.division_code = published.division_code and this.period_end_date = published.period_end_date
    and published.convention = 'same_month_index' and published.is_latest
where abs(100 * this.value / year_before.value - published.value) > 0.05 * 13
