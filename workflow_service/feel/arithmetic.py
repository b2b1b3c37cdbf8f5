"""Adds, subtracts, multiplies, divides and raises numbers, strings, dates and durations."""

from collections.abc import Callable
from decimal import Decimal

from workflow_service.feel import errors, temporal, temporal_text
from workflow_service.feel.limits import Run
from workflow_service.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths
from workflow_service.feel.values import NUMBERS, Value, kind

# Longer durations than any calendar can use are refused, so that integers stay small.
_MAX_NANOS = 10**30
_MAX_MONTHS = 10**14
_MAX_DAYS = 366 * temporal.MAX_YEAR


def days_time(nanos: int) -> DaysTime:
    """A days and time duration of allowed size."""
    if abs(nanos) > _MAX_NANOS:
        raise errors.Refused("时长过大", "the duration is too long")
    return DaysTime(nanos)


def years_months(months: int) -> YearsMonths:
    """A years and months duration of allowed size."""
    if abs(months) > _MAX_MONTHS:
        raise errors.Refused("时长过大", "the duration is too long")
    return YearsMonths(months)


def number(value: Decimal) -> Decimal:
    """A result that is a finite number."""
    if not value.is_finite():
        raise errors.Refused(
            "计算结果不是有限的数（例如除以零）", "the result is not a finite number (a division by zero?)"
        )
    return value


def truncated(value: Decimal) -> int:
    """The whole part of a number of moderate size."""
    if value.adjusted() > 40:
        raise errors.Refused("数字过大", "the number is too large")
    return int(value)


def add_months(day: Date, months: int) -> Date:
    """The same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if abs(year) > temporal.MAX_YEAR:
        raise errors.Refused("日期超出范围", "the date is out of range")
    return Date(year, month + 1, min(day.day, temporal.month_days(year, month + 1)))


def _add_nanos(moment: DateTime, nanos: int) -> DateTime:
    if abs(nanos) > _MAX_DAYS * temporal.DAY:
        raise errors.Refused("日期超出范围", "the date is out of range")
    result = temporal.moment_of(temporal.instant(moment) + nanos, moment.time.zone)
    if abs(result.date.year) > temporal.MAX_YEAR:
        raise errors.Refused("日期超出范围", "the date is out of range")
    return result


def _shift(moment: Value, length: YearsMonths | DaysTime, sign: int) -> Value:
    if type(moment) is Time:
        if type(length) is not DaysTime:
            raise errors.Refused("时间不能加减年月时长", "a time takes no years and months")
        return temporal.time_of((moment.nanos + sign * length.nanos) % temporal.DAY, moment.zone)
    if type(length) is YearsMonths:
        if type(moment) is Date:
            return add_months(moment, sign * length.months)
        return DateTime(add_months(moment.date, sign * length.months), moment.time)
    if type(moment) is Date:
        return _add_nanos(DateTime(moment, Time(0, 0, 0)), sign * length.nanos).date  # type: ignore[union-attr]
    return _add_nanos(moment, sign * length.nanos)  # type: ignore[union-attr]


def _moment(value: Date | DateTime) -> DateTime:
    return temporal.midnight(value) if type(value) is Date else value  # type: ignore[return-value]


def _between(left: Date | DateTime, right: Date | DateTime) -> DaysTime:
    later, earlier = _moment(left), _moment(right)
    if (later.time.zone is None) != (earlier.time.zone is None):
        raise errors.Refused(
            "一个时间有时区而另一个没有，不能相减", "one of the times has a zone and the other has none"
        )
    return days_time(temporal.instant(later) - temporal.instant(earlier))


def _between_times(left: Time, right: Time) -> DaysTime:
    one, other = temporal.offset_of(left), temporal.offset_of(right)
    if (one is None) != (other is None):
        raise errors.Refused(
            "一个时间有时区而另一个没有，不能相减", "one of the times has a zone and the other has none"
        )
    return DaysTime(left.nanos - right.nanos - ((one or 0) - (other or 0)) * temporal.NANO)


def _scaled(length: Value, factor: Decimal) -> Value:
    if type(length) is YearsMonths:
        return years_months(truncated(number(NUMBERS.multiply(Decimal(length.months), factor))))
    return days_time(truncated(number(NUMBERS.multiply(Decimal(length.nanos), factor))))


def _parted(length: Value, divisor: Decimal) -> Value:
    if type(length) is YearsMonths:
        return years_months(truncated(number(NUMBERS.divide(Decimal(length.months), divisor))))
    return days_time(truncated(number(NUMBERS.divide(Decimal(length.nanos), divisor))))


_MONTHS, _DAYS = "years and months duration", "days and time duration"
_MOMENTS = ("date", "date and time", "time")
_Rule = Callable[[Value, Value], Value]
RULES: dict[tuple[str, str, str], _Rule] = {
    ("+", "number", "number"): lambda a, b: number(NUMBERS.add(a, b)),
    ("-", "number", "number"): lambda a, b: number(NUMBERS.subtract(a, b)),
    ("*", "number", "number"): lambda a, b: number(NUMBERS.multiply(a, b)),
    ("/", "number", "number"): lambda a, b: number(NUMBERS.divide(a, b)),
    ("**", "number", "number"): lambda a, b: number(NUMBERS.power(a, b) if b else Decimal(1)),
    ("+", "string", "string"): lambda a, b: a + b,
    ("-", "date", "date"): _between,
    ("-", "date", "date and time"): _between,
    ("-", "date and time", "date"): _between,
    ("-", "date and time", "date and time"): _between,
    ("-", "time", "time"): _between_times,
    ("+", _MONTHS, _MONTHS): lambda a, b: years_months(a.months + b.months),
    ("-", _MONTHS, _MONTHS): lambda a, b: years_months(a.months - b.months),
    ("/", _MONTHS, _MONTHS): lambda a, b: number(NUMBERS.divide(Decimal(a.months), Decimal(b.months))),
    ("+", _DAYS, _DAYS): lambda a, b: days_time(a.nanos + b.nanos),
    ("-", _DAYS, _DAYS): lambda a, b: days_time(a.nanos - b.nanos),
    ("/", _DAYS, _DAYS): lambda a, b: number(NUMBERS.divide(Decimal(a.nanos), Decimal(b.nanos))),
}
for _length in (_MONTHS, _DAYS):
    RULES["*", _length, "number"] = _scaled
    RULES["*", "number", _length] = lambda a, b: _scaled(b, a)
    RULES["/", _length, "number"] = _parted
    for _kind in _MOMENTS:
        RULES["+", _kind, _length] = lambda a, b: _shift(a, b, 1)
        RULES["-", _kind, _length] = lambda a, b: _shift(a, b, -1)
        RULES["+", _length, _kind] = lambda a, b: _shift(b, a, 1)

KIND_NAMES = {
    "number": "数字",
    "string": "文本",
    "boolean": "是/否值",
    "null": "空值",
    "list": "列表",
    "context": "数据组",
    "date": "日期",
    "time": "时间",
    "date and time": "日期时间",
    _MONTHS: "年月时长",
    _DAYS: "日时时长",
    "range": "区间",
    "function": "函数",
}


def calculate(run: Run, op: str, left: Value, right: Value) -> Value:
    """``left op right``; raises Refused when there is no such operation or no finite result."""
    left_kind, right_kind = kind(left), kind(right)
    rule = RULES.get((op, left_kind, right_kind))
    if rule is None:
        raise errors.Refused(
            f"{KIND_NAMES[left_kind]}与{KIND_NAMES[right_kind]}之间不能进行“{op}”运算",
            f"{left_kind} {op} {right_kind} is not possible",
        )
    if type(left) is int:
        left = NUMBERS.create_decimal(left)
    if type(right) is int:
        right = NUMBERS.create_decimal(right)
    result = rule(left, right)
    return run.text(result) if type(result) is str else result


def negated(value: Value) -> Value:
    """``-value`` of a number or duration; raises Refused for anything else."""
    if type(value) in (Decimal, int):
        return NUMBERS.minus(value)
    if type(value) is YearsMonths:
        return YearsMonths(-value.months)
    if type(value) is DaysTime:
        return DaysTime(-value.nanos)
    raise errors.Refused(f"{KIND_NAMES[kind(value)]}不能取负", f"a {kind(value)} can't be negated")


def next_day(day: Date, step: int) -> Date:
    """The day after (or before, when ``step`` is -1)."""
    return temporal.date_of(day.number + step)


def at(text: str) -> Value:
    """The value of ``@"text"``."""
    value = temporal_text.any_of(text)
    if value is None:
        raise errors.Refused(f"“{text}”不是日期、时间或时长", f"{text!r} is no date, time or duration")
    return value
