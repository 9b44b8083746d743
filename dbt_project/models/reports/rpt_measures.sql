with

measures as (select * from {{ source('disclosure', 'published_measures') }}),

authorities as (select authority, authority_name from {{ ref('dim_authorities') }}),

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
)

select
    measures.authority,
    authorities.authority_name,
    measures.period_kind,
    period_names.period_name,
    measures.period_start,
    measures.period_end,
    measures.is_part_period,
    measures.as_at,
    measures.measure,
    measures.population,
    measures.dimension_1,
    measures.member_1,
    first_names.member_name as member_1_name,
    measures.dimension_2,
    measures.member_2,
    second_names.member_name as member_2_name,
    measures.numerator,
    measures.denominator,
    measures.base,
    measures.value,
    measures.unit,
    measures.lower_90,
    measures.upper_90,
    measures.is_suppressed,
    measures.symbol,
    measures.previous_value,
    measures.refresh_id
from measures
inner join authorities on measures.authority = authorities.authority
inner join period_names
    on measures.period_kind = period_names.period_kind and measures.period_start = period_names.period_start
left join member_names as first_names
    on
        measures.authority = first_names.authority
        and measures.dimension_1 = first_names.dimension
        and measures.member_1 = first_names.member
left join member_names as second_names
    on
        measures.authority = second_names.authority
        and measures.dimension_2 = second_names.dimension
        and measures.member_2 = second_names.member
