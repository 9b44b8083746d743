with

measures as (select * from {{ ref('rpt_measures') }})

select
    {{ period_columns() }},
    member_1 as meeting_type,
    member_1_name as meeting_type_name,
    {{ counted('meetings') }} as meetings,
    {{ counted('meeting_actions_within_1_working_day') }} as actions_within_1_working_day,
    cast({{ figure('meeting_actions_within_1_working_day', 'denominator') }} as bigint) as meetings_with_actions_issued,
    {{ figure('meeting_actions_within_1_working_day') }} as actions_within_1_working_day_percent,
    {{ counted('meeting_notes_within_20_working_days') }} as notes_within_20_working_days,
    cast({{ figure('meeting_notes_within_20_working_days', 'denominator') }} as bigint) as meetings_with_notes_issued,
    {{ figure('meeting_notes_within_20_working_days') }} as notes_within_20_working_days_percent,
    {{ symbol() }} as symbol,
    refresh_id
from measures
where measure in ('meetings', 'meeting_actions_within_1_working_day', 'meeting_notes_within_20_working_days')
group by all
