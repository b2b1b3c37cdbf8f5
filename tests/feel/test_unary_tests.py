"""Unary tests, the language of a decision table's cells."""

from datetime import date
from typing import Any

import pytest

from workflow_service import feel

TABLE: list[tuple[str, Any, bool | None]] = [
    ("-", None, True),
    ("5", 5, True),
    ("5", 6, False),
    ('"a"', "a", True),
    ('"a","b"', "b", True),
    ('"a","b"', "c", False),
    ('not("a","b")', "c", True),
    ('not("a","b")', "a", False),
    ("not(true)", False, True),
    ("true", True, True),
    ("true", False, False),
    ("< 10", 5, True),
    (">= 10", 5, False),
    ("!= 10", 5, True),
    ("= 10", 10, True),
    ("[1..5]", 5, True),
    ("[1..5)", 5, False),
    ("]1..5]", 1, False),
    ("> -5", 0, True),
    ("-5", -5, True),
    ("[-5..-1]", -2, True),
    ("< 1, > 9", 10, True),
    ("not(< 1, > 9)", 5, True),
    # other kinds than expected can't be answered
    ("< 10", "x", None),
    ("5", "x", None),
    ("< 10", None, None),
    ("null", None, True),
    ("5", None, False),
    # ? is the tested value; a boolean then is the answer
    ("? > 3", 5, True),
    ("? > 3 and ? < 5", 5, False),
    ('contains(?, "b")', "abc", True),
    ("? in [1, 2]", 2, True),
    ("count(?) > 1", [1, 2], True),
    # a list is asked for, or looked into
    ("[1, 2]", 2, True),
    ("[1, 2]", [1, 2], True),
    # names of the context
    ("limit", 7, True),
    ("< limit", 5, True),
    ("[limit - 1..limit]", 6, True),
    ("upper limit", 9, True),
    ("limit > 5", 1, True),
    # temporal values, also those of Python
    ('< @"2026-10-01"', date(2026, 9, 18), True),
    ('[date("2026-09-01")..date("2026-09-30")]', date(2026, 9, 18), True),
]


@pytest.mark.parametrize(("test", "value", "answer"), TABLE)
def test_a_cell_answers_for_a_value(test: str, value: Any, answer: bool | None) -> None:
    assert feel.unary_test(test, value, {"limit": 7, "upper limit": 9}) is answer


@pytest.mark.parametrize(("test", "value", "answer"), TABLE)
def test_the_short_way_and_the_long_way_agree(test: str, value: Any, answer: bool | None) -> None:
    # A second test that never holds keeps the short way from being taken, and changes nothing.
    if test == "-" or "not(" in test:
        return

    found = feel.unary_test(f"{test}, function() 1", value, {"limit": 7, "upper limit": 9})

    assert (found is True) == (answer is True)


def test_a_dash_has_no_tests() -> None:
    assert feel.compile_unary(" - ").ast.tests == ()


def test_the_structure_of_a_cell_can_be_read() -> None:
    compiled = feel.compile_unary("not([1..5], > 9)")

    assert compiled.ast.negated
    assert [type(test).__name__ for test in compiled.ast.tests] == ["Interval", "Test"]


def test_a_cell_names_what_it_needs() -> None:
    assert feel.compile_unary("< order.limit, ? > other").free_names == {"order.limit", "other"}


@pytest.mark.parametrize("test", ["", "> ", "5,", "not(5", "a b c", "-, 5"])
def test_what_is_no_cell_is_refused(test: str) -> None:
    with pytest.raises(feel.FeelSyntaxError):
        feel.compile_unary(test)
