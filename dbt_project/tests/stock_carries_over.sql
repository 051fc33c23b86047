-- The stock of a month is that of the month before and what came and went; a cell absent in a month stands at zero.
with months as (

    select * from {{ ref('mart_legal_person__stock') }}

)

select this.month, this.division_code, this.section_code
from months as this
left join months as before
    on this.division_code = before.division_code and this.section_code = before.section_code and this.month = add_months(before.month, 1)
where this.month > date '{{ var("stock_from_month") }}'
    and this.stock_enterprises <> coalesce(before.stock_enterprises, 0)
        + this.births_enterprises - this.deaths_enterprises + this.moved_in_enterprises - this.moved_out_enterprises
