{#
    A fact that belongs to another fact: its key is found there, or is `unknown`. Orphans are loaded and told
    as findings, so they do not fail this test; a key that is neither does.
#}
{% test found_or_unknown(model, column_name, to, field) %}

with

children as (
    select {{ column_name }} as key_of_parent
    from {{ model }}
    where {{ column_name }} <> 'unknown'
),

parents as (
    select {{ field }} as parent_key from {{ to }}
)

select children.key_of_parent
from children
anti join parents on children.key_of_parent = parents.parent_key

{% endtest %}
