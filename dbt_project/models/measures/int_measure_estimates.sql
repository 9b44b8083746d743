with

counts as (select * from {{ ref('int_measure_counts') }}),

catalogue as (select * from {{ ref('measures') }}),

-- The sum of independent yes-or-no chances: its spread is sqrt(sum p(1 - p)), 1.645 of it on each side is 90 %.
summed as (
    select
        catalogue.measure,
        counts.* exclude (counts),
        1.645 * sqrt(counts.variance) as margin
    from counts
    inner join catalogue on counts.counts = catalogue.counts
    where catalogue.is_estimate
)

-- The upper bound is cut at the base in fct_measures, where the base is known.
select
    authority,
    period_kind,
    period_start,
    measure,
    dimension_1,
    member_1,
    dimension_2,
    member_2,
    amount as numerator,
    greatest(amount - margin, certain_count) as lower_90,
    amount + margin as upper_90
from summed
