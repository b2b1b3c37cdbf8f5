"""Values made from other values, and the text of every kind."""

import pytest

from tests.feel import tables

CONVERSIONS = r"""
string(1.10) ==> 1.1
string(true) ==> true
string(null) ==> null
string("a") ==> a
string(["a", 1]) ==> ["a", 1]
string({a: "b\"c"}) ==> {a: "b\"c"}
string({"a:b": 1}) ==> {"a:b": 1}
string(@"P1D") ==> P1D
string([1..2]) ==> [1..2]
string(10 ** 20) ==> 100000000000000000000
string(-0.0) ==> 0
number("1") ==> 1
number("1 234,5", " ", ",") ==> 1234.5
number("1,234", ",", ".") ==> 1234
number("1,234", ",", ",") ==> null
number("1.5", null, null) ==> 1.5
number("x", null, null) ==> null
number("1", ";", ".") ==> null
number(1, null, null) ==> null
number("1", null) ==> null
"""


@pytest.mark.parametrize(("expression", "value"), tables.rows(CONVERSIONS))
def test_a_conversion_gives_its_value(expression: str, value: str) -> None:
    assert tables.shown(expression) == value
