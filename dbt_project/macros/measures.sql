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


{#
    One pass of disclosure control over sets of siblings. A visible total gives away the only hidden part: the
    smallest open part is hidden too. A hidden total must not follow from its parts: one of them is hidden.
    `is_last_resort` marks parts that would be given away at once from another side.
#}
{% macro hide_more(cells, set_id, is_total_hidden, is_last_resort='false') -%}
    select
        * exclude (hidden_count, open_rank)
            replace (
                is_hidden
                or (open_rank = 1 and hidden_count = if({{ is_total_hidden }}, 0, 1))
                as is_hidden
            )
    from (
        select
            *,
            count_if(is_hidden) over (partition by {{ set_id }}) as hidden_count,
            row_number() over (
                partition by {{ set_id }}, is_hidden
                order by {{ is_last_resort }}, amount, cell
            ) as open_rank
        from {{ cells }}
    )
{%- endmacro %}
