with

measures as (select * from {{ ref('fct_measures') }}),

hidden_lines as (select * from {{ ref('int_disclosure') }}),

authorities as (select * from {{ ref('dim_authorities') }}),

compared as (
    select authority, measure from {{ ref('dim_measures') }}
    where compared_measure is not null
),

areas as (select authority, area_code, area_name from {{ ref('dim_areas') }}),

code_lists as (select * from {{ ref('code_lists') }}),

period_names as (
    select distinct period_kind, period_start, period_name from {{ ref('int_measure_periods') }}
),

-- Names of members: those of the code lists, of the authority's areas, else the member itself made readable.
members as (
    select distinct authority, dimension_1 as dimension, member_1 as member from measures
    union
    select distinct authority, dimension_2 as dimension, member_2 as member from measures
),

member_names as (
    select
        members.authority,
        members.dimension,
        members.member,
        coalesce(
            areas.area_name,
            code_lists.label,
            missing.label,
            case members.member
                when 'lado' then 'LADO'
                when 'per_fte' then 'For each full-time equivalent'
                else upper(left(members.member, 1)) || replace(substr(members.member, 2), '_', ' ')
            end
        ) as member_name
    from members
    left join areas
        on
            members.authority = areas.authority
            and members.dimension = 'area'
            and members.member = areas.area_code
    left join code_lists
        on
            members.member = code_lists.member
            and code_lists.list_name = case members.dimension when 'age_band' then 'band' else members.dimension end
    left join code_lists as missing on members.member = missing.member and missing.list_name = 'missing'
),

judged as (
    select
        measures.*,
        authorities.authority_name,
        authorities.disclosure_hide_up_to + 0.5 as hide_below,
        authorities.disclosure_round_to as round_to,
        hidden_lines.measure is not null as is_hidden,
        compared.measure is not null as is_change,
        -- The count behind the earlier value, near enough to tell whether it was a small one.
        measures.previous_value * coalesce(measures.denominator, 1) / if(measures.unit = 'percent', 100, 1)
            as previous_count
    from measures
    inner join authorities on measures.authority = authorities.authority
    left join hidden_lines
        on
            measures.authority = hidden_lines.authority
            and measures.period_kind = hidden_lines.period_kind
            and measures.period_start = hidden_lines.period_start
            and measures.measure = hidden_lines.measure
            and measures.dimension_1 = hidden_lines.dimension_1
            and measures.member_1 = hidden_lines.member_1
            and measures.dimension_2 = hidden_lines.dimension_2
            and measures.member_2 = hidden_lines.member_2
    left join compared on measures.authority = compared.authority and measures.measure = compared.measure
),

shown as (
    select
        *,
        case
            when is_hidden then null
            when round_to is null then numerator
            else round(numerator / round_to) * round_to
        end as shown_numerator,
        case
            when is_hidden then null
            when round_to is null or unit in ('per_week', 'per_fte') then denominator
            else round(denominator / round_to) * round_to
        end as shown_denominator,
        -- An earlier value may not tell what is hidden today, nor a small count of the day it was published.
        case
            when is_hidden then null
            when previous_value = value then previous_value
            when is_change then null
            when previous_count > 0 and previous_count < hide_below then null
            when unit = 'percent' and denominator - previous_count > 0 and denominator - previous_count < hide_below
                then null
            else previous_value
        end as shown_previous_value
    from judged
)

select
    shown.authority,
    shown.authority_name,
    shown.period_kind,
    period_names.period_name,
    shown.period_start,
    shown.period_end,
    shown.is_part_period,
    shown.as_at,
    shown.measure,
    shown.population,
    shown.dimension_1,
    shown.member_1,
    first_names.member_name as member_1_name,
    shown.dimension_2,
    shown.member_2,
    second_names.member_name as member_2_name,
    shown.shown_numerator as numerator,
    shown.shown_denominator as denominator,
    shown.base,
    case
        when shown.is_hidden then null
        when shown.round_to is null or shown.shown_numerator is null then shown.value
        when shown.shown_denominator is null then shown.shown_numerator
        when shown.shown_denominator <> 0
            then if(shown.unit = 'percent', 100.0, 1.0) * shown.shown_numerator / shown.shown_denominator
    end as value,
    shown.unit,
    case when not shown.is_hidden then shown.lower_90 end as lower_90,
    case when not shown.is_hidden then shown.upper_90 end as upper_90,
    shown.is_hidden as is_suppressed,
    case when shown.is_hidden then 'c' end as symbol,
    shown.shown_previous_value as previous_value,
    shown.refresh_id
from shown
inner join period_names
    on shown.period_kind = period_names.period_kind and shown.period_start = period_names.period_start
left join member_names as first_names
    on
        shown.authority = first_names.authority
        and shown.dimension_1 = first_names.dimension
        and shown.member_1 = first_names.member
left join member_names as second_names
    on
        shown.authority = second_names.authority
        and shown.dimension_2 = second_names.dimension
        and shown.member_2 = second_names.member
