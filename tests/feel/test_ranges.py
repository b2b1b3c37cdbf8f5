"""Ranges, and how they and points lie to each other."""

import pytest

from tests.feel import tables

RELATIONS = r"""
before(1, 2) ==> true
before(2, 1) ==> false
before(1, [1..5]) ==> false
before(1, (1..5]) ==> true
before([1..5], 5) ==> false
before([1..5), 5) ==> true
before([1..5), [5..9]) ==> true
after(6, [1..5]) ==> true
after([5..9], [1..5)) ==> true
meets([1..5], [5..9]) ==> true
meets([1..5), [5..9]) ==> false
met by([5..9], [1..5]) ==> true
overlaps([1..5], [5..9]) ==> true
overlaps([1..5), [5..9]) ==> false
overlaps before([1..5], [3..9]) ==> true
overlaps before([3..9], [1..5]) ==> false
overlaps before([1..5], [1..5]) ==> false
overlaps after([3..9], [1..5]) ==> true
overlaps after([1..5], [3..9]) ==> false
finishes(5, [1..5]) ==> true
finishes(5, [1..5)) ==> false
finishes([3..5], [1..5]) ==> true
finished by([1..5], 5) ==> true
includes([1..5], 3) ==> true
includes([1..5], [2..5]) ==> true
includes([1..5), [2..5]) ==> false
during(3, [1..5]) ==> true
during([2..5], [1..5]) ==> true
starts(1, [1..5]) ==> true
starts(1, (1..5]) ==> false
starts([1..3], [1..5]) ==> true
started by([1..5], 1) ==> true
coincides(1, 1) ==> true
before(point: 1, range: [2..3]) ==> true
before(range: [2..3], point: 5) ==> true
before(range: [2..3], point: 1) ==> false
[1..3] in [[1..3], [5..6]] ==> true
[1..3] in [[1..2]] ==> false
2 in [[5..6], [1..3]] ==> true
coincides([1..5], [1..5]) ==> true
coincides([1..5], [1..5)) ==> false
before(1, "a") ==> null
before([1..2], ["a".."b"]) ==> null
during(3, (< 5)) ==> true
before(point1: 1, point2: 2) ==> true
"""

TEXTS = r"""
range("[1..3]") ==> [1..3]
range("(1..3)") ==> (1..3)
range("]1..3[") ==> (1..3)
range("[\"a\"..\"c\"]") ==> ["a".."c"]
range("[@\"2026-01-01\"..date(\"2026-02-01\")]") ==> [2026-01-01..2026-02-01]
range("[18..)") ==> (>= 18)
range("(..2)") ==> (< 2)
range("[3..1]") ==> null
range("[1..\"a\"]") ==> null
range("[..]") ==> null
range("1..3") ==> null
[1.."a"] ==> null
"""


@pytest.mark.parametrize(("expression", "value"), tables.rows(RELATIONS))
def test_a_relation_holds_or_not(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(TEXTS))
def test_a_range_is_read_from_its_text(expression: str, value: str) -> None:
    assert tables.shown(expression) == value
