with

bank_holidays as (
    select * from {{ ref('bank_holidays') }}
),

days as (
    select {{ calendar_days() }} as date_on
),

named as (
    select
        days.date_on,
        bank_holidays.holiday_name as bank_holiday_name,
        isodow(days.date_on) < 6 and bank_holidays.date_on is null as is_working_day,
        -- A year that starts in April or September is the calendar year of the day three or eight months earlier.
        year(days.date_on - interval 3 month) as financial_year_starts,
        year(days.date_on - interval 8 month) as academic_year_starts
    from days
    left join bank_holidays on days.date_on = bank_holidays.date_on
)

select
    date_on,
    cast(year(date_on) as integer) as calendar_year,
    cast(month(date_on) as integer) as month_number,
    monthname(date_on) as month_name,
    cast(date_trunc('month', date_on) as date) as month_starting_on,
    financial_year_starts || '/' || right(cast(financial_year_starts + 1 as varchar), 2) as financial_year,
    cast(quarter(date_on - interval 3 month) as integer) as financial_quarter,
    academic_year_starts || '/' || right(cast(academic_year_starts + 1 as varchar), 2) as academic_year,
    dayname(date_on) as weekday_name,
    {{ week_ending_on('date_on') }} as week_ending_on,
    bank_holiday_name,
    is_working_day,
    cast(sum(cast(is_working_day as integer)) over (
        order by date_on rows between unbounded preceding and current row
    ) as integer) as working_day_number,
    {{ refresh_id() }}
from named
