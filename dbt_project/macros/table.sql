{#
    The table materialisation: `create or replace`, the contract, the commit.

    dbt's own builds a table aside, renames twice and drops, which costs more than the SQL of a nightly refresh.
    One transaction gives the same safety here: a model that fails, or that breaks its contract, leaves the table
    as it was. What is not asked for (hooks, comments in the database) is not called: an empty call still costs a
    context. Python models are not supported: SQL is all there is in this project.
#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] -%}
    {%- set target_relation = this.incorporate(type='table') -%}

    {% if pre_hooks %}
        {{ run_hooks(pre_hooks, inside_transaction=False) }}
        {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% endif %}

    {% call statement('main') -%}
        create or replace table {{ target_relation }} as (
            {{ compiled_code }}
        )
    {%- endcall %}

    {% if config.get('contract').enforced %}{% do hold_to_contract(target_relation) %}{% endif %}
    {% if config.persist_relation_docs() or config.persist_column_docs() %}
        {% do persist_docs(target_relation, model) %}
    {% endif %}

    {% if post_hooks %}{{ run_hooks(post_hooks, inside_transaction=True) }}{% endif %}
    {{ adapter.commit() }}
    {% if post_hooks %}{{ run_hooks(post_hooks, inside_transaction=False) }}{% endif %}

    {{ return({'relations': [target_relation]}) }}
{%- endmaterialization %}


{#
    Raises when the table's columns are not the YAML's columns, name by name, type by type, in the same
    order. It asks the finished table, so it costs one statement where dbt's own check plans the query twice.
#}
{% macro hold_to_contract(relation) %}
    {%- set promised = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do promised.append(column.name ~ ' ' ~ column.data_type | upper) -%}
    {%- endfor -%}
    {%- set found = [] -%}
    {%- for row in run_query('describe ' ~ relation).rows -%}
        {%- do found.append(row[0] ~ ' ' ~ row[1] | upper) -%}
    {%- endfor -%}
    {%- if promised != found -%}
        {%- set missing = promised | reject('in', found) | join(', ') or 'none' -%}
        {%- set unpromised = found | reject('in', promised) | join(', ') or 'none' -%}
        {%- do exceptions.raise_compiler_error(
            relation.identifier ~ ' breaks its contract. In the contract only: ' ~ missing
            ~ '. In the table only: ' ~ unpromised
            ~ '. (Both none: the columns stand in another order.)'
        ) -%}
    {%- endif -%}
{% endmacro %}
