with

measures as (select * from {{ ref('rpt_measures') }}),

authorities as (select * from {{ ref('dim_authorities') }}),

targets as (
    select
        authority,
        unnest([
            'closed_within_1_month', 'closed_within_3_months', 'closed_within_12_months'
        ]) as measure,
        unnest([
            closed_within_1_month_target_percent,
            closed_within_3_months_target_percent,
            closed_within_12_months_target_percent
        ]) as target_percent
    from authorities
),

catalogue as (select authority, measure, description from {{ ref('dim_measures') }}),

-- Cumulative (within 3 months holds those within 1) and banded (over 1 and up to 3 months) are told apart by name.
lines as (
    select
        *,
        if(measure = 'closed_band', 'band', 'cumulative') as line_kind,
        if(measure = 'closed_band', member_1, measure) as line,
        case when measure = 'closed_band' then member_1_name end as band_name,
        if(measure = 'closed_band', dimension_2, dimension_1) as breakdown,
        if(measure = 'closed_band', member_2, member_1) as member,
        if(measure = 'closed_band', member_2_name, member_1_name) as member_name
    from measures
    where
        measure in (
            'closed_within_1_month', 'closed_within_3_months', 'closed_within_12_months', 'closed_band',
            'closed_within_1_month_of_received', 'closed_within_3_months_of_received',
            'closed_within_12_months_of_received', 'employer_reported_within_1_working_day'
        )
)

select
    lines.authority,
    lines.authority_name,
    lines.period_kind,
    lines.period_name,
    lines.period_start,
    lines.period_end,
    lines.is_part_period,
    lines.as_at,
    lines.population,
    lines.line_kind,
    lines.line,
    coalesce(lines.band_name, catalogue.description) as line_name,
    lines.breakdown,
    lines.member,
    lines.member_name,
    cast(lines.numerator as bigint) as cases,
    cast(lines.denominator as bigint) as base_count,
    lines.base,
    lines.value as percent_of_base,
    targets.target_percent,
    lines.value >= targets.target_percent as is_target_met,
    lines.symbol,
    lines.refresh_id
from lines
inner join catalogue on lines.authority = catalogue.authority and lines.measure = catalogue.measure
-- Targets are shares of the cases closed. Of those received in a period some cannot be closed in time yet.
left join targets on lines.authority = targets.authority and lines.measure = targets.measure
