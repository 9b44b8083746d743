with months as (
    select cast(unnest(generate_series(date '2000-01-01', date '2040-12-01', interval 1 month)) as date) as month_on
),

kinds as (
    select unnest(['financial_year', 'academic_year', 'calendar_year', 'quarter', 'month']) as period_kind
),

by_kind as (
    select
        kinds.period_kind,
        months.month_on,
        cast(case kinds.period_kind
            when 'month' then months.month_on
            when 'quarter' then date_trunc('quarter', months.month_on)
            when 'calendar_year' then date_trunc('year', months.month_on)
            -- Move the year's first month to January, cut to the year, move back.
            when 'financial_year' then date_trunc('year', months.month_on - interval 3 month) + interval 3 month
            when 'academic_year' then date_trunc('year', months.month_on - interval 8 month) + interval 8 month
        end as date) as period_start,
        case kinds.period_kind when 'month' then 1 when 'quarter' then 3 else 12 end as period_months
    from months
    cross join kinds
)

select
    period_kind,
    month_on,
    period_start,
    cast(period_start + to_months(period_months) - interval 1 day as date) as period_end,
    case period_kind
        when 'financial_year' then strftime(period_start, '%Y/') || strftime(period_start + interval 1 year, '%y')
        when 'academic_year'
            then 'academic year ' || strftime(period_start, '%Y/') || strftime(period_start + interval 1 year, '%y')
        when 'calendar_year' then strftime(period_start, '%Y')
        when 'quarter'
            then
                strftime(period_start - interval 3 month, '%Y/')
                || strftime(period_start + interval 9 month, '%y')
                || ' Q' || quarter(period_start - interval 3 month)
        when 'month' then strftime(period_start, '%B %Y')
    end as period_name
from by_kind
