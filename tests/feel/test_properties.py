"""Properties that hold for every expression: printing and reading agree, numbers are decimal, nothing but FEEL errors come out."""

import decimal
import os
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.feel import fuzz
from workflow_service import feel

SOME = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
# A long run asks for 100000.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4000"))
NAMES = ("a", "金额", "loan amount", "a-b")
TYPES = (
    "number",
    "list<string>",
    "date and time",
    "context<a: number>",
    "function<number> -> Any",
    "range<date>",
    "Any",
)


def operands() -> st.SearchStrategy[str]:
    """Expressions that need no brackets around them."""
    numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**9, places=3)
    return st.one_of(
        numbers.map(lambda number: format(number, "f")),
        st.text(alphabet="ab中😀 \n\t", max_size=4).map(lambda text: '"' + text.replace("\n", "\\n") + '"'),
        st.sampled_from(("true", "false", "null", "item", "partial", "?", *NAMES)),
        st.sampled_from(('@"2026-09-18"', '@"PT1H"', '@"P1Y"', '@"10:00:00Z"', '@"2026-09-18T10:00:00"', '@"x"')),
    )


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Every construct around smaller expressions."""
    pair = st.tuples(inner, inner)
    three = st.tuples(inner, inner, inner)
    operators = ("+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or")
    calls = ("count", "string", "not", "sum", "upper case", "abs", "date", "duration", "sort", "flatten", "min", "f")
    return st.one_of(
        st.tuples(inner, st.sampled_from(operators), inner).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        inner.map(lambda text: f"-({text})"),
        pair.map(lambda t: f"[{t[0]}, {t[1]}]"),
        pair.map(lambda t: f"({t[0]})[{t[1]}]"),
        pair.map(lambda t: f"[({t[0]})..({t[1]})]"),
        pair.map(lambda t: f"(({t[0]})..({t[1]}))"),
        inner.map(lambda text: f"(>= ({text}))"),
        pair.map(lambda t: f'{{a: {t[0]}, "b c": {t[1]}}}'),
        inner.map(lambda text: f"({text}).a"),
        inner.map(lambda text: f"({text}).start included"),
        pair.map(lambda t: f"({t[0]}) in ({t[1]}, < 5, != 2)"),
        three.map(lambda t: f"({t[0]}) between ({t[1]}) and ({t[2]})"),
        three.map(lambda t: f"if {t[0]} then {t[1]} else {t[2]}"),
        pair.map(lambda t: f"for x in {t[0]}, y z in [1, 2] return {t[1]}"),
        pair.map(lambda t: f"for x in 1..3 return ({t[0]}) + ({t[1]})"),
        pair.map(lambda t: f"some x in {t[0]} satisfies {t[1]}"),
        pair.map(lambda t: f"every x in {t[0]} satisfies {t[1]}"),
        st.tuples(inner, st.sampled_from(TYPES)).map(lambda t: f"({t[0]}) instance of {t[1]}"),
        st.tuples(st.sampled_from(calls), inner).map(lambda t: f"{t[0]}({t[1]})"),
        pair.map(lambda t: f"substring(string: {t[0]}, start position: {t[1]})"),
        pair.map(lambda t: f"(function(x: number, the y) {t[0]})({t[1]}, 1)"),
    )


EXPRESSIONS = st.recursive(operands(), larger, max_leaves=12)
DATA: dict[str, Any] = {"a": 3, "金额": Decimal("2.5"), "loan amount": [1, 2], "a-b": {"a": 1}}


@SOME
@given(EXPRESSIONS)
def test_what_is_printed_is_read_as_the_same(expression: str) -> None:
    first = feel.compile(expression, NAMES)

    second = feel.compile(first.to_text(), NAMES)

    assert second.ast == first.ast
    assert second.to_text() == first.to_text()


@SOME
@given(EXPRESSIONS)
def test_unary_tests_are_printed_and_read_as_the_same(expression: str) -> None:
    first = feel.compile_unary(f"not({expression}, > ({expression}))", NAMES)

    assert feel.compile_unary(first.to_text(), NAMES).ast == first.ast


@SOME
@given(EXPRESSIONS)
def test_printing_does_not_change_the_value(expression: str) -> None:
    first = feel.compile(expression, NAMES)

    try:
        value = feel.text(first.evaluate(DATA))
    except feel.FeelLimitError:
        return

    assert feel.text(feel.compile(first.to_text(), NAMES).evaluate(DATA)) == value


@SOME
@given(EXPRESSIONS)
def test_types_are_told_without_a_fault_of_ones_own(expression: str) -> None:
    compiled = feel.compile(expression, NAMES)

    found, findings = feel.infer(compiled.ast, {}, expression)

    assert str(found)
    assert all(finding.position >= (1, 1) for finding in findings)
    assert compiled.free_names is not None


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)


@SOME
@given(NUMBERS, NUMBERS, st.sampled_from("+-*/"))
def test_arithmetic_agrees_with_decimal(left: Decimal, right: Decimal, operator: str) -> None:
    reference = decimal.Context(prec=34)
    with decimal.localcontext(reference):
        a, b = +left, +right
        if operator == "/" and b == 0:
            expected = None
        else:
            expected = {"+": a.__add__, "-": a.__sub__, "*": a.__mul__, "/": a.__truediv__}[operator](b)

    value = feel.compile(f"l {operator} r").evaluate({"l": a, "r": b})

    assert value == expected


@SOME
@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_sums_and_extremes_agree_with_python(numbers: list[Decimal]) -> None:
    value = feel.evaluate("[sum(n), min(n), max(n), count(n)]", {"n": numbers})

    with decimal.localcontext(decimal.Context(prec=34)):
        assert value == [sum(numbers), min(numbers), max(numbers), len(numbers)]


@SOME
@given(st.dates(), st.integers(-400_000, 400_000))
def test_days_agree_with_python(day: Any, days: int) -> None:
    value = feel.evaluate(f'd + duration("{"-" if days < 0 else ""}P{abs(days)}D") - d', {"d": day})

    assert value.nanos == days * 86_400 * 10**9


@SOME
@given(st.dates())
def test_calendar_questions_agree_with_python(day: Any) -> None:
    value = feel.evaluate("[d.weekday, day of year(d), week of year(d)]", {"d": day})

    assert value == [day.isoweekday(), day.timetuple().tm_yday, day.isocalendar().week]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_but_feel_errors_comes_out(seed: int) -> None:
    maker = fuzz.Maker(random.Random(f"feel {seed}"))

    for _ in range(EXAMPLES // 20):
        expression = maker.text()
        for action in (feel.evaluate, run_as_test):
            try:
                action(expression, DATA)
            except feel.FeelError as error:
                assert error.message_zh
                assert error.message_en


def run_as_test(expression: str, data: dict[str, Any]) -> bool | None:
    """The text as a cell over a number."""
    return feel.unary_test(expression, 5, data)
