-- One row a peak or trough of the coincident index, by Bry and Boschan; a later vintage may move it.
select
    month,
    kind,
    case kind when 'peak' then '峰' else '谷' end as kind_zh,
    value as index_value,
    vintage_date,
    superseded_date,
    superseded_date is null as is_latest
from {{ source('analysis', 'fct_turning_point') }}
