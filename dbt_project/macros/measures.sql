{# What the models of measures share. #}

{#
    The member of an item under the dimension that a column names. `dimensions` are those that an item has as a
    column of its own; any other is a list of members, of which `listed_member` is the one in hand.
#}
{% macro member_of(dimension, dimensions) -%}
    case {{ dimension }}
        when 'all' then 'all'
        {%- for name in dimensions %}
        when '{{ name }}' then {{ name }}
        {%- endfor %}
        else listed_member
    end
{%- endmacro %}
