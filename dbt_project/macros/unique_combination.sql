{# The grain of a model: no two rows share these columns, and none of them is empty unless it is listed in may_be_null. #}
{% test unique_combination(model, columns, may_be_null=[]) %}
select {{ columns | join(', ') }}, count(*) as rows_found
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1 {% for column in columns if column not in may_be_null %} or {{ column }} is null {% endfor %}
{% endtest %}
