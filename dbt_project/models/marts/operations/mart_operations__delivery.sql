-- One row a delivery. Trap: ages count up to the last delivery of any feed (as_of_at), so that a build repeats itself.
with deliveries as (

    select *, max(received_at) over () as as_of_at from {{ source('silver', 'operations__delivery') }}

),

final as (

    select
        deliveries.delivery_id,
        deliveries.feed,
        feeds.name_zh as feed_name_zh,
        feeds.name_en as feed_name_en,
        feeds.owner,
        feeds.is_synthetic,
        deliveries.file,
        deliveries.sha256,
        deliveries.size_bytes,
        deliveries.status,
        nullif(array_join(deliveries.refusal_codes, ','), '') as refusal_codes,
        deliveries.rows_in,
        deliveries.rows_loaded,
        deliveries.rows_quarantined,
        deliveries.rows_repeated,
        deliveries.rows_in = deliveries.rows_loaded + deliveries.rows_quarantined + deliveries.rows_repeated as is_accounted,
        100 * deliveries.rows_quarantined / nullif(deliveries.rows_in, 0) as quarantined_pct,
        deliveries.receive_seconds,
        deliveries.bronze_seconds,
        deliveries.silver_seconds,
        coalesce(deliveries.receive_seconds, 0) + coalesce(deliveries.bronze_seconds, 0) + coalesce(deliveries.silver_seconds, 0) as total_seconds,
        deliveries.received_at,
        deliveries.known_at,
        deliveries.finished_at,
        deliveries.as_of_at,
        (unix_timestamp(deliveries.as_of_at) - unix_timestamp(deliveries.received_at)) / 3600 as hours_since_received
    from deliveries
    left join {{ source('silver', 'operations__feed') }} as feeds on deliveries.feed = feeds.feed

)

select * from final
