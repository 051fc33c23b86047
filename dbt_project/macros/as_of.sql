{# A table with vintages as it was known on a day: {{ as_of(ref('fct_observation'), "date '2024-01-31'") }} #}
{% macro as_of(relation, day) -%}
(select * from {{ relation }} where vintage_date <= {{ day }} and (superseded_date is null or superseded_date > {{ day }}))
{%- endmacro %}

{# Whether two facts were known on one day; the days from and to which both stood are known_together_from and _to. #}
{% macro known_together(one, other) -%}
{{ one }}.vintage_date < coalesce({{ other }}.superseded_date, date '9999-12-31') and {{ other }}.vintage_date < coalesce({{ one }}.superseded_date, date '9999-12-31')
{%- endmacro %}

{% macro known_together_from(one, other) -%}
greatest({{ one }}.vintage_date, {{ other }}.vintage_date)
{%- endmacro %}

{% macro known_together_to(one, other) -%}
least({{ one }}.superseded_date, {{ other }}.superseded_date)
{%- endmacro %}
