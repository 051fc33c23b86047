-- One row a part of a whole, a period and a span of days: how many points of the whole's growth the part gave (拉动 = share a year before × growth).
-- Trap: the part and the whole must have been known together, like the two years of each.
with growth as (

    select growth.*
    from {{ ref('int_growth__computed') }} as growth
    inner join {{ ref('dim_indicator') }} as indicators on growth.indicator_code = indicators.indicator_code
    where indicators.is_additive and indicators.is_level and growth.concept_code <> 'industry_output'

),

by_city as (

    select
        'city' as part_kind, parts.indicator_code, parts.concept_code, '450000' as division_code, parts.division_code as part_code, parts.period,
        {{ known_together_from('parts', 'whole') }} as vintage_date, {{ known_together_to('parts', 'whole') }} as superseded_date,
        parts.value, parts.value_last_year, parts.growth_yoy_pct, whole.value_last_year as whole_last_year, whole.growth_yoy_pct as whole_growth_yoy_pct
    from growth as parts
    inner join growth as whole
        on parts.indicator_code = whole.indicator_code and parts.industry_code = whole.industry_code and parts.period = whole.period and {{ known_together('parts', 'whole') }}
    where parts.industry_code = 'TOTAL' and whole.division_code = '450000' and parts.division_code <> '450000' and parts.division_code like '45%'

),

by_sector as (

    select
        'sector', parts.indicator_code, parts.concept_code, parts.division_code, parts.industry_code, parts.period,
        {{ known_together_from('parts', 'whole') }}, {{ known_together_to('parts', 'whole') }},
        parts.value, parts.value_last_year, parts.growth_yoy_pct, whole.value_last_year, whole.growth_yoy_pct
    from growth as parts
    inner join growth as whole
        on parts.indicator_code = whole.indicator_code and parts.division_code = whole.division_code and parts.period = whole.period and {{ known_together('parts', 'whole') }}
    where whole.industry_code = 'TOTAL' and parts.industry_code in ('primary', 'secondary', 'tertiary', 'households')

),

parts as (

    select * from by_city
    union all
    select * from by_sector

),

names as (

    select 'city' as part_kind, division_code as part_code, division_name_zh as part_name_zh, division_name_en as part_name_en from {{ ref('dim_division') }}
    union all
    select 'sector', industry_code, industry_name_zh, industry_name_en from {{ ref('dim_industry') }}

),

concepts as (

    select distinct concept_code, concept_name_zh, concept_name_en, domain, owner, is_synthetic from {{ ref('dim_indicator') }}

),

final as (

    select
        parts.part_kind,
        parts.concept_code,
        concepts.concept_name_zh,
        concepts.concept_name_en,
        concepts.domain,
        parts.indicator_code,
        parts.division_code,
        divisions.division_name_zh,
        parts.part_code,
        names.part_name_zh,
        names.part_name_en,
        parts.period,
        periods.label_zh as period_label_zh,
        periods.last_date as period_end_date,
        parts.vintage_date,
        parts.superseded_date,
        parts.superseded_date is null as is_latest,
        parts.value,
        100 * parts.value_last_year / nullif(parts.whole_last_year, 0) as share_last_year_pct,
        parts.growth_yoy_pct,
        100 * (parts.value - parts.value_last_year) / nullif(parts.whole_last_year, 0) as contribution_pp,
        parts.whole_growth_yoy_pct,
        concepts.owner,
        concepts.is_synthetic
    from parts
    inner join concepts on parts.concept_code = concepts.concept_code
    inner join names on parts.part_kind = names.part_kind and parts.part_code = names.part_code
    inner join {{ ref('dim_division') }} as divisions on parts.division_code = divisions.division_code
    inner join {{ ref('dim_period') }} as periods on parts.period = periods.period

)

select * from final
