-- One row a figure that a monthly bulletin gives, as last known.
{%- set feeds = ['consumption', 'employment', 'finance', 'fiscal_tax', 'industry', 'investment', 'power', 'trade'] %}
with final as (

    {% for feed in feeds %}
    select 'economy.{{ feed }}' as feed, division_code, indicator, convention, year, first_month, last_month, value, unit, known_at
    from {{ source('silver', 'economy__' ~ feed) }}
    where superseded_at is null
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
