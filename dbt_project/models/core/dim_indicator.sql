-- One row a concept in one convention. Trap: a concept has one headline (what people quote) and at most one level (what growth is computed from).
with concepts as (

    select *, explode(split(conventions, '[|]')) as convention from {{ ref('indicator') }}

),

domains as (

    select * from {{ ref('domain') }}

),

feeds as (

    select concept_code, min(feed) as feed from {{ ref('indicator_source') }} group by concept_code

),

final as (

    select
        concat(concepts.concept_code, '__', concepts.convention) as indicator_code,
        concepts.concept_code,
        concepts.name_zh as concept_name_zh,
        concepts.name_en as concept_name_en,
        concepts.convention,
        conventions.name_zh as convention_name_zh,
        conventions.name_en as convention_name_en,
        concepts.domain,
        domains.name_zh as domain_name_zh,
        domains.name_en as domain_name_en,
        coalesce(conventions.unit, concepts.unit) as unit,
        concepts.frequency,
        conventions.measures,
        conventions.compares_with,
        conventions.is_accumulated,
        conventions.is_additive and concepts.aggregation = 'sum' as is_additive,
        concepts.convention = concepts.headline_convention as is_headline,
        coalesce(concepts.convention = concepts.level_convention, false) as is_level,
        concepts.price_basis,
        concepts.aggregation,
        concepts.better_when,
        concepts.is_adjusted_for_season,
        concepts.comparison_basis,
        concepts.release_months_after,
        concepts.release_day,
        concepts.source_rank,
        concepts.decimals,
        conventions.formula_zh,
        conventions.formula_en,
        concepts.methodology_zh,
        concepts.methodology_en,
        feeds.feed,
        promises.owner,
        promises.is_synthetic
    from concepts
    inner join {{ ref('convention') }} as conventions on concepts.convention = conventions.convention
    inner join domains on concepts.domain = domains.domain
    inner join feeds on concepts.concept_code = feeds.concept_code
    inner join {{ source('silver', 'operations__feed') }} as promises on feeds.feed = promises.feed

)

select * from final
