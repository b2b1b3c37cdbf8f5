"""Numbers are decimal, with 34 digits."""

import pytest

from tests.feel import tables

ARITHMETIC = r"""
0.1 + 0.2 ==> 0.3
1 / 3 ==> 0.3333333333333333333333333333333333
2 / 3 ==> 0.6666666666666666666666666666666667
1 / 0 ==> null
0 / 0 ==> null
10 ** -2 ==> 0.01
0 ** 0 ==> 1
2 ** 0.5 ==> 1.414213562373095048801688724209698
1 + null ==> null
1 + "a" ==> null
true + 1 ==> null
"a" * 2 ==> null
[1] + 1 ==> null
-"a" ==> null
99999999999999999999999999999999999 + 1 ==> 100000000000000000000000000000000000
"""

FUNCTIONS = r"""
decimal(2.5, 0) ==> 2
decimal(3.5, 0) ==> 4
decimal(1234.5678, 2) ==> 1234.57
decimal(1250, -2) ==> 1200
floor(-1.5) ==> -2
floor(1.29, 1) ==> 1.2
ceiling(-1.5) ==> -1
ceiling(1.21, 1) ==> 1.3
round up(-5.01, 0) ==> -6
round down(-5.99, 0) ==> -5
round half up(2.5, 0) ==> 3
round half up(-2.5, 0) ==> -3
round half down(2.5, 0) ==> 2
round half down(2.51, 0) ==> 3
round up(1, 7000) ==> null
abs(-3) ==> 3
abs(@"-P1D") ==> P1D
abs("x") ==> null
modulo(10, 4) ==> 2
modulo(-10, 4) ==> 2
modulo(10, -4) ==> -2
modulo(5.5, 2) ==> 1.5
modulo(1, 0) ==> null
sqrt(9) ==> 3
sqrt(-1) ==> null
log(1) ==> 0
log(0) ==> null
exp(0) ==> 1
odd(3) ==> true
odd(2) ==> false
even(-2) ==> true
even(2.5) ==> false
sqrt(number: 4) ==> 2
sqrt(n: 4) ==> null
sqrt([4]) ==> 2
sqrt() ==> null
sqrt(4, 4) ==> null
"""


@pytest.mark.parametrize(("expression", "value"), tables.rows(ARITHMETIC))
def test_arithmetic_is_decimal(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(FUNCTIONS))
def test_a_function_on_numbers_gives_its_value(expression: str, value: str) -> None:
    assert tables.shown(expression) == value
