{# How the wide reports read rpt_measures: one row a group, one column a figure. #}

{# The columns that a report with several measures in a row opens with: whose, when, and how far the records went. Feeds may
begin and end on different days: the row is as young as the oldest, and cut short where one is. #}
{% macro period_columns() -%}
    authority,
    authority_name,
    period_kind,
    period_name,
    period_start,
    period_end,
    bool_or(is_part_period) as is_part_period,
    min(as_at) as as_at
{%- endmacro %}


{# The count of a measure in this group; nothing where the measure is absent or the count is hidden. #}
{% macro counted(measure) -%}
    cast(max(numerator) filter (where measure = '{{ measure }}') as bigint)
{%- endmacro %}


{# Another column of a measure in this group: value (percent, rate), denominator, lower_90, upper_90, numerator. #}
{% macro figure(measure, column='value') -%}
    max({{ column }}) filter (where measure = '{{ measure }}')
{%- endmacro %}


{# `c` where at least one figure of the row is hidden: it tells a hidden figure from one that does not exist. #}
{% macro symbol() -%}
    case when bool_or(is_suppressed) then 'c' end
{%- endmacro %}
