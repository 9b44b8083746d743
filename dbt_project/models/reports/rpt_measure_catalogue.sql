with

measures as (select * from {{ ref('dim_measures') }}),

authorities as (select authority, authority_name from {{ ref('dim_authorities') }}),

named as (
    select
        *,
        array_to_string(
            list_transform(
                string_split(coalesce(compared_measure, measure), '_'),
                lambda word: case when word in ('dbs', 'fte') then upper(word) else word end
            ),
            ' '
        ) as words
    from measures
)

select
    named.authority,
    authorities.authority_name,
    named.measure,
    upper(left(named.words, 1)) || substr(named.words, 2)
    || case substr(named.measure, length(named.compared_measure) + 1)
        when '_change_number' then ', change in number'
        when '_change_percent' then ', change in percent of the year before'
        when '_change_points' then ', change in percentage points'
        else ''
    end as measure_name,
    named.description,
    named.population,
    named.unit,
    named.base,
    named.is_available,
    case when not named.is_available then 'x' end as symbol,
    -- Of what is available the reason tells the day of the first record, which is a single matter's.
    case when not named.is_available then named.reason end as reason,
    named.refresh_id
from named
inner join authorities on named.authority = authorities.authority
