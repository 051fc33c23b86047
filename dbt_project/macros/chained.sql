{# Product of links (each an index with its predecessor = 100) over a window of rows, as a factor. #}
{% macro chained(link, window) -%}
exp(sum(ln({{ link }} / 100)) over {{ window }})
{%- endmacro %}
