"""Equality, order and membership, with the third answer: null when two values can't be compared."""

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from workflow_service.feel import temporal
from workflow_service.feel.limits import Run
from workflow_service.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths
from workflow_service.feel.values import Range, Value, kind

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
"""FEEL's comparisons for values that Python compares as FEEL does: numbers among themselves, texts, dates."""


def _same_time(run: Run, left: Time, right: Time) -> bool:
    one, other = temporal.offset_of(left), temporal.offset_of(right)
    if one is None or other is None:
        return one is other and left.nanos == right.nanos
    return left.nanos - one * temporal.NANO == right.nanos - other * temporal.NANO


def _same_moment(run: Run, left: DateTime, right: DateTime) -> bool:
    if (left.time.zone is None) != (right.time.zone is None):
        return False
    return temporal.instant(left) == temporal.instant(right)


def _same_list(run: Run, left: list[Value], right: list[Value]) -> bool:
    run.spend(3 + 3 * len(left))
    return len(left) == len(right) and all(equal(run, a, b) is True for a, b in zip(left, right, strict=True))


def _same_context(run: Run, left: dict[str, Value], right: dict[str, Value]) -> bool:
    run.spend(3 + 3 * len(left))
    return left.keys() == right.keys() and all(equal(run, entry, right[key]) is True for key, entry in left.items())


def _same_range(run: Run, left: Range, right: Range) -> bool:
    if (left.low_in, left.high_in) != (right.low_in, right.high_in):
        return False
    return equal(run, left.low, right.low) is True and equal(run, left.high, right.high) is True


_SAME: dict[str, Callable[[Run, Value, Value], bool]] = {
    "time": _same_time,
    "date and time": _same_moment,
    "list": _same_list,
    "context": _same_context,
    "range": _same_range,
    "function": lambda run, left, right: left is right,
}


def equal(run: Run, left: Value, right: Value) -> bool | None:
    """``=``: false when one is null, null when the kinds differ."""
    if left is None or right is None:
        return left is right
    of_kind = kind(left)
    if of_kind != kind(right):
        return None
    same = _SAME.get(of_kind)
    return bool(left == right) if same is None else same(run, left, right)


def _order_times(left: Time, right: Time) -> int | None:
    one, other = temporal.offset_of(left), temporal.offset_of(right)
    if (one is None) != (other is None):
        return None
    return _sign(left.nanos - (one or 0) * temporal.NANO, right.nanos - (other or 0) * temporal.NANO)


def _order_moments(left: DateTime, right: DateTime) -> int | None:
    if (left.time.zone is None) != (right.time.zone is None):
        return None
    return _sign(temporal.instant(left), temporal.instant(right))


def _sign(left: int, right: int) -> int:
    return (left > right) - (left < right)


_ORDER: dict[type, Callable[[Value, Value], int | None]] = {
    Decimal: lambda left, right: (left > right) - (left < right),
    str: lambda left, right: (left > right) - (left < right),
    Date: lambda left, right: _sign(left.number, right.number),
    Time: _order_times,
    DateTime: _order_moments,
    YearsMonths: lambda left, right: _sign(left.months, right.months),
    DaysTime: lambda left, right: _sign(left.nanos, right.nanos),
}
_ORDER[int] = _ORDER[Decimal]


def order(left: Value, right: Value) -> int | None:
    """-1, 0 or 1, or ``None`` when there is no order between the two."""
    compare = _ORDER.get(type(left))
    if compare is None or (type(left) is not type(right) and kind(left) != kind(right)):
        return None
    return compare(left, right)


def both(left: bool | None, right: bool | None) -> bool | None:
    """``and`` of two answers."""
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _beyond(value: Value, end: Value, side: int, closed: bool) -> bool | None:
    found = order(value, end)
    return None if found is None else found == side or (closed and found == 0)


def within(value: Value, span: Range) -> bool | None:
    """Whether a value lies in a range; null when it can't be compared with an end."""
    low = True if span.low is None and span.half else _beyond(value, span.low, 1, span.low_in)
    high = True if span.high is None and span.half else _beyond(value, span.high, -1, span.high_in)
    return both(low, high)


def contains(run: Run, value: Value, test: Value) -> bool | None:
    """``value in test``: equal to it, inside of its range, or in its list."""
    if type(test) is Range:
        return within(value, test)
    if type(test) is not list:
        return equal(run, value, test)
    run.spend(1 + len(test))
    spans = type(value) is not Range
    if any(
        (within(value, entry) if spans and type(entry) is Range else equal(run, value, entry)) is True for entry in test
    ):
        return True
    return type(value) is list and equal(run, value, test) is True
