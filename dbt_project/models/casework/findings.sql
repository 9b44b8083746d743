with

findings as (select * from {{ source('quality', 'findings') }}),

authorities as (select authority, authority_name, refresh_id from {{ ref('dim_authorities') }})

select
    findings.authority,
    authorities.authority_name,
    findings.rule,
    findings.severity,
    findings.entity,
    findings.record_id,
    findings.column_name,
    findings.first_seen_on,
    findings.last_seen_on,
    findings.last_seen_on - findings.first_seen_on as days_known,
    authorities.refresh_id
from findings
inner join authorities on findings.authority = authorities.authority
where findings.is_open
