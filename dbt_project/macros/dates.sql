{# The same day of a later month, or that month's last day: one month after 31 January is 28 or 29 February. #}
{% macro months_after(date_on, months) -%}
    cast({{ date_on }} + interval {{ months }} month as date)
{%- endmacro %}


{#
    How long from one day to another, in calendar months: the band's upper end belongs to it, so that the
    bands add up to the cumulative measures (closed on the same day next month is within one month).
    Null when either day is null, or the second is before the first.
#}
{% macro band(start_on, end_on) -%}
    case
        when {{ end_on }} < {{ start_on }} then null
        when {{ end_on }} <= {{ months_after(start_on, 1) }} then 'under_1_month'
        when {{ end_on }} <= {{ months_after(start_on, 3) }} then '1_to_3_months'
        when {{ end_on }} <= {{ months_after(start_on, 12) }} then '3_to_12_months'
        when {{ end_on }} > {{ months_after(start_on, 12) }} then 'over_12_months'
    end
{%- endmacro %}


{#
    A date that may be used: not before 1950 (what a system puts where there is none), not after the as-at date unless it
    may be planned, and not before the day that must come first, where that is known.
#}
{% macro usable(date_on, as_at=none, not_before=none) -%}
    case
        when
            {{ date_on }} >= date '1950-01-01'
            {%- if as_at is not none %} and {{ date_on }} <= {{ as_at }}{% endif %}
            {%- if not_before is not none %} and {{ date_on }} >= coalesce({{ not_before }}, {{ date_on }}){% endif %}
            then {{ date_on }}
    end
{%- endmacro %}


{# The calendar row of a date: {{ alias }}.working_day_number counts working days from the start of the calendar. #}
{% macro join_date(alias, date_on) -%}
    left join {{ ref('dim_dates') }} as {{ alias }} on {{ alias }}.date_on = {{ date_on }}
{%- endmacro %}


{# Working days from one joined calendar row to another: the day after the first is day one. #}
{% macro working_days(start_alias, end_alias) -%}
    {{ end_alias }}.working_day_number - {{ start_alias }}.working_day_number
{%- endmacro %}


{# The Sunday that ends the week of a date. #}
{% macro week_ending_on(date_on) -%}
    {{ date_on }} + cast(7 - isodow({{ date_on }}) as integer)
{%- endmacro %}


{# The days that the warehouse knows. #}
{% macro calendar_days() -%}
    cast(unnest(generate_series(date '2000-01-01', date '2040-12-31', interval 1 day)) as date)
{%- endmacro %}
