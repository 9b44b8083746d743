with

measures as (select * from {{ ref('fct_measures') }}),

catalogue as (select * from {{ ref('measures') }}),

compared as (
    select distinct measure, compared_measure from {{ ref('dim_measures') }}
    where compared_measure is not null
),

thresholds as (select authority, disclosure_hide_up_to + 0.5 as hide_below from {{ ref('dim_authorities') }}),

named as (
    select
        measures.*,
        catalogue.counts,
        thresholds.hide_below,
        case when measures.dimension_1 <> 'all' then measures.dimension_1 || '=' || measures.member_1 end as part_1,
        case when measures.dimension_2 <> 'all' then measures.dimension_2 || '=' || measures.member_2 end as part_2,
        -- One item may stand under several members of these two: no total follows from their parts.
        measures.dimension_1 in ('harm_criterion', 'action') or measures.dimension_2 in ('harm_criterion', 'action')
            as is_overlapping,
        measures.unit in ('percent', 'rating') as is_over_count
    from measures
    inner join catalogue on measures.measure = catalogue.measure
    inner join thresholds on measures.authority = thresholds.authority
    where catalogue.is_controlled
),

-- Measures that show the same count (referrals, and their share) stand or fall together: a count is a cell, named
-- as a base is. The ids are hashes of 64 bits: sets are compared five times, and numbers are compared fastest.
lines as (
    select
        *,
        hash(authority, period_kind, period_start, counts || case
            when part_1 is null then ''
            when part_2 is null then '[' || part_1 || ']'
            else '[' || part_1 || ', ' || part_2 || ']'
        end) as cell,
        hash(authority, period_kind, period_start, base) as base_cell,
        hash(authority, period_kind, period_start, counts, dimension_1, dimension_2) as table_id,
        case
            when part_1 is null then 'whole'
            when part_2 is null then 'single'
            else 'pair'
        end as shape
    from named
),

-- Small counts, and counts whose rest is small: 9 of 10 tells of the one. Zeros stay open and out of the sets.
cells as (
    select
        cell,
        table_id,
        shape,
        is_overlapping,
        hash(authority, period_kind, period_start, counts) as whole_cell,
        hash(authority, period_kind, period_start, counts || '[' || part_1 || ']') as row_cell,
        hash(authority, period_kind, period_start, counts || '[' || part_2 || ']') as column_cell,
        max(numerator) as amount,
        bool_or(
            numerator < hide_below
            or (unit = 'percent' and denominator > numerator and denominator - numerator < hide_below)
        ) as is_small
    from lines
    where numerator > 0
    group by all
),

small_bases as (
    select distinct base_cell as cell from lines
    where is_over_count and denominator > 0 and denominator < hide_below
),

-- What must be hidden for its own sake, and every total that has only one part: it is that part.
hidden_first as (
    select cell from cells
    where is_small
    union
    select cell from small_bases
    union
    select row_cell as cell from cells
    where shape = 'pair' and not is_overlapping
    group by table_id, row_cell
    having count(*) = 1 and bool_or(is_small)
    union
    select column_cell as cell from cells
    where shape = 'pair' and not is_overlapping
    group by table_id, column_cell
    having count(*) = 1 and bool_or(is_small)
),

marked as (
    select
        cells.*,
        hidden_first.cell is not null as is_hidden
    from cells
    left join hidden_first on cells.cell = hidden_first.cell
),

single_cells as (
    select
        parts.*,
        wholes.cell is not null as is_total_hidden
    from marked as parts
    left join hidden_first as wholes on parts.whole_cell = wholes.cell
    where parts.shape = 'single' and not parts.is_overlapping
),

singles as (
    {{ hide_more('single_cells', 'table_id', 'is_total_hidden') }}
),

hidden_totals as (
    select cell from hidden_first
    union
    select cell from singles
    where is_hidden
),

pair_cells as (
    select
        parts.*,
        hash(parts.table_id, parts.row_cell) as row_id,
        hash(parts.table_id, parts.column_cell) as column_id,
        row_totals.cell is not null as is_row_total_hidden,
        column_totals.cell is not null as is_column_total_hidden,
        count(*) over (partition by parts.table_id, parts.row_cell) = 1 as is_alone_in_row,
        count(*) over (partition by parts.table_id, parts.column_cell) = 1 as is_alone_in_column
    from marked as parts
    left join hidden_totals as row_totals on parts.row_cell = row_totals.cell
    left join hidden_totals as column_totals on parts.column_cell = column_totals.cell
    where parts.shape = 'pair' and not parts.is_overlapping
),

rows_once as (
    {{ hide_more('pair_cells', 'row_id', 'is_row_total_hidden', 'is_alone_in_column') }}
),

columns_once as (
    {{ hide_more('rows_once', 'column_id', 'is_column_total_hidden', 'is_alone_in_row') }}
),

rows_twice as (
    {{ hide_more('columns_once', 'row_id', 'is_row_total_hidden', 'is_alone_in_column') }}
),

columns_twice as (
    {{ hide_more('rows_twice', 'column_id', 'is_column_total_hidden', 'is_alone_in_row') }}
),

-- A table that still has a set with one hidden part under a visible total is hidden whole, zeros too.
unsafe_tables as (
    select table_id from singles
    group by table_id
    having count_if(is_hidden) = 1 and not bool_or(is_total_hidden)
    union
    select table_id from columns_twice
    group by table_id, row_id
    having count_if(is_hidden) = 1 and not bool_or(is_row_total_hidden)
    union
    select table_id from columns_twice
    group by table_id, column_id
    having count_if(is_hidden) = 1 and not bool_or(is_column_total_hidden)
),

hidden_cells as (
    select cell from marked
    where is_hidden
    union all
    select cell from singles
    where is_hidden
    union all
    select cell from columns_twice
    where is_hidden
    union all
    select cell from small_bases
    union all
    select lines.cell from lines
    semi join unsafe_tables on lines.table_id = unsafe_tables.table_id
),

hidden as (select distinct cell from hidden_cells),

hidden_lines as (
    select lines.* from lines
    left join hidden on lines.cell = hidden.cell
    left join hidden as hidden_bases on lines.base_cell = hidden_bases.cell and lines.is_over_count
    where hidden.cell is not null or hidden_bases.cell is not null
),

-- A change gives away the hidden one of its two years.
hidden_changes as (
    select distinct
        hidden_lines.authority,
        hidden_lines.period_kind,
        cast(
            unnest([hidden_lines.period_start, hidden_lines.period_start + interval 1 year]) as date
        ) as period_start,
        compared.measure,
        hidden_lines.dimension_1,
        hidden_lines.member_1,
        hidden_lines.dimension_2,
        hidden_lines.member_2
    from hidden_lines
    inner join compared on hidden_lines.measure = compared.compared_measure
    where hidden_lines.dimension_2 = 'all'
)

select authority, period_kind, period_start, measure, dimension_1, member_1, dimension_2, member_2 from hidden_lines
union all
select authority, period_kind, period_start, measure, dimension_1, member_1, dimension_2, member_2
from hidden_changes
where exists (
    select 1 from measures
    where
        measures.authority = hidden_changes.authority
        and measures.period_kind = hidden_changes.period_kind
        and measures.period_start = hidden_changes.period_start
        and measures.measure = hidden_changes.measure
        and measures.dimension_1 = hidden_changes.dimension_1
        and measures.member_1 = hidden_changes.member_1
        and measures.dimension_2 = hidden_changes.dimension_2
        and measures.member_2 = hidden_changes.member_2
)
