"""Built-in functions that relate points and ranges."""

from collections.abc import Callable

from workflow_service.feel import compare, errors
from workflow_service.feel.functions import Row
from workflow_service.feel.limits import Run
from workflow_service.feel.values import Range, Value


def _order(left: Value, right: Value) -> int:
    found = compare.order(left, right)
    if found is None:
        raise errors.Refused("区间或点之间不能比较", "the ranges or points can't be compared")
    return found


def _ends(left: tuple[Value, int], right: tuple[Value, int]) -> int:
    # An end is a value with -1, 0 or 1: an end that is missing lies beyond every value on its side.
    if left[1] or right[1]:
        return (left[1] > right[1]) - (left[1] < right[1])
    return _order(left[0], right[0])


def _low(span: Range) -> tuple[Value, int]:
    return span.low, -1 if span.low is None and span.half else 0


def _high(span: Range) -> tuple[Value, int]:
    return span.high, 1 if span.high is None and span.half else 0


def _point(value: Value) -> Range:
    return Range(value, value, True, True)


def _before(one: Range, other: Range) -> bool:
    found = _ends(_high(one), _low(other))
    return found < 0 or (found == 0 and not (one.high_in and other.low_in))


def _meets(one: Range, other: Range) -> bool:
    return one.high_in and other.low_in and _ends(_high(one), _low(other)) == 0


def _overlaps(one: Range, other: Range) -> bool:
    return not _before(one, other) and not _before(other, one)


def _starts_earlier(one: Range, other: Range) -> bool:
    found = _ends(_low(one), _low(other))
    return found < 0 or (found == 0 and one.low_in and not other.low_in)


def _ends_no_later(one: Range, other: Range) -> bool:
    found = _ends(_high(one), _high(other))
    return found < 0 or (found == 0 and (not one.high_in or other.high_in))


def _starts_no_earlier(one: Range, other: Range) -> bool:
    found = _ends(_low(one), _low(other))
    return found > 0 or (found == 0 and (not one.low_in or other.low_in))


def _overlaps_before(one: Range, other: Range) -> bool:
    return _starts_earlier(one, other) and not _before(one, other) and _ends_no_later(one, other)


def _finishes(one: Range, other: Range) -> bool:
    same = _ends(_high(one), _high(other)) == 0 and one.high_in == other.high_in
    return same and _starts_no_earlier(one, other)


def _starts(one: Range, other: Range) -> bool:
    same = _ends(_low(one), _low(other)) == 0 and one.low_in == other.low_in
    return same and _ends_no_later(one, other)


def _during(one: Range, other: Range) -> bool:
    return _starts_no_earlier(one, other) and _ends_no_later(one, other)


def _coincides(one: Range, other: Range) -> bool:
    return _starts(one, other) and _finishes(one, other)


_Relation = Callable[[Range, Range], bool]
_POINT = "number|string|date|time|datetime|days|months"


def _swapped(relation: _Relation) -> _Relation:
    return lambda one, other: relation(other, one)


def _on(relation: _Relation) -> Callable[[Run, Value, Value], bool]:
    def call(run: Run, one: Value, other: Value) -> bool:
        left = one if type(one) is Range else _point(one)
        right = other if type(other) is Range else _point(other)
        return relation(left, right)

    return call


_SHAPES = {
    "points": f"point1: {_POINT}, point2: {_POINT}",
    "point": f"point: {_POINT}, range: range",
    "range": f"range: range, point: {_POINT}",
    "ranges": "range1: range, range2: range",
}
_RELATIONS: tuple[tuple[str, _Relation, str], ...] = (
    ("before", _before, "points point range ranges"),
    ("after", _swapped(_before), "points point range ranges"),
    ("meets", _meets, "ranges"),
    ("met by", _swapped(_meets), "ranges"),
    ("overlaps", _overlaps, "ranges"),
    ("overlaps before", _overlaps_before, "ranges"),
    ("overlaps after", _swapped(_overlaps_before), "ranges"),
    ("finishes", _finishes, "point ranges"),
    ("finished by", _swapped(_finishes), "range ranges"),
    ("includes", _swapped(_during), "range ranges"),
    ("during", _during, "point ranges"),
    ("starts", _starts, "point ranges"),
    ("started by", _swapped(_starts), "range ranges"),
    ("coincides", _coincides, "points ranges"),
)

ROWS: tuple[Row, ...] = tuple(
    (name, _SHAPES[shape], _on(relation)) for name, relation, shapes in _RELATIONS for shape in shapes.split()
)
