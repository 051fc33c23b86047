-- place_code is the end of the chain: no place goes on under yet another code.
select places.division_code, places.place_code
from {{ ref('dim_division') }} as places
inner join {{ ref('dim_division') }} as ends on places.place_code = ends.division_code
where ends.place_code <> ends.division_code
