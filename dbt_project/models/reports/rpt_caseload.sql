with

measures as (select * from {{ ref('rpt_measures') }})

select
    {{ period_columns() }},
    max(value) filter (where measure = 'caseload' and member_1 = 'maximum') as caseload_maximum,
    max(value) filter (where measure = 'caseload' and member_1 = 'median') as caseload_median,
    max(value) filter (where measure = 'caseload' and member_1 = 'per_fte') as open_cases_per_fte,
    max(denominator) filter (where measure = 'allegations_per_fte') as lado_fte,
    {{ counted('allegations_per_fte') }} as allegations,
    {{ figure('allegations_per_fte') }} as allegations_per_lado_fte,
    max(denominator) filter (where measure = 'contacts_threshold_met_per_fte') as contacts_lado_fte,
    {{ counted('contacts_threshold_met_per_fte') }} as contacts_threshold_met,
    {{ figure('contacts_threshold_met_per_fte') }} as contacts_threshold_met_per_lado_fte,
    {{ symbol() }} as symbol,
    refresh_id
from measures
where measure in ('caseload', 'allegations_per_fte', 'contacts_threshold_met_per_fte')
group by all
