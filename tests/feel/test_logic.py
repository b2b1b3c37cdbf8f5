"""Three-valued logic, equality, order and membership."""

import pytest

from tests.feel import tables

LOGIC = r"""
true and true ==> true
true and false ==> false
true and null ==> null
null and true ==> null
false and null ==> false
null and false ==> false
null and null ==> null
"x" and false ==> false
1 and true ==> null
true or null ==> true
null or true ==> true
false or null ==> null
false or false ==> false
null or "x" ==> null
true and true and null and false ==> false
false or null or true ==> true
not(true) ==> false
not(null) ==> null
not(1) ==> null
"""

EQUALITY = r"""
1 = 1.0 ==> true
1 != 2 ==> true
1 = "1" ==> null
1 = null ==> false
null = null ==> true
null != 1 ==> true
"a" = "a" ==> true
[1, [2]] = [1, [2]] ==> true
[1, 2] = [2, 1] ==> false
[1] = 1 ==> null
{a: 1, b: 2} = {b: 2, a: 1} ==> true
{a: 1} = {b: 1} ==> false
[1..2] = [1..2] ==> true
[1..2] = [1..2) ==> false
@"2026-09-18" = date(2026, 9, 18) ==> true
@"2026-09-18" = @"2026-09-18T00:00:00" ==> null
@"10:00:00Z" = @"18:00:00+08:00" ==> true
@"10:00:00" = @"10:00:00Z" ==> false
@"2026-09-18T10:00:00Z" = @"2026-09-18T18:00:00@Asia/Shanghai" ==> true
@"P1Y" = @"P12M" ==> true
@"P1D" = @"PT24H" ==> true
@"P1Y" = @"P365D" ==> null
is(@"10:00:00Z", @"10:00:00+00:00") ==> true
is(@"10:00:00Z", @"18:00:00+08:00") ==> false
is(1, "1") ==> false
is([1], [1]) ==> true
"""

ORDER = r"""
1 < 2 ==> true
"a" < "b" ==> true
"乙" > "一" ==> true
@"2026-09-18" >= @"2026-09-17" ==> true
@"10:00:00Z" < @"17:00:00+08:00" ==> false
@"10:00:00" < @"10:00:00Z" ==> null
@"P1D" < @"PT25H" ==> true
@"P1Y" < @"P1D" ==> null
true < false ==> null
1 < null ==> null
1 < "2" ==> null
3 between 1 and 5 ==> true
3 between 4 and null ==> false
3 between 1 and null ==> null
"""

MEMBERSHIP = r"""
1 in (1, 2) ==> true
3 in (1, 2) ==> false
3 in (< 2, > 2) ==> true
3 in [1..3) ==> false
3 in (1..3] ==> true
3 in ]1..3] ==> true
3 in [1..3[ ==> false
3 in (<= 3) ==> true
3 in =3 ==> true
3 in !=3 ==> false
3 in [[1..2], [3..4]] ==> true
3 in [1, 2, 3] ==> true
[1] in [[1], [2]] ==> true
"b" in ["a".."c"] ==> true
null in [1..2] ==> null
3 in [null..5] ==> null
3 in (null..5] ==> null
3 in "x" ==> null
l in [[1, 2, 3]] ==> true
"""


@pytest.mark.parametrize(("expression", "value"), tables.rows(LOGIC))
def test_what_is_not_a_boolean_counts_as_unknown(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(EQUALITY))
def test_only_values_of_a_kind_are_equal(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(ORDER))
def test_order_exists_within_a_kind(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(MEMBERSHIP))
def test_in_asks_for_any_of_the_tests(expression: str, value: str) -> None:
    assert tables.shown(expression) == value
