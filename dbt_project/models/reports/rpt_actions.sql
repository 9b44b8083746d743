with

measures as (select * from {{ ref('rpt_measures') }}),

catalogue as (select authority, measure, description from {{ ref('dim_measures') }}),

-- Each action, and the four questions about what followed, in one list: both count allegations received.
followed as (
    select
        *,
        if(measure = 'actions_of_received', member_1, measure) as line,
        case when measure = 'actions_of_received' then member_1_name end as action_name,
        if(measure = 'actions_of_received', member_2, member_1) as sector_group,
        if(measure = 'actions_of_received', member_2_name, member_1_name) as sector_group_name
    from measures
    where
        (measure = 'actions_of_received' and dimension_1 = 'action' and dimension_2 in ('all', 'sector_group'))
        or measure in ('removals_of_received', 'removals_without_dbs', 'dbs_referrals', 'prosecutions')
)

select
    followed.authority,
    followed.authority_name,
    followed.period_kind,
    followed.period_name,
    followed.period_start,
    followed.period_end,
    followed.is_part_period,
    followed.as_at,
    if(followed.measure = 'actions_of_received', 'action', 'question') as line_kind,
    followed.line,
    coalesce(followed.action_name, catalogue.description) as line_name,
    followed.sector_group,
    followed.sector_group_name,
    cast(followed.numerator as bigint) as allegations,
    cast(followed.denominator as bigint) as base_count,
    followed.base,
    followed.value as percent_of_base,
    followed.symbol,
    followed.refresh_id
from followed
inner join catalogue on followed.authority = catalogue.authority and followed.measure = catalogue.measure
