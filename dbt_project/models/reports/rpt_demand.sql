with

measures as (select * from {{ ref('rpt_measures') }})

select
    {{ period_columns() }},
    dimension_1 as breakdown,
    member_1 as member,
    member_1_name as member_name,
    {{ counted('contacts') }} as contacts,
    {{ counted('contacts_change_number') }} as contacts_change_number,
    {{ figure('contacts_change_percent') }} as contacts_change_percent,
    {{ counted('contacts_threshold_met') }} as contacts_threshold_met,
    {{ counted('referrals_requested') }} as referrals_requested,
    {{ counted('referrals') }} as referrals,
    {{ counted('referrals_change_number') }} as referrals_change_number,
    {{ figure('referrals_change_percent') }} as referrals_change_percent,
    {{ figure('referrals_per_week') }} as referrals_per_week,
    {{ counted('allegations') }} as allegations,
    {{ counted('allegations_change_number') }} as allegations_change_number,
    {{ figure('allegations_change_percent') }} as allegations_change_percent,
    {{ counted('requests') }} as requests,
    {{ counted('training_sessions') }} as training_sessions,
    {{ symbol() }} as symbol,
    refresh_id
from measures
where
    dimension_1 in ('all', 'area', 'sector_group')
    and dimension_2 = 'all'
    and measure in (
        'contacts', 'contacts_change_number', 'contacts_change_percent', 'contacts_threshold_met',
        'referrals_requested', 'referrals', 'referrals_change_number', 'referrals_change_percent',
        'referrals_per_week', 'allegations', 'allegations_change_number', 'allegations_change_percent',
        'requests', 'training_sessions'
    )
group by all
