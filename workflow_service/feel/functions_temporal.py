"""Built-in functions on dates: the present, weekdays and months, and the service's own working days."""

from datetime import date
from decimal import Decimal

from workflow_service.chinese_time import SHANGHAI
from workflow_service.feel import arithmetic, errors, temporal, values
from workflow_service.feel.functions import Row
from workflow_service.feel.limits import Calendar, Run
from workflow_service.feel.temporal import Date, DateTime, Time, Zone
from workflow_service.feel.values import Value

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
# Deadlines are counted in the city's own time.
_LOCAL = Zone(name=SHANGHAI.key)
_LOCAL_OFFSET = Zone(offset=8 * 3600)


def _now(run: Run) -> DateTime:
    moment = run.moment()
    if moment is None:
        raise errors.Refused("此处没有时钟，不能使用 now() 和 today()", "there is no clock here for now() and today()")
    found: DateTime = values.from_python(moment)
    return found


def _day(value: Value) -> Date:
    found: Date = value.date if type(value) is DateTime else value
    return found


def _week_of_year(run: Run, value: Value) -> Decimal:
    day = _day(value)
    # ISO 8601: a week belongs to the year of its Thursday.
    thursday = temporal.date_of(day.number - day.weekday + 4)
    return Decimal((thursday.number - temporal.day_number(thursday.year, 1, 1)) // 7 + 1)


def _day_of_year(run: Run, value: Value) -> Decimal:
    day = _day(value)
    return Decimal(day.number - temporal.day_number(day.year, 1, 1) + 1)


def _local_day(value: Value) -> Date:
    if type(value) is DateTime and value.time.zone is not None:
        return temporal.moment_of(temporal.instant(value), _LOCAL).date
    return _day(value)


def _python_day(value: Value) -> date:
    day = _local_day(value)
    if not 1 <= day.year <= 9999:
        raise errors.Refused("日期超出工作日历范围", "the date is outside of any calendar")
    return date(day.year, day.month, day.day)


def _calendar(run: Run) -> Calendar:
    if run.env.calendar is None:
        raise errors.Refused("此处没有工作日历", "there is no working-day calendar here")
    return run.env.calendar


def _working_days_after(run: Run, day: Value, count: Decimal) -> Value:
    if count != count.to_integral_value() or abs(count) > 100_000:
        raise errors.Refused("工作日天数应为整数", "the number of working days is a whole number")
    run.spend(abs(arithmetic.truncated(count)))
    return values.from_python(_calendar(run).after(_python_day(day), int(count)))


def _working_days_between(run: Run, start: Value, end: Value) -> Decimal:
    return Decimal(_calendar(run).between(_python_day(start), _python_day(end)))


def _is_working_day(run: Run, day: Value) -> bool:
    return _calendar(run).is_working_day(_python_day(day))


def _start_of_day(run: Run, day: Value) -> DateTime:
    return DateTime(_local_day(day), Time(0, 0, 0, 0, _LOCAL_OFFSET))


def _end_of_day(run: Run, day: Value) -> DateTime:
    return DateTime(_local_day(day), Time(23, 59, 59, 0, _LOCAL_OFFSET))


ROWS: tuple[Row, ...] = (
    ("now", "", _now),
    ("today", "", lambda run: _now(run).date),
    ("day of year", "date: date|datetime", _day_of_year),
    ("day of week", "date: date|datetime", lambda run, value: _WEEKDAYS[_day(value).weekday - 1]),
    ("month of year", "date: date|datetime", lambda run, value: _MONTHS[_day(value).month - 1]),
    ("week of year", "date: date|datetime", _week_of_year),
    ("working days after", "date: date|datetime, days: number", _working_days_after),
    ("working days between", "start: date|datetime, end: date|datetime", _working_days_between),
    ("is working day", "date: date|datetime", _is_working_day),
    ("start of day", "date: date|datetime", _start_of_day),
    ("end of day", "date: date|datetime", _end_of_day),
)
