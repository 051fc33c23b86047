-- One row a figure and vintage: what was published, and growth computed from published levels as a convention of its own. Trap: computed growth
-- stands only for the days on which both its values stood; it is never written over published growth. A fixed-base index is chained from the
-- latest monthly indices (previous month = 100) and ends where a month is missing.
with published as (

    select
        observations.indicator_code, indicators.convention, indicators.convention_name_zh, indicators.convention_name_en, indicators.unit, false as is_computed,
        observations.division_code, observations.industry_code, observations.period, observations.vintage_date, observations.superseded_date, observations.value, indicators.concept_code
    from {{ ref('fct_observation') }} as observations
    inner join {{ ref('dim_indicator') }} as indicators on observations.indicator_code = indicators.indicator_code

),

computed_growth as (

    select growth.*, indicators.convention, indicators.convention_name_zh, indicators.convention_name_en
    from {{ ref('int_growth__computed') }} as growth
    inner join {{ ref('dim_indicator') }} as indicators on growth.indicator_code = indicators.indicator_code

),

computed as (

    select
        concat(growth.indicator_code, '__computed_yoy_pct') as indicator_code, concat('computed_', growth.convention, '_yoy_pct'), concat(growth.convention_name_zh, '同比（由水平计算）'),
        concat(growth.convention_name_en, ', year on year (computed from levels)'), '%', true,
        growth.division_code, growth.industry_code, growth.period, growth.vintage_date, growth.superseded_date, growth.growth_yoy_pct, growth.concept_code
    from computed_growth as growth

),

links as (

    select
        observations.*, periods.first_date,
        {{ chained('observations.value', 'whole') }} as factor,
        max(observations.vintage_date) over whole as known_date,
        count(*) over whole as links_so_far,
        min(periods.first_date) over whole as chain_start
    from {{ ref('fct_observation') }} as observations
    inner join {{ ref('dim_period') }} as periods on observations.period = periods.period
    where observations.is_latest and observations.feed = 'economy.prices' and observations.indicator_code like '%__previous_month_index'
    window whole as (partition by observations.indicator_code, observations.division_code order by periods.first_date)

),

chained as (

    select
        concat(indicator_code, '__chained'), 'fixed_base_index', '定基指数（由环比连乘）', 'Fixed base (chained from monthly indices)', concat(date_format(add_months(chain_start, -1), 'yyyy-MM'), '=100'), true,
        division_code, industry_code, period, known_date, cast(null as date), 100 * factor, replace(indicator_code, '__previous_month_index', '')
    from links
    where links_so_far = months_between(first_date, chain_start) + 1

),

figures as (

    select * from published
    union all
    select * from computed
    union all
    select * from chained

),

concepts as (

    select distinct concept_code, concept_name_zh, concept_name_en, domain, domain_name_zh, domain_name_en, better_when, owner, is_synthetic, methodology_zh, methodology_en
    from {{ ref('dim_indicator') }}
    where domain <> 'international' and concept_code <> 'industry_output'

),

final as (

    select
        figures.indicator_code,
        figures.concept_code,
        concepts.concept_name_zh,
        concepts.concept_name_en,
        concepts.domain,
        concepts.domain_name_zh,
        concepts.domain_name_en,
        figures.convention,
        figures.convention_name_zh,
        figures.convention_name_en,
        figures.is_computed,
        figures.division_code,
        divisions.division_name_zh,
        divisions.division_name_en,
        figures.industry_code,
        industries.industry_name_zh,
        industries.industry_name_en,
        figures.period,
        periods.label_zh as period_label_zh,
        periods.label_en as period_label_en,
        periods.frequency,
        periods.last_date as period_end_date,
        figures.vintage_date,
        figures.superseded_date,
        figures.superseded_date is null as is_latest,
        figures.value,
        figures.unit,
        concepts.better_when,
        concepts.owner,
        concepts.is_synthetic,
        concepts.methodology_zh,
        concepts.methodology_en
    from figures
    inner join concepts on figures.concept_code = concepts.concept_code
    inner join {{ ref('dim_period') }} as periods on figures.period = periods.period
    inner join {{ ref('dim_division') }} as divisions on figures.division_code = divisions.division_code
    inner join {{ ref('dim_industry') }} as industries on figures.industry_code = industries.industry_code
    where figures.division_code like '45%' or figures.division_code = '000000' or figures.concept_code = 'gross_domestic_product'

)

select * from final
