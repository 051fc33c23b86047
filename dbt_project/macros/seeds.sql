{# A seed replaces its Delta table in place and in one commit. dbt-spark drops the table and makes it anew, but dropping a table
   with a location leaves its data: the second load would add every row once more. #}

{% macro spark__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {{ return(create_csv_table(model, agate_table)) }}
{% endmacro %}


{% macro spark__create_csv_table(model, agate_table) %}
    {%- set types = model['config'].get('column_types', {}) -%}
    {% set sql %}
        create or replace table {{ this.render() }}
        {{ file_format_clause() }}
        {{ location_clause() }}
        {{ comment_clause() }}
        as select
        {%- for name in agate_table.column_names %}
            cast({{ name }} as {{ types.get(name, adapter.convert_type(agate_table, loop.index0)) }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
        from values
        {%- for row in agate_table.rows %}
            ({% for value in row %}{{ 'null' if value is none else dbt.string_literal(dbt.escape_single_quotes(value | string)) }}{{ ', ' if not loop.last }}{% endfor %}){{ ',' if not loop.last }}
        {%- endfor %}
        as seed ({{ agate_table.column_names | join(', ') }})
    {% endset %}
    {% call statement('_') -%}
        {{ sql }}
    {%- endcall %}
    {{ return(sql) }}
{% endmacro %}


{# The rows came with the table. #}
{% macro spark__load_csv_rows(model, agate_table) %}
    {{ return('') }}
{% endmacro %}
