with

load_log as (select * from {{ source('raw', 'load_log') }}),

authorities as (select authority, authority_name, as_at from {{ ref('dim_authorities') }}),

this_refresh as (select refresh_id, code_version from {{ source('raw', 'this_refresh') }}),

verdicts as (
    select
        refresh_id,
        bool_and(passed) as is_passed,
        max(judged_at) as judged_at
    from {{ source('quality', 'verdicts') }}
    where gate = 'publication'
    group by refresh_id
),

files as (
    select
        authority,
        refresh_id,
        min(logged_at) as started_at,
        max(extract_on) filter (where outcome in ('accepted', 'accepted_with_quarantine', 'already_loaded'))
            as newest_extract_on,
        count_if(outcome in ('accepted', 'accepted_with_quarantine')) as files_accepted,
        count_if(outcome = 'already_loaded') as files_already_loaded,
        count_if(outcome = 'refused') as files_refused,
        cast(sum(rows_read) as bigint) as rows_read,
        cast(sum(rows_loaded) as bigint) as rows_loaded,
        cast(sum(rows_quarantined) as bigint) as rows_quarantined,
        cast(sum(rows_deduplicated) as bigint) as rows_deduplicated,
        cast(sum(rows_erased) as bigint) as rows_erased
    from load_log
    group by authority, refresh_id
)

select
    files.authority,
    authorities.authority_name,
    files.refresh_id as loaded_in_refresh_id,
    files.started_at,
    files.newest_extract_on,
    files.files_accepted,
    files.files_already_loaded,
    files.files_refused,
    files.rows_read,
    files.rows_loaded,
    files.rows_quarantined,
    files.rows_deduplicated,
    files.rows_erased,
    verdicts.is_passed,
    verdicts.judged_at,
    files.refresh_id = this_refresh.refresh_id as is_this_refresh,
    authorities.as_at,
    this_refresh.code_version,
    this_refresh.refresh_id
from files
inner join authorities on files.authority = authorities.authority
cross join this_refresh
left join verdicts on files.refresh_id = verdicts.refresh_id
