with

measures as (select * from {{ ref('rpt_measures') }}),

authorities as (select authority, authority_name, as_at, refresh_id from {{ ref('dim_authorities') }}),

rules as (select authority, disclosure_hide_up_to as hide_up_to from {{ ref('dim_authorities') }}),

this_refresh as (select refresh_id from {{ source('raw', 'this_refresh') }}),

-- These count over all years what a measure counts by the year: less the years that are shown they would tell a hidden
-- one. The measure has the numbers, and disclosure control.
rules_of_measures as (
    select
        unnest([
            'a_contact_that_meets_the_threshold_has_a_case',
            'a_requested_referral_arrives_within_the_grace_period',
            'a_substantiated_removal_has_a_dbs_referral'
        ]) as rule
),

-- What is wrong with a record tells of the matter in it (no referral to the DBS): small numbers are hidden here too.
findings as (
    select
        findings.authority,
        findings.rule,
        findings.severity,
        count(*) as open_count,
        count(*) <= coalesce(max(rules.hide_up_to), 0)
        or (
            findings.rule in (select rules_of_measures.rule from rules_of_measures)
            and coalesce(max(rules.hide_up_to), 0) > 0
        ) as is_hidden
    from {{ source('quality', 'findings') }} as findings
    left join rules on findings.authority = rules.authority
    where findings.is_open
    group by findings.authority, findings.rule, findings.severity
),

hidden_rules as (
    select distinct rule from findings
    where is_hidden
),

load_log as (select * from {{ source('raw', 'load_log') }}),

checks as (
    select
        check_results.check_name,
        check_results.severity,
        check_results.failing_count,
        -- A check that could not run has no count to hide.
        check_results.failing_count is not null
        and (
            hidden_rules.rule is not null
            or check_results.failing_count between 1 and coalesce((select max(rules.hide_up_to) from rules), 0)
        ) as is_hidden,
        check_results.passed
    from {{ source('quality', 'check_results') }} as check_results
    inner join this_refresh on check_results.refresh_id = this_refresh.refresh_id
    left join hidden_rules on check_results.check_name = hidden_rules.rule
    where check_results.gate = 'publication'
),

-- A file that was judged in several nights is counted as it was judged last.
files as (
    select
        authority,
        feed,
        rows_read,
        rows_loaded,
        rows_quarantined,
        outcome
    from load_log
    where feed is not null
    qualify row_number() over (
        partition by authority, feed, source_system, extract_on, file_name
        order by logged_at desc, refresh_id desc, outcome desc, content_hash desc
    ) = 1
),

-- How many records there are in all is the sum of all periods, the hidden ones too: it is not told of checks and rows.
lines as (
    select
        'all' as authority,
        'check' as line_kind,
        check_name as line,
        severity,
        cast(null as bigint) as checked_count,
        failing_count,
        is_hidden,
        passed as is_passed
    from checks
    union all
    select
        authority,
        'finding' as line_kind,
        rule as line,
        severity,
        cast(null as bigint) as checked_count,
        open_count as failing_count,
        is_hidden,
        cast(null as boolean) as is_passed
    from findings
    union all
    select
        authority,
        'rows_quarantined' as line_kind,
        feed as line,
        'warning' as severity,
        cast(null as bigint) as checked_count,
        cast(sum(rows_quarantined) as bigint) as failing_count,
        false as is_hidden,
        sum(rows_quarantined) = 0 as is_passed
    from files
    where outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded')
    group by authority, feed
    union all
    select
        authority,
        'files_refused' as line_kind,
        feed as line,
        'warning' as severity,
        count(*) as checked_count,
        count_if(outcome = 'refused') as failing_count,
        false as is_hidden,
        count_if(outcome = 'refused') = 0 as is_passed
    from files
    where outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded', 'refused')
    group by authority, feed
    union all
    -- What nobody recorded and what no profile maps, of the records of the last whole financial year.
    select
        authority,
        member_1 as line_kind,
        measure || '.' || dimension_1 as line,
        'warning' as severity,
        cast(max(denominator) as bigint) as checked_count,
        cast(max(numerator) as bigint) as failing_count,
        bool_or(is_suppressed) as is_hidden,
        cast(null as boolean) as is_passed
    from measures
    where
        measure in ('referrals_share', 'allegations_share')
        and member_1 in ('unknown', 'unmapped')
        and dimension_2 = 'all'
        and period_kind = 'financial_year'
        and not is_part_period
    group by authority, measure, dimension_1, member_1, period_start
    qualify row_number() over (
        partition by authority, measure, dimension_1, member_1
        order by period_start desc
    ) = 1
)

select
    lines.authority,
    coalesce(authorities.authority_name, 'All') as authority_name,
    authorities.as_at,
    lines.line_kind,
    lines.line,
    lines.severity,
    lines.checked_count,
    case when not lines.is_hidden then lines.failing_count end as failing_count,
    case
        when lines.checked_count > 0 and not lines.is_hidden then 100.0 * lines.failing_count / lines.checked_count
    end as failing_percent,
    lines.is_passed,
    case when lines.is_hidden then 'c' end as symbol,
    this_refresh.refresh_id
from lines
cross join this_refresh
left join authorities on lines.authority = authorities.authority
