-- One row a delivery and reason. Trap: a row that breaks two rules is counted under both reasons.
with quarantined as (

    select * from {{ source('silver', 'operations__quarantine') }}

),

final as (

    select
        quarantined.delivery_id,
        quarantined.feed,
        feeds.name_zh as feed_name_zh,
        feeds.name_en as feed_name_en,
        quarantined.owner,
        feeds.is_synthetic,
        deliveries.file,
        quarantined.reason_code,
        quarantined.method,
        quarantined.message_zh,
        quarantined.message_en,
        quarantined.quarantined_rows,
        deliveries.rows_in,
        deliveries.received_at
    from quarantined
    left join {{ source('silver', 'operations__delivery') }} as deliveries on quarantined.delivery_id = deliveries.delivery_id and quarantined.feed = deliveries.feed
    left join {{ source('silver', 'operations__feed') }} as feeds on quarantined.feed = feeds.feed

)

select * from final
