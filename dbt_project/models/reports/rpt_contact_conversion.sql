with

measures as (select * from {{ ref('rpt_measures') }})

select
    {{ period_columns() }},
    dimension_1 as breakdown,
    member_1 as member,
    member_1_name as member_name,
    {{ counted('contacts') }} as contacts,
    {{ counted('contacts_threshold_met') }} as contacts_threshold_met,
    {{ figure('contacts_threshold_met') }} as contacts_threshold_met_percent,
    {{ counted('threshold_met_not_on_case_system') }} as threshold_met_not_on_case_system,
    {{ counted('referrals_requested') }} as referrals_requested,
    {{ figure('referrals_requested') }} as referrals_requested_percent,
    {{ figure('requested_referrals_received', 'numerator') }} as requested_referrals_received,
    {{ figure('requested_referrals_received', 'lower_90') }} as requested_referrals_received_lower_90,
    {{ figure('requested_referrals_received', 'upper_90') }} as requested_referrals_received_upper_90,
    {{ figure('requested_referrals_received') }} as requested_referrals_received_percent,
    {{ counted('requested_referrals_outstanding') }} as requested_referrals_outstanding,
    {{ figure('requested_referrals_outstanding') }} as requested_referrals_outstanding_percent,
    {{ figure('contacts_with_referral', 'numerator') }} as contacts_with_referral,
    {{ figure('contacts_with_referral', 'lower_90') }} as contacts_with_referral_lower_90,
    {{ figure('contacts_with_referral', 'upper_90') }} as contacts_with_referral_upper_90,
    {{ figure('contacts_with_referral') }} as contacts_with_referral_percent,
    {{ counted('referrals') }} as referrals,
    {{ figure('referrals_without_contact', 'numerator') }} as referrals_without_contact,
    {{ figure('referrals_without_contact', 'lower_90') }} as referrals_without_contact_lower_90,
    {{ figure('referrals_without_contact', 'upper_90') }} as referrals_without_contact_upper_90,
    {{ figure('referrals_without_contact') }} as referrals_without_contact_percent,
    {{ symbol() }} as symbol,
    refresh_id
from measures
where
    dimension_1 in ('all', 'area', 'sector_group')
    and dimension_2 = 'all'
    and measure in (
        'contacts', 'contacts_threshold_met', 'threshold_met_not_on_case_system', 'referrals_requested',
        'requested_referrals_received', 'requested_referrals_outstanding', 'contacts_with_referral', 'referrals',
        'referrals_without_contact'
    )
group by all
