-- One row a penalty decision. Trap: is_public is true on the day up to which the feed is known (as_of_date), not today.
with penalties as (

    select *, cast(max(_known_at) over () as date) as as_of_date from {{ source('silver', 'credit__penalty') }}

),

final as (

    select
        penalties.document_number,
        penalties.uscc,
        penalties.enterprise_name,
        penalties.division_code,
        divisions.division_name_zh,
        prefectures.division_code as prefecture_code,
        prefectures.division_name_zh as prefecture_name_zh,
        prefectures.division_name_en as prefecture_name_en,
        penalties.category_code,
        classes.category_zh,
        classes.category_en,
        penalties.penalty_kind,
        penalties.fact,
        penalties.legal_basis,
        penalties.authority_name,
        penalties.decision_date,
        penalties.public_until_date,
        penalties.as_of_date between penalties.decision_date and penalties.public_until_date as is_public,
        penalties.fine_cny,
        penalties.as_of_date,
        true as is_synthetic
    from penalties
    inner join {{ ref('standard_credit_class') }} as classes on penalties.category_code = classes.category_code
    inner join {{ ref('dim_division') }} as divisions on penalties.division_code = divisions.division_code
    inner join {{ ref('dim_division') }} as prefectures on divisions.parent_code = prefectures.division_code

)

select * from final
