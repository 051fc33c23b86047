-- One row a division code. Trap: a place whose code changed has several codes; place_code ties them together.
with editions as (

    select * from {{ source('silver', 'reference__division') }}

),

-- after a recoding or a merger the place goes on under the new code; after a cut (析置) the old code stays in force
continuations as (

    select from_code, to_code, change_date
    from {{ source('silver', 'reference__division_change') }}
    where valid_to is null and change_type <> '析置'

),

beginnings as (

    select to_code, min(change_date) as change_date
    from {{ source('silver', 'reference__division_change') }}
    where valid_to is null and change_type <> '合并'
    group by to_code

),

codes as (

    select
        division_code,
        max_by(division_name, valid_from) as division_name_zh,
        max_by(level, valid_from) as level,
        max_by(parent_code, valid_from) as parent_code,
        min(valid_from) as valid_from,
        case when count_if(valid_to is null) > 0 then null else max(valid_to) end as valid_to
    from editions
    group by division_code

),

-- the day of approval is exacter than the edition that shows it
dated as (

    select
        codes.division_code,
        codes.division_name_zh,
        codes.level,
        -- districts of municipalities and directly governed cities have no prefecture in the list
        case
            when codes.level = 'province' then '000000'
            when parents.division_code is null then concat(left(codes.division_code, 2), '0000')
            else codes.parent_code
        end as parent_code,
        coalesce(second.to_code, first.to_code, codes.division_code) as place_code,
        coalesce(beginnings.change_date, codes.valid_from) as valid_from,
        coalesce(first.change_date, codes.valid_to) as valid_to
    from codes
    left join codes as parents on codes.parent_code = parents.division_code
    left join continuations as first on codes.division_code = first.from_code
    left join continuations as second on first.to_code = second.from_code
    left join beginnings on codes.division_code = beginnings.to_code

),

with_country as (

    select * from dated
    union all
    select '000000', '全国', 'country', cast(null as string), '000000', date '1949-10-01', cast(null as date)

),

final as (

    select
        with_country.division_code,
        with_country.division_name_zh,
        names.division_name_en,
        with_country.level,
        with_country.parent_code,
        with_country.place_code,
        with_country.valid_from,
        with_country.valid_to,
        with_country.valid_to is null as is_current
    from with_country
    left join {{ ref('division_name_en') }} as names on with_country.division_code = names.division_code

)

select * from final
