{# ISO 8601: 2024-03, 2024Q1 (the quarter has no code there), 2024, and for a span since January 2024-01/2024-03. #}
{% macro period_code(frequency, year, last_month) -%}
case {{ frequency }}
    when 'monthly' then concat({{ year }}, '-', lpad({{ last_month }}, 2, '0'))
    when 'quarterly' then concat({{ year }}, 'Q', cast({{ last_month }} / 3 as int))
    when 'annual' then cast({{ year }} as string)
    when 'year_to_date' then concat({{ year }}, '-01/', {{ year }}, '-', lpad({{ last_month }}, 2, '0'))
end
{%- endmacro %}
