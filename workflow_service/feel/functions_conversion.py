"""Built-in functions that make one kind of value from another."""

import re
from decimal import Decimal

from workflow_service.feel import arithmetic, compare, errors, temporal_text, values
from workflow_service.feel.functions import Row
from workflow_service.feel.limits import Run
from workflow_service.feel.temporal import NANO, UTC, Date, DateTime, DaysTime, Time, YearsMonths, Zone, known_zone
from workflow_service.feel.values import NUMBERS, Range, Value

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def _string(run: Run, value: Value) -> str | None:
    return None if value is None else run.text(value if type(value) is str else values.text(value, run.spend))


def _number(run: Run, text: str, grouping: str | None = None, point: str | None = None) -> Decimal:
    if grouping not in (None, " ", ",", ".") or point not in (None, ",", ".") or (grouping and grouping == point):
        raise errors.Refused("分组符或小数点符号无效", "the grouping or decimal separator is not valid")
    plain = text.replace(grouping, "") if grouping else text
    plain = plain.replace(point, ".") if point else plain
    if not _NUMBER.fullmatch(plain):
        raise errors.Refused(f"“{text[:40]}”不是数字", f"{text[:40]!r} is not a number")
    return arithmetic.number(NUMBERS.create_decimal(plain))


def _read(found: Value, text: str, zh: str, en: str) -> Value:
    if found is None:
        raise errors.Refused(f"“{text[:40]}”不是有效的{zh}", f"{text[:40]!r} is not a valid {en}")
    return found


def _date(run: Run, value: Value) -> Value:
    if type(value) is str:
        return _read(temporal_text.date(value), value, "日期（如 2026-09-18）", "date (such as 2026-09-18)")
    return value.date if type(value) is DateTime else value


def _whole(*parts: Decimal) -> tuple[int, ...]:
    if any(part != part.to_integral_value() for part in parts):
        raise errors.Refused("日期和时间的各部分应为整数", "the parts of dates and times are whole numbers")
    return tuple(arithmetic.truncated(part) for part in parts)


def _date_of_parts(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Value:
    numbers = _whole(year, month, day)
    found = temporal_text.make_date(numbers[0], numbers[1], numbers[2])
    return _read(found, "-".join(str(part) for part in numbers), "日期", "date")


def _time(run: Run, value: Value) -> Value:
    if type(value) is str:
        return _read(temporal_text.time(value), value, "时间（如 09:30:00）", "time (such as 09:30:00)")
    if type(value) is Date:
        return Time(0, 0, 0, 0, UTC)
    return value.time if type(value) is DateTime else value


def _zone(offset: DaysTime | str | None) -> Zone | None:
    if offset is None:
        return None
    if type(offset) is str:
        zone = Zone(name=offset) if known_zone(offset) else None
    else:
        seconds = abs(offset.nanos) // NANO  # type: ignore[union-attr]
        zone = temporal_text.make_zone(-seconds if offset.nanos < 0 else seconds)  # type: ignore[union-attr]
    return _read(zone, str(offset), "时区", "time zone")  # type: ignore[no-any-return]


def _time_of_parts(
    run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: DaysTime | str | None = None
) -> Value:
    whole = second.to_integral_value(rounding="ROUND_FLOOR")
    clock = _whole(hour, minute, whole)
    nano = int((second - whole).scaleb(9))
    found = temporal_text.make_time((clock[0], clock[1], clock[2]), nano, _zone(offset))
    return _read(found, ":".join(str(part) for part in clock), "时间", "time")


def _date_time(run: Run, value: Value) -> Value:
    if type(value) is str:
        zh, en = "日期时间（如 2026-09-18T09:30:00）", "date and time (such as 2026-09-18T09:30:00)"
        return _read(temporal_text.date_time(value), value, zh, en)
    return DateTime(value, Time(0, 0, 0)) if type(value) is Date else value


def _date_time_of_both(run: Run, day: Value, time: Time) -> DateTime:
    return DateTime(day.date if type(day) is DateTime else day, time)


def _date_time_of_parts(run: Run, *parts: Value) -> DateTime:
    return DateTime(_date_of_parts(run, *parts[:3]), _time_of_parts(run, *parts[3:]))


def _duration(run: Run, value: Value) -> Value:
    if type(value) is not str:
        return value
    found = temporal_text.duration(value)
    _read(found, value, "时长（如 P3D、PT4H、P1Y2M）", "duration (such as P3D, PT4H, P1Y2M)")
    return arithmetic.years_months(found.months) if type(found) is YearsMonths else arithmetic.days_time(found.nanos)  # type: ignore[union-attr]


def _months_between(run: Run, start: Value, end: Value) -> YearsMonths:
    one = start.date if type(start) is DateTime else start
    other = end.date if type(end) is DateTime else end
    months = (other.year - one.year) * 12 + other.month - one.month
    days = other.day - one.day
    # A month counts when it is complete, in either direction.
    return YearsMonths(months - (months > 0 > days) + (months < 0 < days))


def _is(run: Run, left: Value, right: Value) -> bool:
    if values.kind(left) != values.kind(right):
        return False
    if type(left) in (Date, Time, DateTime):
        return bool(left == right)
    return compare.equal(run, left, right) is True


_RANGE = re.compile(
    r'\s*([\[\](])\s*((?:[^."]|\.(?!\.)|"[^"]*")*?)\s*\.\.\s*((?:[^."]|\.(?!\.)|"[^"]*")*?)\s*([\[\])])\s*'
)
_CALL = re.compile(r'(?:@|(date and time|date|time|duration)\s*\()\s*"([^"\\]*)"\s*(\)?)')
_READERS = {
    "": temporal_text.any_of,
    "date": temporal_text.date,
    "time": temporal_text.time,
    "date and time": temporal_text.date_time,
    "duration": temporal_text.duration,
}


def _endpoint(text: str) -> Value:
    if text == "":
        return None
    if text.startswith('"') and text.endswith('"') and '"' not in text[1:-1] and len(text) > 1:
        return text[1:-1]
    call = _CALL.fullmatch(text)
    if call is not None and bool(call.group(1)) == bool(call.group(3)):
        return _read(_READERS[call.group(1) or ""](call.group(2)), text, "区间端点", "end of a range")
    if _NUMBER.fullmatch(text):
        return arithmetic.number(NUMBERS.create_decimal(text))
    return _read(temporal_text.any_of(text), text, "区间端点", "end of a range")


def _range(run: Run, text: str) -> Range:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise errors.Refused(f"“{text[:40]}”不是区间", f"{text[:40]!r} is not a range")
    opening, low_text, high_text, closing = match.groups()
    low, high = _endpoint(low_text), _endpoint(high_text)
    low_in, high_in = opening == "[", closing == "]"
    unknown = (low is None and low_in) or (high is None and high_in) or (low is None and high is None)
    ordered = low is None or high is None or (compare.order(low, high) or 0) <= 0
    if unknown or not ordered or (None not in (low, high) and values.kind(low) != values.kind(high)):
        raise errors.Refused(f"“{text[:40]}”不是有效的区间", f"{text[:40]!r} is not a valid range")
    return Range(low, high, low_in, high_in, half=low is None or high is None)


_CLOCK = "hour: number, minute: number, second: number"
_FROM_PARTS = f"year: number, month: number, day: number, {_CLOCK}"

ROWS: tuple[Row, ...] = (
    ("string", "from: any", _string),
    ("number", "from: string, grouping separator: string|null, decimal separator: string|null", _number),
    ("number", "from: string", _number),
    ("date", "from: string|date|datetime", _date),
    ("date", "year: number, month: number, day: number", _date_of_parts),
    ("time", "from: string|time|date|datetime", _time),
    ("time", f"{_CLOCK}, offset: days|null?", _time_of_parts),
    ("date and time", "from: string|date|datetime", _date_time),
    ("date and time", "date: date|datetime, time: time", _date_time_of_both),
    ("date and time", f"{_FROM_PARTS}, offset: days|null?", _date_time_of_parts),
    ("date and time", f"{_FROM_PARTS}, timezone: string", _date_time_of_parts),
    ("duration", "from: string|days|months", _duration),
    ("years and months duration", "from: date|datetime, to: date|datetime", _months_between),
    ("is", "value1: any, value2: any", _is),
    ("range", "from: string", _range),
)
