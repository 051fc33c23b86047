-- One row a division, period, industry and vintage. Trap: growth is computed inside the publication that first carried the
-- value, never from a value of another publication; where that publication lacks the year before, growth is empty.
with branches as (

    select * from {{ ref('gdp_branch') }}

),

annual as (

    select
        divisions.division_code,
        'annual' as frequency,
        'accumulated' as accumulation,
        published.year,
        cast(null as bigint) as quarter,
        branches.industry_code,
        published.value,
        published.known_at,
        published.superseded_at,
        published.confirmed_at
    from {{ source('silver', 'economy__gdp_provincial') }} as published
    inner join branches on published.item = branches.source_name
    inner join {{ ref('dim_division') }} as divisions
        on divisions.division_name_zh = case published.division_name when '中国' then '全国' else published.division_name end
        and divisions.level in ('country', 'province')

),

quarterly as (

    select
        '000000' as division_code,
        'quarterly' as frequency,
        published.accumulation,
        published.year,
        published.quarter,
        branches.industry_code,
        published.value,
        published.known_at,
        published.superseded_at,
        published.confirmed_at,
        published.measure
    from {{ source('silver', 'economy__gdp_quarterly') }} as published
    inner join branches on published.branch_name = branches.source_name

),

values_published as (

    select * from annual
    union all
    select * except (measure) from quarterly where measure = 'current_prices'

),

published_indices as (

    select * from quarterly where measure = 'index'

),

-- the same thing a year before, and the total it is part of, as the same publication had them
compared as (

    select
        this.*,
        last_year.value as value_last_year,
        total.value as gdp,
        total_last_year.value as gdp_last_year
    from values_published as this
    left join values_published as last_year
        on this.division_code = last_year.division_code and this.frequency = last_year.frequency and this.accumulation = last_year.accumulation
        and this.industry_code = last_year.industry_code and this.year = last_year.year + 1 and this.quarter <=> last_year.quarter
        and array_contains(last_year.confirmed_at, this.known_at)
    left join values_published as total
        on this.division_code = total.division_code and this.frequency = total.frequency and this.accumulation = total.accumulation
        and total.industry_code = 'GDP' and this.year = total.year and this.quarter <=> total.quarter
        and array_contains(total.confirmed_at, this.known_at)
    left join values_published as total_last_year
        on this.division_code = total_last_year.division_code and this.frequency = total_last_year.frequency
        and this.accumulation = total_last_year.accumulation
        and total_last_year.industry_code = 'GDP' and this.year = total_last_year.year + 1 and this.quarter <=> total_last_year.quarter
        and array_contains(total_last_year.confirmed_at, this.known_at)

),

-- real growth is published, not computed: the index that stood when the value was last in force
measured as (

    select
        compared.*,
        100 * (compared.value / nullif(compared.value_last_year, 0) - 1) as growth_nominal_yoy_pct,
        published_indices.value - 100 as growth_real_yoy_pct,
        100 * (compared.value / nullif(compared.value_last_year, 0)) / (published_indices.value / 100) as deflator_yoy_index
    from compared
    left join published_indices
        on compared.division_code = published_indices.division_code and compared.frequency = published_indices.frequency
        and compared.accumulation = published_indices.accumulation and compared.industry_code = published_indices.industry_code
        and compared.year = published_indices.year and compared.quarter <=> published_indices.quarter
        and published_indices.known_at < coalesce(compared.superseded_at, timestamp '9999-12-31')
        and coalesce(published_indices.superseded_at, timestamp '9999-12-31') >= coalesce(compared.superseded_at, timestamp '9999-12-31')

),

labels as (

    select distinct industry_code, industry_name_zh, industry_name_en from branches

),

final as (

    select
        measured.division_code,
        divisions.division_name_zh,
        divisions.division_name_en,
        measured.frequency,
        measured.accumulation,
        concat(measured.year, coalesce(concat('Q', measured.quarter), '')) as period,
        last_day(make_date(cast(measured.year as int), cast(coalesce(3 * measured.quarter, 12) as int), 1)) as period_end_date,
        cast(measured.year as int) as year,
        cast(measured.quarter as int) as quarter,
        measured.industry_code,
        labels.industry_name_zh,
        labels.industry_name_en,
        cast(measured.known_at as date) as vintage_date,
        cast(measured.superseded_at as date) as superseded_date,
        measured.superseded_at is null as is_latest,
        measured.value as value_added_cny_100m,
        100 * measured.value / nullif(measured.gdp, 0) as share_of_gdp_pct,
        measured.growth_nominal_yoy_pct,
        measured.growth_real_yoy_pct,
        100 * (measured.value - measured.value_last_year) / nullif(measured.gdp_last_year, 0) as contribution_nominal_pp,
        measured.deflator_yoy_index
    from measured
    inner join {{ ref('dim_division') }} as divisions on measured.division_code = divisions.division_code
    inner join labels on measured.industry_code = labels.industry_code

)

select * from final
