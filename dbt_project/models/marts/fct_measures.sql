with

catalogue as (select * from {{ ref('measures') }}),

breakdowns as (select * from {{ ref('int_measure_breakdowns') }}),

counts as (
    select authority, period_kind, period_start, as_at, counts, dimension_1, member_1, dimension_2, member_2, amount
    from {{ ref('int_measure_counts') }}
    union all
    select authority, period_kind, period_start, as_at, counts, dimension_1, member_1, 'all', 'all', amount
    from {{ ref('int_measure_stock') }}
),

estimates as (select * from {{ ref('int_measure_estimates') }}),

previous_measures as (select * from {{ source('quality', 'previous_measures') }}),

authorities as (select authority, refresh_id from {{ ref('dim_authorities') }}),

available as (
    select authority, measure, complete_from, is_start_stated, as_at from {{ ref('dim_measures') }}
    where is_available and compared_measure is null
),

sectors as (select authority, sector_code, sector_group_code from {{ ref('dim_sectors') }}),

periods as (
    select distinct
        available.authority,
        available.measure,
        periods.period_kind,
        periods.period_start,
        periods.period_end,
        available.as_at,
        available.as_at < periods.period_end or periods.period_start < available.complete_from as is_part_period
    from available
    inner join {{ ref('int_measure_periods') }} as periods
        on available.complete_from <= periods.period_end and available.as_at >= periods.period_start
    where
        periods.period_start >= available.complete_from
        -- Only a profile can say that records are missing: of a period that began before that day the rest is told,
        -- but not what was open when it began.
        or (available.is_start_stated and available.measure not in ('cases_open_at_start', 'stock_difference'))
),

-- Members: all of the lists that readers expect whole, otherwise those that the base or the measure has met.
canonical as (
    select list_name as dimension, member from {{ ref('code_lists') }}
    where list_name in ('outcome', 'action', 'band')
    union all
    select 'age_band' as dimension, member from {{ ref('code_lists') }}
    where list_name = 'band'
),

seen as (
    select distinct authority, as_at, counts, dimension_1 as dimension, member_1 as member from counts
    where dimension_2 = 'all'
),

dimensions as (
    select distinct measure, counts, base, unnest([dimension_1, dimension_2]) as dimension from breakdowns
),

members as (
    select available.authority, dimensions.measure, dimensions.dimension, 'all' as member
    from dimensions
    inner join available on dimensions.measure = available.measure
    where dimensions.dimension = 'all'
    union
    select available.authority, dimensions.measure, dimensions.dimension, canonical.member
    from dimensions
    inner join available on dimensions.measure = available.measure
    inner join canonical on dimensions.dimension = canonical.dimension
    union
    select available.authority, dimensions.measure, dimensions.dimension, seen.member
    from dimensions
    inner join available on dimensions.measure = available.measure
    inner join seen
        on
            available.authority = seen.authority
            and available.as_at = seen.as_at
            and dimensions.dimension = seen.dimension
            and seen.counts in (dimensions.counts, dimensions.base)
),

grid as (
    select
        periods.authority,
        periods.period_kind,
        periods.period_start,
        periods.period_end,
        periods.is_part_period,
        periods.as_at,
        breakdowns.*,
        first_members.member as member_1,
        second_members.member as member_2,
        case
            when breakdowns.base_dimension_1 = 'all' then 'all'
            when breakdowns.base_dimension_1 = breakdowns.dimension_1 then first_members.member
            when breakdowns.base_dimension_1 = breakdowns.dimension_2 then second_members.member
            -- Only a sector's group is left: the base of a sector within its group.
            else coalesce(sectors.sector_group_code, first_members.member)
        end as base_member_1,
        case
            when breakdowns.base_dimension_2 = 'all' then 'all'
            else second_members.member
        end as base_member_2
    from periods
    inner join breakdowns on periods.measure = breakdowns.measure
    inner join members as first_members
        on
            periods.authority = first_members.authority
            and breakdowns.measure = first_members.measure
            and breakdowns.dimension_1 = first_members.dimension
    inner join members as second_members
        on
            periods.authority = second_members.authority
            and breakdowns.measure = second_members.measure
            and breakdowns.dimension_2 = second_members.dimension
    left join sectors
        on
            periods.authority = sectors.authority
            and first_members.member = sectors.sector_code
            and breakdowns.dimension_1 = 'sector'
),

counted as (
    select
        grid.*,
        catalogue.population,
        catalogue.is_estimate,
        case when catalogue.measure = 'caseload' and grid.member_1 <> 'per_fte' then 'count' else catalogue.unit end
            as unit,
        coalesce(estimates.numerator, counts.amount, 0) as numerator,
        case when grid.base is not null then coalesce(bases.amount, 0) end as denominator,
        case when catalogue.is_estimate then coalesce(estimates.lower_90, 0) end as lower_90,
        case when catalogue.is_estimate then least(coalesce(estimates.upper_90, 0), coalesce(bases.amount, 0)) end
            as upper_90
    from grid
    inner join catalogue on grid.measure = catalogue.measure
    left join counts
        on
            grid.authority = counts.authority
            and grid.as_at = counts.as_at
            and grid.period_kind = counts.period_kind
            and grid.period_start = counts.period_start
            and grid.counts = counts.counts
            and grid.dimension_1 = counts.dimension_1
            and grid.member_1 = counts.member_1
            and grid.dimension_2 = counts.dimension_2
            and grid.member_2 = counts.member_2
    left join counts as bases
        on
            grid.authority = bases.authority
            and grid.as_at = bases.as_at
            and grid.period_kind = bases.period_kind
            and grid.period_start = bases.period_start
            and grid.base = bases.counts
            and grid.base_dimension_1 = bases.dimension_1
            and grid.base_member_1 = bases.member_1
            and grid.base_dimension_2 = bases.dimension_2
            and grid.base_member_2 = bases.member_2
    left join estimates
        on
            grid.authority = estimates.authority
            and grid.as_at = estimates.as_at
            and grid.period_kind = estimates.period_kind
            and grid.period_start = estimates.period_start
            and grid.measure = estimates.measure
            and grid.dimension_1 = estimates.dimension_1
            and grid.member_1 = estimates.member_1
            and grid.dimension_2 = estimates.dimension_2
            and grid.member_2 = estimates.member_2
    where
        -- A period without a week's end has no caseload: that is not a caseload of nought.
        (catalogue.measure <> 'caseload' or counts.amount is not null)
        -- Noughts are written out for every year; of pairs in quarters and months only what occurs is, because most
        -- of those cells are empty and they would be two rows in three of the table.
        and (grid.dimension_2 = 'all' or grid.period_kind not in ('quarter', 'month') or counts.amount is not null)
),

valued as (
    select
        authority,
        period_kind,
        period_start,
        period_end,
        is_part_period,
        as_at,
        measure,
        population,
        dimension_1,
        member_1,
        dimension_2,
        member_2,
        numerator,
        denominator,
        case
            when base_dimension_1 = 'all' then base
            when base_dimension_2 = 'all' then base || '[' || base_dimension_1 || '=' || base_member_1 || ']'
            else
                base
                || '[' || base_dimension_1 || '=' || base_member_1
                || ', ' || base_dimension_2 || '=' || base_member_2 || ']'
        end as base,
        case
            when base is null then numerator
            when denominator <> 0 then if(unit = 'percent', 100.0, 1.0) * numerator / denominator
        end as value,
        unit,
        lower_90,
        upper_90
    from counted
),

-- Only whole periods are compared: half a year against a year would be called a fall.
compared as (
    select
        this_year.* exclude (numerator, denominator, base, value, unit),
        this_year.unit as level_unit,
        this_year.numerator - last_year.numerator as change,
        last_year.numerator as earlier,
        this_year.value - last_year.value as points
    from valued as this_year
    inner join catalogue on this_year.measure = catalogue.measure
    inner join valued as last_year
        on
            this_year.authority = last_year.authority
            and this_year.period_kind = last_year.period_kind
            and this_year.period_start = last_year.period_start + interval 1 year
            and this_year.measure = last_year.measure
            and this_year.dimension_1 = last_year.dimension_1
            and this_year.member_1 = last_year.member_1
    where
        catalogue.is_compared
        and not this_year.is_part_period
        and not last_year.is_part_period
        and this_year.dimension_2 = 'all'
        and last_year.dimension_2 = 'all'
),

-- Number, percent and points are three measures, so that nobody takes points for percent.
changes as (
    select
        * exclude (level_unit, change, earlier, points)
        replace (measure || '_change_number' as measure),
        change as numerator,
        cast(null as double) as denominator,
        cast(null as varchar) as base,
        change as value,
        'count' as unit
    from compared
    union all by name
    select
        * exclude (level_unit, change, earlier, points)
        replace (measure || '_change_percent' as measure),
        change as numerator,
        earlier as denominator,
        measure || ' a year earlier' as base,
        case when earlier <> 0 then 100.0 * change / earlier end as value,
        'percent' as unit
    from compared
    union all by name
    select
        * exclude (level_unit, change, earlier, points)
        replace (measure || '_change_points' as measure),
        cast(null as double) as numerator,
        cast(null as double) as denominator,
        cast(null as varchar) as base,
        points as value,
        'percentage_points' as unit
    from compared
    where level_unit = 'percent'
),

everything as (
    select * from valued
    union all by name
    select * from changes
)

select
    everything.authority,
    everything.period_kind,
    everything.period_start,
    everything.period_end,
    everything.is_part_period,
    everything.as_at,
    everything.measure,
    everything.population,
    everything.dimension_1,
    everything.member_1,
    everything.dimension_2,
    everything.member_2,
    everything.numerator,
    everything.denominator,
    everything.base,
    everything.value,
    everything.unit,
    everything.lower_90,
    everything.upper_90,
    false as is_suppressed,
    cast(null as varchar) as symbol,
    previous_measures.value as previous_value,
    authorities.refresh_id
from everything
inner join authorities on everything.authority = authorities.authority
left join previous_measures
    on
        everything.authority = previous_measures.authority
        and everything.period_kind = previous_measures.period_kind
        and everything.period_start = previous_measures.period_start
        and everything.measure = previous_measures.measure
        and everything.dimension_1 = previous_measures.dimension_1
        and everything.member_1 = previous_measures.member_1
        and everything.dimension_2 = previous_measures.dimension_2
        and everything.member_2 = previous_measures.member_2
