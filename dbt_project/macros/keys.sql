{# The readable surrogate key of a record: kent:liberi:R000123. #}
{% macro record_key(rows, id) -%}
    {{ rows }}._authority || ':' || {{ rows }}._source_system || ':' || {{ rows }}.{{ id }}
{%- endmacro %}


{#
    Find the parent that a record names by id. Its own source system is asked first; of several others the
    first by name answers, because two systems of one authority may tell of the same case.

    Usage: `parents` is a CTE with authority, source_system, the id and the key; {{ named_parent(...) }} in
    the select gives the parent's key or `unknown`.
#}
{% macro join_parent(rows, parents, id) -%}
    left join {{ parents }} as own_{{ parents }}
        on
            {{ rows }}._authority = own_{{ parents }}.authority
            and {{ rows }}._source_system = own_{{ parents }}.source_system
            and {{ rows }}.{{ id }} = own_{{ parents }}.{{ id }}
    left join (
        select
            authority,
            {{ id }},
            arg_min({{ id | replace('_id', '_key') }}, source_system) as {{ id | replace('_id', '_key') }}
        from {{ parents }}
        group by authority, {{ id }}
    ) as other_{{ parents }}
        on
            {{ rows }}._authority = other_{{ parents }}.authority
            and {{ rows }}.{{ id }} = other_{{ parents }}.{{ id }}
{%- endmacro %}


{% macro named_parent(parents, key) -%}
    coalesce(own_{{ parents }}.{{ key }}, other_{{ parents }}.{{ key }}, 'unknown')
{%- endmacro %}


{# A pseudonymous person key, from the keyed hash that the door in has made. #}
{% macro join_person(alias, kind, rows, id) -%}
    left join {{ source('raw', 'person_keys') }} as {{ alias }}
        on
            {{ alias }}.kind = '{{ kind }}'
            and {{ rows }}._authority = {{ alias }}.authority
            and {{ rows }}.{{ id }} = {{ alias }}.person_id
{%- endmacro %}


{# The refresh that made the row: every published table carries it. #}
{% macro refresh_id() -%}
    (select max(refresh_id) from {{ ref('stg_as_at') }}) as refresh_id
{%- endmacro %}
