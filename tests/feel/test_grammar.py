"""Every construct of the grammar, and what is not one."""

import pytest

from tests.feel import tables

LITERALS = r"""
# numbers
1 ==> 1
1.50 ==> 1.5
.5 ==> 0.5
1e3 ==> 1000
-7 ==> -7
--7 ==> 7
# strings, with escapes and code points beyond four digits
"a\"b" ==> a"b
"\u4e2d\u6587" ==> 中文
"\U01F600" ==> 😀
"\uD83D\uDE00" ==> 😀
"a\\b" ==> a\b
# an unknown escape stays as it is
"\d" ==> \d
# booleans, null, temporal literals
true ==> true
null ==> null
@"2026-09-18" ==> 2026-09-18
@"P1Y" ==> P1Y
@"nonsense" ==> null
# lists and contexts
[] ==> []
[1, "a", null] ==> [1, "a", null]
{} ==> {}
{a: 1, "b c": [2]} ==> {a: 1, b c: [2]}
# a later entry sees the earlier ones
{a: 1, b: a + 1} ==> {a: 1, b: 2}
# comments
1 /* one */ + 1 ==> 2
"""

OPERATORS = r"""
1 + 2 * 3 ==> 7
(1 + 2) * 3 ==> 9
2 ** 3 ** 2 ==> 64
-2 ** 2 ==> 4
10 - 3 - 2 ==> 5
12 / 2 / 3 ==> 2
1 + 1 = 2 and 2 < 3 ==> true
true or false and false ==> true
1 < 2 = true ==> true
5 between 1 and 3 + 4 ==> true
3 in [1..5] and true ==> true
1 + 1 instance of number ==> null
(1 + 1) instance of number ==> true
-1 instance of number ==> true
l[1] + 1 ==> 2
order.items[2].price * 2 ==> 56
"""

FORMS = r"""
if 1 < 2 then "a" else "b" ==> a
if null then 1 else 2 ==> 2
if "x" then 1 else 2 ==> 2
for x in [1, 2] return x * 10 ==> [10, 20]
for x in 3..1 return x ==> [3, 2, 1]
for x in [1..3) return x ==> [1, 2]
for x in [3..1] return x ==> null
for x in [1, 2], y in [x, 10] return x * y ==> [1, 10, 4, 20]
for d in @"2026-09-29"..@"2026-10-01" return d.day ==> [29, 30, 1]
for x in 1..5 return if x < 3 then 1 else partial[-1] + partial[-2] ==> [1, 1, 2, 3, 5]
for x in "a".."c" return x ==> null
for x in 1.5..3 return x ==> null
for x in null return x ==> null
for x in 5 return x ==> [5]
some x in [1, 2] satisfies x > 1 ==> true
some x in [] satisfies true ==> false
every x in [] satisfies false ==> true
every x in [1, 2] satisfies x > 1 ==> false
every x in [1, null] satisfies x > 0 ==> null
(function(a, b) a - b)(5, 3) ==> 2
(function(a, b) a - b)(b: 5, a: 3) ==> -2
(function(a: number) a + 1)("x") ==> null
(function(a: number) a + 1)([4]) ==> 5
(function(a) a)() ==> null
(function(a: date and time) a)(@"2026-09-18") ==> 2026-09-18T00:00:00Z
{twice: function(f, x) f(f(x)), r: twice(function(n) n * 3, 2)}.r ==> 18
{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(10)}.r ==> 3628800
{s: function(n) if n = 0 then 0 else n + s(n - 1), r: s(60)}.r ==> 1830
(function(a) external {java: {}})(1) ==> null
5(1) ==> null
"""

CHOICES = r"""
l[1] ==> 1
l[-1] ==> 3
l[0] ==> null
l[4] ==> null
l[1.5] ==> null
l[item >= 2] ==> [2, 3]
l[true] ==> [1, 2, 3]
l[item > 9] ==> []
[][1] ==> null
[][item > 1] ==> []
null[1] ==> null
7[1] ==> 7
7[item > 5] ==> [7]
7[item > 9] ==> []
order.items[price > 5].name ==> ["book"]
order.items[item.price > 5][1].name ==> book
# an entry of the item goes before a name outside
[{l: 9}][l = 9] ==> [{l: 9}]
[{item: 1}, {item: 2}][item = 2] ==> [{item: 2}]
l[some y in [2, 3] satisfies y = item] ==> [2, 3]
"""

PATHS = r"""
order.total ==> 30
order.items.price ==> [2, 28]
order.missing ==> null
null.x ==> null
"text".length ==> null
@"2026-09-18".year ==> 2026
@"2026-09-18".weekday ==> 5
@"2026-09-18T10:20:30+08:00".time offset ==> PT8H
@"2026-09-18T10:20:30@Asia/Shanghai".timezone ==> Asia/Shanghai
@"10:20:30".hour ==> 10
@"-P1Y5M".months ==> -5
@"P3DT25H".days ==> 4
@"P3DT25H".hours ==> 1
[1..5).end ==> 5
[1..5).end included ==> false
(< 5).start ==> null
"""

TYPES = r"""
1 instance of number ==> true
"1" instance of number ==> false
null instance of Any ==> false
null instance of Null ==> true
[1, 2] instance of list<number> ==> true
[1, "2"] instance of list<number> ==> false
[] instance of list<string> ==> true
{a: 1} instance of context<a: number> ==> true
{a: 1, b: 2} instance of context<a: number> ==> true
{b: 2} instance of context<a: number> ==> false
{a: null} instance of context<a: number> ==> true
[1..2] instance of range<number> ==> true
[1..2] instance of range<string> ==> false
(function(a: number) a) instance of function<number> -> Any ==> true
(function(a: string) a) instance of function<number> -> Any ==> false
(function(a) a) instance of function<> -> Any ==> false
@"P1Y" instance of years and months duration ==> true
@"P1D" instance of days and time duration ==> true
@"2026-09-18T00:00:00" instance of date and time ==> true
@"2026-09-18" instance of date and time ==> false
1 instance of of unknown ==> refused
"""

NAMES = r"""
{due?: 1, r: due? + 1}.r ==> 2
loan amount * 2 ==> 400
金额 + 1 ==> 51
date(申请 日期).month ==> 9
{first name: "A", greeting: "Hi " + first name}.greeting ==> Hi A
{a-b: 5, c: a-b - 1}.c ==> 4
for the item in [1, 2] return the item + 1 ==> [2, 3]
{f: function(first value, second) first value - second, r: f(first value: 5, second: 1)}.r ==> 4
unknown ==> null
"""

REFUSED = r"""
1 + ==> refused
( 1 ==> refused
"open ==> refused
1 2 ==> refused
if 1 then 2 ==> refused
for x return 1 ==> refused
{a 1} ==> refused
{a: 1, a: 2} ==> refused
f(a: 1, 2) ==> refused
金额 ＞ 5 ==> refused
1 = = 2 ==> refused
[1..2 ==> refused
some x in l ==> refused
1a ==> refused
(!= 5) ==> refused
"""


@pytest.mark.parametrize(("expression", "value"), tables.rows(LITERALS))
def test_a_literal_is_its_value(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(OPERATORS))
def test_operators_bind_as_the_standard_says(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(FORMS))
def test_a_form_gives_its_value(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(CHOICES))
def test_brackets_choose_entries(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(PATHS))
def test_a_dot_reads_an_entry_or_a_property(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(TYPES))
def test_instance_of_knows_every_type(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(NAMES))
def test_names_may_have_several_words(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(REFUSED))
def test_what_is_no_expression_is_refused(expression: str, value: str) -> None:
    assert tables.shown(expression) == value
