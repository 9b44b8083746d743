with

current_subjects as (
    {{ current_rows('subjects') }}
)

-- Names, dates of birth and postcodes stay in raw: nothing behind the door in needs them.
select
    coalesce(people.person_key, 'unknown') as subject_key,
    current_subjects._authority as authority,
    current_subjects._source_system as source_system,
    current_subjects._extract_on,
    current_subjects._content_hash,
    current_subjects._line
from current_subjects
{{ join_person('people', 'subject', 'current_subjects', 'subject_id') }}
