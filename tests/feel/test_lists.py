"""Functions on lists."""

import pytest

from tests.feel import tables

FUNCTIONS = r"""
list contains([1, null], null) ==> true
list contains([1], "1") ==> false
count([1, null]) ==> 2
count([]) ==> 0
count(null) ==> null
min([3, 1, 2]) ==> 1
max(3, 1, 2) ==> 3
min(["b", "a"]) ==> a
max([@"2026-01-01", @"2026-02-01"]) ==> 2026-02-01
min([]) ==> null
min([1, "a"]) ==> null
sum([1, 2.5]) ==> 3.5
sum(1, 2) ==> 3
sum([]) ==> null
sum([1, "a"]) ==> null
sum(list: [1, 2]) ==> 3
mean([1, 2, 6]) ==> 3
product([2, 3, 4]) ==> 24
median([5, 1, 3]) ==> 3
median([4, 1, 3, 2]) ==> 2.5
median([]) ==> null
stddev([1, 2, 3, 4]) ==> 1.290994448735805628393088466594133
stddev([1]) ==> null
mode([2, 1, 2, 1, 3]) ==> [1, 2]
mode([]) ==> []
all([true, true]) ==> true
all([]) ==> true
all([true, null]) ==> null
all([false, null]) ==> false
any([false, true]) ==> true
any([]) ==> false
any([false, null]) ==> null
any([1]) ==> null
sublist([1, 2, 3], 2) ==> [2, 3]
sublist([1, 2, 3], -2, 1) ==> [2]
sublist([1, 2, 3], 4) ==> null
append([1], 2, 3) ==> [1, 2, 3]
append([1], [2]) ==> [1, [2]]
append(1, null) ==> [1, null]
concatenate([1], [2, 3]) ==> [1, 2, 3]
concatenate([1], null) ==> null
insert before([1, 3], 2, 2) ==> [1, 2, 3]
insert before([1, 3], 5, 2) ==> null
remove([1, 2, 3], -1) ==> [1, 2]
list replace([1, 2, 3], 2, 9) ==> [1, 9, 3]
list replace([1, 2, 3], function(entry, new) entry > 1, 0) ==> [1, 0, 0]
list replace([1], function(entry, new) 1, 0) ==> null
reverse([1, 2]) ==> [2, 1]
index of([1, 2, 1], 1) ==> [1, 3]
index of([null], null) ==> [1]
union([1, 2], [2, 3]) ==> [1, 2, 3]
distinct values([1, 1.0, "1"]) ==> [1, "1"]
duplicate values([1, 2, 1, 2, 3]) ==> [1, 2]
flatten([1, [2, [3, []]]]) ==> [1, 2, 3]
sort([3, 1, 2], function(a, b) a < b) ==> [1, 2, 3]
sort([3, 1, 2], function(a, b) a > b) ==> [3, 2, 1]
sort(["b", "a"]) ==> ["a", "b"]
sort([1, "a"]) ==> null
sort([2, 1], precedes) ==> null
"""

CONTEXTS = r"""
get value({a: 1}, "a") ==> 1
get value({a: 1}, "b") ==> null
get value({a: {b: 2}}, ["a", "b"]) ==> 2
get entries({a: 1, b: null}) ==> [{key: "a", value: 1}, {key: "b", value: null}]
get entries(1) ==> null
context([{key: "a", value: 1}]) ==> {a: 1}
context([{key: "a"}]) ==> null
context([{key: "a", value: 1}, {key: "a", value: 2}]) ==> null
context put({a: 1}, "b", 2) ==> {a: 1, b: 2}
context put({a: 1}, "a", null) ==> {a: null}
context put({a: {b: 1}}, ["a", "c"], 2) ==> {a: {b: 1, c: 2}}
context put({a: 1}, ["a", "c"], 2) ==> null
context put({a: 1}, [], 2) ==> null
context merge([{a: 1, b: 1}, {b: 2}]) ==> {a: 1, b: 2}
context merge([{a: 1}, 1]) ==> null
"""


@pytest.mark.parametrize(("expression", "value"), tables.rows(FUNCTIONS))
def test_a_function_on_lists_gives_its_value(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(CONTEXTS))
def test_a_function_on_contexts_gives_its_value(expression: str, value: str) -> None:
    assert tables.shown(expression) == value
