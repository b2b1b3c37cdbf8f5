"""Strings are counted by code point and searched with XPath patterns."""

import pytest

from tests.feel import tables

FUNCTIONS = r"""
string length("容错😀") ==> 3
substring("容错纠错", 3) ==> 纠错
substring("abcdef", -2) ==> ef
substring("abcdef", 2, 3) ==> bcd
substring("abc", 0) ==> null
substring("abc", 9) ==> null
substring(start position: 2, string: "abc") ==> bc
upper case("aé") ==> AÉ
lower case("AÉ") ==> aé
substring before("2026-09-18", "-") ==> 2026
substring before("abc", "x") ==>
substring after("2026-09-18", "-") ==> 09-18
substring after("abc", "") ==> abc
substring after("abc", "x") ==>
contains("abc", "b") ==> true
contains("abc", null) ==> null
starts with("abc", "ab") ==> true
ends with("abc", "bc") ==> true
string join(["a", null, "b"], ", ") ==> a, b
string join([]) ==>
string join([1]) ==> null
split("a, b;c", "[,;]\s*") ==> ["a", "b", "c"]
split("abc", "x") ==> ["abc"]
"a" + "b" ==> ab
upper case(["x"]) ==> X
"""

PATTERNS = r"""
matches("abc", "b") ==> true
matches("abc", "^b") ==> false
matches("ABC", "b", "i") ==> true
matches("a]", "a]") ==> null
matches("a]", "a\]") ==> true
matches("α", "\p{Greek}") ==> null
matches("α", "\p{IsGreek}") ==> true
matches("A", "\p{Lu}") ==> true
matches("a b", "a\ b") ==> true
matches("ab", "a b", "x") ==> true
matches("a.b", "a.b", "q") ==> true
matches("axb", "a.b", "q") ==> false
matches("abc", "b", "z") ==> null
matches("abc", "[") ==> null
matches("abc", "(?=b)") ==> null
matches("abc", "a**") ==> null
matches("b", "[a-z-[aeiou]]") ==> true
matches("a", "[a-z-[aeiou]]") ==> false
matches("中", "\p{IsCJKUnifiedIdeographs}") ==> true
matches("m", "\p{Lu}", "i") ==> false
matches("abab", "(ab)\1") ==> true
matches("ab", "(a)[\1]") ==> null
replace("abcab", "b", "x") ==> axcax
replace("2026-09", "(\d+)-(\d+)", "$2/$1") ==> 09/2026
replace("abc", "(x)?b", "[$1]") ==> a[]c
replace("a", "a", "$") ==> null
replace("a", "a", "\$") ==> $
replace("a.b", ".", "-", "q") ==> a-b
replace("abc", ".*?", "x") ==> null
"""


@pytest.mark.parametrize(("expression", "value"), tables.rows(FUNCTIONS))
def test_a_function_on_strings_gives_its_value(expression: str, value: str) -> None:
    assert tables.shown(expression) == value


@pytest.mark.parametrize(("expression", "value"), tables.rows(PATTERNS))
def test_patterns_follow_xpath(expression: str, value: str) -> None:
    assert tables.shown(expression) == value
