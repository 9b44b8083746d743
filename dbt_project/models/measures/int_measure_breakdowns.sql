with

catalogue as (select * from {{ ref('measures') }}),

breakdowns as (select * from {{ ref('measure_breakdowns') }}),

owned as (
    select
        breakdowns.measure,
        catalogue.counts,
        catalogue.base,
        catalogue.base_dimension,
        breakdowns.dimension_1,
        breakdowns.dimension_2,
        -- A measure's own dimension says what is counted, not of whom, so its base leaves it out.
        catalogue.own_dimensions = '*'
        or list_contains(string_split(coalesce(catalogue.own_dimensions, ''), ';'), breakdowns.dimension_1)
            as is_own_1,
        coalesce(
            catalogue.own_dimensions = '*'
            or list_contains(string_split(coalesce(catalogue.own_dimensions, ''), ';'), breakdowns.dimension_2),
            false
        ) as is_own_2
    from breakdowns
    inner join catalogue on breakdowns.measure = catalogue.measure
),

kept as (
    select
        * exclude (is_own_1, is_own_2),
        coalesce(is_own_1, false) as is_own_1,
        is_own_2,
        case
            when base_dimension is not null then base_dimension
            when not coalesce(is_own_1, false) then dimension_1
            else 'all'
        end as keeps_1,
        case when base_dimension is null and not is_own_2 then dimension_2 else 'all' end as keeps_2
    from owned
)

select
    measure,
    counts,
    base,
    base_dimension,
    dimension_1,
    dimension_2,
    is_own_1,
    is_own_2,
    case when base is not null then if(keeps_1 = 'all', keeps_2, keeps_1) end as base_dimension_1,
    case when base is not null then if(keeps_1 = 'all', 'all', keeps_2) end as base_dimension_2
from kept
