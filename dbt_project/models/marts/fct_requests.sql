with

requests as (
    select * from {{ ref('stg_requests') }}
),

authorities as (
    select * from {{ ref('stg_feed_days') }}
    where feed = 'requests'
),

answered as (
    select
        requests.* exclude (due_on, answered_on),
        {{ usable('requests.due_on', not_before='requests.received_on') }} as due_on,
        {{ usable('requests.answered_on', 'authorities.told_to', 'requests.received_on') }} as answered_on,
        authorities.told_to,
        authorities.refresh_id
    from requests
    inner join authorities on requests.authority = authorities.authority
)

select
    answered.request_key,
    answered.authority,
    answered.source_system,
    answered.request_id,
    answered.request_type,
    answered.received_on,
    answered.due_on,
    answered.answered_on,
    answered.answered_on - answered.received_on as received_to_answered_days,
    {{ working_days('received', 'replied') }} as received_to_answered_working_days,
    answered.answered_on is not null as is_answered,
    coalesce(answered.answered_on, answered.told_to) > answered.due_on as is_late,
    answered.refresh_id
from answered
{{ join_date('received', 'answered.received_on') }}
{{ join_date('replied', 'answered.answered_on') }}
