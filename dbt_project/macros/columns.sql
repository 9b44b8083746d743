{# What the YAML says of the published tables, as rows of a query. #}

{#
    Rows of `values`: audience, table, its grain, and each column's place, name, type and description. Every model of
    the three published schemas, this one included. The types are those that leave: publication writes whole numbers
    wider than 64 bits as BIGINT (publish/tables.py). Empty while dbt only reads the project.
#}
{% macro described_columns() -%}
    {%- set rows = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model')
            | selectattr('schema', 'in', ['reports', 'marts', 'casework']) | sort(attribute='unique_id') -%}
            {%- set grain = node.description.split('Grain:')[1:] | join | trim -%}
            {%- for column in node.columns.values() -%}
                {%- set cells = [
                    node.schema, node.name, grain, column.name,
                    column.data_type | lower | replace('hugeint', 'bigint'), column.description | trim,
                ] -%}
                {%- set quoted = [] -%}
                {%- for cell in cells -%}
                    {%- do quoted.append("'" ~ cell | replace("'", "''") ~ "'") -%}
                {%- endfor -%}
                {%- do rows.append('(' ~ loop.index ~ ', ' ~ quoted | join(', ') ~ ')') -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    values {{ rows | join(',\n    ') or "(0, '', '', '', '', '', '')" }}
{%- endmacro %}
