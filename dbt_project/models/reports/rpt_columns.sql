with

this_refresh as (select refresh_id from {{ source('raw', 'this_refresh') }}),

described (column_position, audience, table_name, grain, column_name, data_type, description) as (
    {{ described_columns() }}
)

select
    described.audience,
    described.table_name,
    described.grain,
    described.column_position,
    described.column_name,
    described.data_type,
    described.description,
    this_refresh.refresh_id
from described
cross join this_refresh
