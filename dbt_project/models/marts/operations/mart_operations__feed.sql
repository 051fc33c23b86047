-- One row a feed, also one that never sent anything. Trap: a refused delivery does not make a feed fresh; lateness is judged at the last delivery of any feed (as_of_at);
-- compare due_at with the clock to know it now.
with deliveries as (

    select * from {{ source('silver', 'operations__delivery') }}

),

totals as (

    select
        feed,
        count(*) as deliveries,
        count_if(status = 'refused') as refused_deliveries,
        max(received_at) as last_received_at,
        max(case when status = 'loaded' then received_at end) as last_loaded_at,
        coalesce(sum(rows_in), 0) as rows_in,
        coalesce(sum(rows_loaded), 0) as rows_loaded,
        coalesce(sum(rows_quarantined), 0) as rows_quarantined,
        coalesce(sum(rows_repeated), 0) as rows_repeated
    from deliveries
    group by feed

),

clock as (

    select max(received_at) as as_of_at from deliveries

),

final as (

    select
        feeds.feed,
        feeds.name_zh as feed_name_zh,
        feeds.name_en as feed_name_en,
        feeds.owner,
        feeds.kind,
        feeds.schedule,
        feeds.is_synthetic,
        coalesce(totals.deliveries, 0) as deliveries,
        coalesce(totals.refused_deliveries, 0) as refused_deliveries,
        totals.last_received_at,
        totals.last_loaded_at,
        (unix_timestamp(clock.as_of_at) - unix_timestamp(totals.last_loaded_at)) / 3600 as age_hours,
        feeds.frequency_days * 24 + feeds.latency_hours as promised_hours,
        timestamp_seconds(unix_timestamp(totals.last_loaded_at) + cast(3600 * (feeds.frequency_days * 24 + feeds.latency_hours) as bigint)) as due_at,
        coalesce(
            (unix_timestamp(clock.as_of_at) - unix_timestamp(totals.last_loaded_at)) / 3600 > feeds.frequency_days * 24 + feeds.latency_hours,
            true
        ) as is_late,
        coalesce(totals.rows_in, 0) as rows_in,
        coalesce(totals.rows_loaded, 0) as rows_loaded,
        coalesce(totals.rows_quarantined, 0) as rows_quarantined,
        coalesce(totals.rows_repeated, 0) as rows_repeated,
        feeds.parked_rows as rows_parked,
        100 * totals.rows_quarantined / nullif(totals.rows_in, 0) as quarantined_pct,
        clock.as_of_at
    from {{ source('silver', 'operations__feed') }} as feeds
    left join totals on feeds.feed = totals.feed
    cross join clock

)

select * from final
