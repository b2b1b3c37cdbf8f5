"""What can be read from a value with a dot: parts of dates, times, durations and ranges."""

from collections.abc import Callable
from decimal import Decimal

from workflow_service.feel import temporal
from workflow_service.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths
from workflow_service.feel.values import Range, Value


def _part(amount: int, whole: int, within: int | None = None) -> Decimal:
    # Parts of a negative duration are negative.
    size = abs(amount) // whole
    size = size % within if within else size
    return Decimal(-size if amount < 0 else size)


def _offset(time: Time, day: Date | None = None) -> DaysTime | None:
    offset = temporal.offset_of(time, day)
    return None if offset is None else DaysTime(offset * temporal.NANO)


def _second(time: Time) -> Decimal:
    return Decimal(time.second) + Decimal(time.nano).scaleb(-9) if time.nano else Decimal(time.second)


_Reading = Callable[[Value], Value]
_DAY: dict[str, _Reading] = {
    "year": lambda day: Decimal(day.year),
    "month": lambda day: Decimal(day.month),
    "day": lambda day: Decimal(day.day),
    "weekday": lambda day: Decimal(day.weekday),
}
_CLOCK: dict[str, _Reading] = {
    "hour": lambda time: Decimal(time.hour),
    "minute": lambda time: Decimal(time.minute),
    "second": _second,
    "timezone": lambda time: time.zone.name if time.zone else None,
}


def _of_date(read: _Reading) -> _Reading:
    return lambda moment: read(moment.date)


def _of_time(read: _Reading) -> _Reading:
    return lambda moment: read(moment.time)


PROPERTIES: dict[type, dict[str, _Reading]] = {
    Date: _DAY,
    Time: _CLOCK | {"time offset": _offset},
    DateTime: {name: _of_date(read) for name, read in _DAY.items()}
    | {name: _of_time(read) for name, read in _CLOCK.items()}
    | {"time offset": lambda moment: _offset(moment.time, moment.date)},
    YearsMonths: {
        "years": lambda length: _part(length.months, 12),
        "months": lambda length: _part(length.months, 1, 12),
    },
    DaysTime: {
        "days": lambda length: _part(length.nanos, temporal.DAY),
        "hours": lambda length: _part(length.nanos, 3600 * temporal.NANO, 24),
        "minutes": lambda length: _part(length.nanos, 60 * temporal.NANO, 60),
        "seconds": lambda length: _part(length.nanos, temporal.NANO, 60),
    },
    Range: {
        "start": lambda span: span.low,
        "end": lambda span: span.high,
        "start included": lambda span: span.low_in,
        "end included": lambda span: span.high_in,
    },
}
