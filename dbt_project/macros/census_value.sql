{# One census item of a division as a column; the name is the header of the yearbook. #}
{% macro census_value(item) -%}
max(case when census_item = '{{ item }}' then value end)
{%- endmacro %}
