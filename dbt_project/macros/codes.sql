{# Wordings compare stripped, in lower case, with single spaces: as the profile's own wordings were stored. #}
{% macro normalised(text) -%}
    lower(trim(regexp_replace({{ text }}, '[\s\p{Z}]+', ' ', 'g')))
{%- endmacro %}


{#
    One join for each code column: stg_codes has at most one meaning of a wording on a day.

    `rows` is the CTE that holds the wordings with their authority (`_authority`) and the record's own date
    (`_code_on`), by which dated meanings are chosen.
#}
{% macro join_codes(columns, rows) -%}
    {%- for column in columns %}
        left join {{ ref('stg_codes') }} as {{ column }}_codes
            on
                {{ column }}_codes.list_name = '{{ column }}'
                and {{ rows }}._authority = {{ column }}_codes.authority
                and {{ normalised(rows ~ '.' ~ column) }} = {{ column }}_codes.wording
                and {{ rows }}._code_on between {{ column }}_codes.valid_from and {{ column }}_codes.valid_to
    {%- endfor %}
{%- endmacro %}


{# The member of a joined code column: `unknown` when nothing was recorded, `unmapped` when the wording has no meaning. #}
{% macro member(column, rows) -%}
    case when {{ rows }}.{{ column }} is null then 'unknown' else coalesce({{ column }}_codes.member, 'unmapped') end
{%- endmacro %}


{# The wordings of a row that have no meaning: list_name, column_name, wording of each. #}
{% macro unmapped_wordings(columns, rows) -%}
    list_filter(
        [
            {%- for column in columns %}
            case
                when {{ rows }}.{{ column }} is not null and {{ column }}_codes.member is null
                    then {'list_name': '{{ column }}', 'column_name': '{{ column }}', 'wording': {{ rows }}.{{ column }}}
            end{{ ',' if not loop.last }}
            {%- endfor %}
        ],
        lambda unmapped: unmapped is not null
    )
{%- endmacro %}


{# A boolean as a member of a breakdown: not recorded is a member of its own. #}
{% macro yes_no(answer) -%}
    case {{ answer }} when true then 'yes' when false then 'no' else 'unknown' end
{%- endmacro %}
