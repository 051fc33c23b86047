-- One row a provider, consumer and dataset between which something was asked for or taken, and one without a consumer for a dataset that
-- nobody asked for. Trap: a grant has expired or not when the last line of a ledger was written (as_of_at), so that a build repeats itself.
with lines as (

    select
        owner, role, role_zh, role_en, dataset,
        'request' as door,
        decision,
        (unix_micros(decided_at) - unix_micros(asked_at)) / 3600e6 as hours_to_decision,
        decided_at + make_dt_interval(cast(days as int)) as granted_until,
        asked_at,
        greatest(asked_at, decided_at) as last_at,
        cast(null as timestamp) as taken_at,
        cast(null as string) as request_id,
        cast(null as bigint) as rows
    from {{ source('silver', 'operations__request') }}
    union all
    select owner, role, role_zh, role_en, dataset, door, null, null, null, null, taken_at, taken_at, request_id, rows
    from {{ source('silver', 'operations__export') }}
    union all
    select owner, null, null, null, dataset, 'offer', null, null, null, null, null, null, null, null
    from {{ source('silver', 'operations__dataset') }}
    union all
    select null, null, null, null, null, 'delivery', null, null, null, null, max(received_at), null, null, null
    from {{ source('silver', 'operations__delivery') }}

),

dated as (

    select *, max(last_at) over () as as_of_at, count(role) over (partition by dataset) as taken_or_asked from lines

),

final as (

    select
        owner,
        role as consumer,
        max(role_zh) as consumer_zh,
        max(role_en) as consumer_en,
        dataset,
        count_if(door = 'request') as requests,
        count_if(door = 'request' and decision is null) as waiting_requests,
        count_if(decision = 'granted') as granted_requests,
        count_if(decision = 'refused') as refused_requests,
        count_if(decision = 'granted' and granted_until <= as_of_at) as expired_requests,
        cast(percentile(hours_to_decision, 0.5) as double) as median_hours_to_decision,
        cast(sum(hours_to_decision) as double) as hours_to_decision,
        count_if(door = 'export') as exports,
        count_if(door = 'share') as shares,
        count_if(door = 'export' and request_id is not null) as exports_by_request,
        coalesce(sum(rows), 0) as taken_rows,
        max(asked_at) as last_asked_at,
        max(taken_at) as last_taken_at,
        max(as_of_at) as as_of_at
    from dated
    where role is not null or (door = 'offer' and taken_or_asked = 0)
    group by owner, role, dataset

)

select * from final
