-- One row a fact that two sources, or the parts and the whole, tell: both figures stay, the first named source is the one of record.
-- Trap: the registers are synthetic samples, so their counts are held against the census in proportion, with three standard deviations as tolerance.
with counted as (

    select census.division_code, any_value(census.value) as census_persons, count(residents.citizen_token) as registered_persons
    from {{ source('silver', 'population__census_county') }} as census
    left join {{ source('silver', 'population__resident') }} as residents
        on census.division_code = residents.division_code
        and residents.valid_from <= date '2020-11-01' and (residents.valid_to is null or residents.valid_to > date '2020-11-01')
    where census.superseded_at is null and census.census_item = '人口数_合计' and census.division_code not like '%00'
    group by census.division_code

),

expected as (

    select
        *,
        census_persons * sum(registered_persons) over () / sum(census_persons) over () as expected_persons
    from counted

),

census_and_register as (

    select
        'census_against_register' as comparison,
        'population.census_county' as source_of_record,
        'population.resident' as other_source,
        division_code,
        '常住人口（按登记样本折算）' as item,
        '2020-11' as period,
        expected_persons as value_of_record,
        cast(registered_persons as double) as other_value,
        '人' as unit,
        3 * sqrt(expected_persons) + 1 as tolerance
    from expected
    where expected_persons > 0

),

registered as (

    select uscc, division_code, valid_from, valid_to from {{ source('silver', 'legal_person__registration') }}

),

reported as (

    select
        reports.report_year,
        reports.division_code,
        max(case when registered.division_code = reports.division_code then 1 else 0 end) as agrees
    from {{ source('silver', 'legal_person__annual_report') }} as reports
    left join registered on reports.uscc = registered.uscc
    where reports.valid_to is null
    group by reports.report_year, reports.division_code, reports.uscc

),

registration_and_report as (

    select
        'registration_against_annual_report' as comparison,
        'legal_person.registration' as source_of_record,
        'legal_person.annual_report' as other_source,
        division_code,
        '年报所在地与登记一致的企业' as item,
        cast(report_year as string) as period,
        cast(sum(agrees) as double) as value_of_record,
        cast(count(*) as double) as other_value,
        '户' as unit,
        0.0 as tolerance
    from reported
    group by report_year, division_code

),

compared as (

    select * from census_and_register
    union all
    select * from registration_and_report

),

registers as (

    select
        compared.comparison,
        compared.source_of_record,
        compared.other_source,
        compared.division_code,
        compared.item,
        compared.period,
        compared.value_of_record,
        compared.other_value,
        compared.other_value - compared.value_of_record as difference,
        compared.tolerance,
        abs(compared.other_value - compared.value_of_record) > compared.tolerance as is_breach,
        compared.unit,
        feeds.owner,
        feeds.is_synthetic
    from compared
    left join {{ source('silver', 'operations__feed') }} as feeds on compared.other_source = feeds.feed

),

final as (

    select * from {{ ref('mart_macro__reconciliation') }}
    union all
    select * from registers

)

select * from final
