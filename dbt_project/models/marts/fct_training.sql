with

training as (
    select * from {{ ref('stg_training') }}
),

authorities as (
    select * from {{ ref('stg_as_at') }}
)

select
    training.training_key,
    training.authority,
    training.source_system,
    training.session_id,
    training.held_on,
    training.authority || ':' || training.sector as sector_key,
    training.audience,
    training.attendees,
    authorities.refresh_id
from training
inner join authorities on training.authority = authorities.authority
