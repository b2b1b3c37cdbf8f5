"""What a host sees of FEEL: compiled expressions, values in and out, problems, names, clock and calendar."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from workflow_service import feel

SHANGHAI = timezone(timedelta(hours=8))


def problems_of(expression: str, context: Mapping[str, Any]) -> list[feel.Problem]:
    """The problems that an evaluation notes."""
    found: list[feel.Problem] = []
    feel.evaluate(expression, context, env=feel.Env(problems=found))
    return found


def test_a_compiled_expression_runs_over_any_data() -> None:
    compiled = feel.compile('complex = true or (loss > 10 and route in ("a", "b"))')

    answers = [
        compiled.evaluate({"complex": True}),
        compiled.evaluate({"complex": False, "loss": 11, "route": "b"}),
        compiled.evaluate({"complex": False, "loss": Decimal("10"), "route": "b"}),
        compiled.evaluate({"complex": False, "loss": 11.5, "route": "c"}),
        compiled.evaluate({"complex": None, "loss": 11, "route": None}),
    ]

    assert answers == [True, True, False, False, False]


def test_the_names_of_nested_data_are_known() -> None:
    assert feel.evaluate("申请人.出生 日期", {"申请人": {"出生 日期": 1}}) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.1, "1.1"),
        (float("nan"), "null"),
        (Decimal("Infinity"), "null"),
        (True, "true"),
        (date(2026, 9, 18), "2026-09-18"),
        (time(9, 30), "09:30:00"),
        (datetime(2026, 9, 18, 9, 30), "2026-09-18T09:30:00"),
        (datetime(2026, 9, 18, 9, 30, tzinfo=SHANGHAI), "2026-09-18T09:30:00+08:00"),
        (timedelta(days=1, seconds=1.5), "P1DT1.5S"),
        ((1, [2.5]), "[1, [2.5]]"),
        ({"a": {"b": date(2026, 1, 1)}}, "{a: {b: 2026-01-01}}"),
    ],
)
def test_python_data_becomes_feel_values(value: Any, text: str) -> None:
    assert feel.text(feel.evaluate("x", {"x": value})) == text


def test_data_of_another_type_is_refused() -> None:
    with pytest.raises(feel.FeelError) as caught:
        feel.evaluate("x", {"x": object()})

    assert "object" in caught.value.message_en


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('@"2026-09-18"', date(2026, 9, 18)),
        ('@"12026-09-18"', "12026-09-18"),
        ('@"2026-09-18T09:30:00+08:00"', datetime(2026, 9, 18, 9, 30, tzinfo=SHANGHAI)),
        ('@"09:30:00"', time(9, 30)),
        ('@"PT36H"', timedelta(hours=36)),
        ("[1, {a: 2}]", [Decimal(1), {"a": Decimal(2)}]),
    ],
)
def test_values_go_back_to_python(expression: str, value: Any) -> None:
    assert feel.to_python(feel.evaluate(expression, {})) == value


def test_values_become_json() -> None:
    value = feel.evaluate('{a: 1, b: 0.5, c: @"2026-09-18", d: [null, true], e: 1 / 3, f: [1..2]}', {})

    assert feel.to_json(value) == {
        "a": 1,
        "b": 0.5,
        "c": "2026-09-18",
        "d": [None, True],
        "e": "0.3333333333333333333333333333333333",
        "f": "[1..2]",
    }


def test_a_null_is_explained_in_both_languages() -> None:
    (problem,) = problems_of('1 +\n "a"', {})

    assert problem == feel.Problem("数字与文本之间不能进行“+”运算", "number + string is not possible", (1, 3))


@pytest.mark.parametrize(
    ("expression", "part"),
    [
        ("missing", "missing"),
        ("order.missing", "missing"),
        ("sqrt(-1)", "square root"),
        ('number("x", null, null)', "not a number"),
        ("count()", "arguments"),
        ("upper case(1)", "should be string"),
        ('date("2026-02-30")', "not a valid date"),
        ("now()", "clock"),
        ('working days after(@"2026-01-01", 1)', "calendar"),
        ("1 < null", "compared"),
        ("5(1)", "called"),
    ],
)
def test_each_kind_of_null_has_its_reason(expression: str, part: str) -> None:
    found = problems_of(expression, {"order": {"total": 1}})

    assert part in found[0].en
    assert found[0].zh


def test_a_syntax_error_shows_the_place() -> None:
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.compile("1 +\n  “a”")

    assert caught.value.position == (2, 3)
    assert "半角" in caught.value.message_zh


@pytest.mark.parametrize(
    ("expression", "names", "free"),
    [
        ("a + b.c.d", (), {"a", "b.c.d"}),
        ("count(l) > limit", (), {"l", "limit"}),
        ("for x in l return x + y", (), {"l", "y"}),
        ("some x in l satisfies x > partial", (), {"l", "partial"}),
        ("function(a) a + b", (), {"b"}),
        ("{a: 1, b: a + c}", (), {"c"}),
        ("l[price > 5]", (), {"l"}),
        ("l[price > limit]", ("limit",), {"l", "limit"}),
        ("贷款 金额 > 5", ("贷款 金额",), {"贷款 金额"}),
        ("now()", (), set()),
    ],
)
def test_an_expression_names_what_it_needs(expression: str, names: tuple[str, ...], free: set[str]) -> None:
    assert feel.compile(expression, names).free_names == free


def test_a_name_in_scope_hides_a_built_in_function() -> None:
    assert feel.evaluate("count", {"count": 3}) == 3
    assert feel.evaluate("count(1)", {"count": feel.function(["x"], lambda x: x + 1)}) == 2


def test_data_named_like_a_function_does_not_take_it_away() -> None:
    assert feel.text(feel.evaluate('{date: date("2026-09-18"), next: date(date + @"P1D")}.next', {})) == "2026-09-19"


def test_a_function_of_the_host_is_called_with_feel_values() -> None:
    double = feel.function(["amount"], lambda amount: amount * 2)

    assert feel.evaluate("double(amount: 2.5)", {"double": double}) == 5
    assert feel.evaluate("double(wrong: 2.5)", {"double": double}) is None


def test_a_named_type_is_asked_of_the_host() -> None:
    env = feel.Env(types={"t amount": lambda value: type(value) is Decimal and value > 0})
    compiled = feel.compile("[x instance of t amount, 1 instance of t other]", ["t amount", "t other"])

    assert compiled.evaluate({"x": Decimal(1)}, env=env) == [True, False]


class Weekdays:
    """Works from Monday to Friday, and has no table before 2000."""

    def after(self, start: date, days: int) -> date:
        step = timedelta(days=1 if days > 0 else -1)
        for _ in range(abs(days)):
            start += step
            while not self.is_working_day(start):
                start += step
        return start

    def between(self, start: date, end: date) -> int:
        days = (start + timedelta(days=number) for number in range(1, (end - start).days + 1))
        return sum(self.is_working_day(day) for day in days)

    def is_working_day(self, day: date) -> bool:
        if day.year < 2000:
            raise LookupError(day.year)
        return day.isoweekday() < 6


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('working days after(@"2026-09-18", 1)', "2026-09-21"),
        ('working days after(@"2026-09-18", -5)', "2026-09-11"),
        # 17:00 UTC is the next day in Shanghai
        ('working days after(@"2026-09-17T17:00:00Z", 1)', "2026-09-21"),
        ('working days after(date: @"2026-09-18", days: 5)', "2026-09-25"),
        ('working days after(@"2026-09-18", 1.5)', "null"),
        ('working days between(@"2026-09-18", @"2026-09-25")', "5"),
        ('is working day(@"2026-09-19")', "false"),
    ],
)
def test_working_days_come_from_the_calendar(expression: str, text: str) -> None:
    assert feel.text(feel.evaluate(expression, {}, env=feel.Env(calendar=Weekdays()))) == text


def test_a_missing_year_comes_through() -> None:
    with pytest.raises(LookupError):
        feel.evaluate('is working day(@"1999-01-01")', {}, env=feel.Env(calendar=Weekdays()))


def test_the_clock_is_the_hosts() -> None:
    env = feel.Env(clock=lambda: datetime(2026, 9, 18, tzinfo=UTC))

    assert str(feel.evaluate("today()", {}, env=env)) == "2026-09-18"


@pytest.mark.parametrize(
    ("expression", "limits", "limit"),
    [
        ("1 + 1 + 1", feel.Limits(source=5), "source"),
        ("((((1))))", feel.Limits(depth=4), "depth"),
        ("1 + 1 + 1 + 1", feel.Limits(depth=2), "depth"),
        ("for i in 1..100 return i", feel.Limits(fuel=50), "fuel"),
        ("{f: function(x) f(x), r: f(1)}", feel.Limits(), "frames"),
        ("1e7000", feel.Limits(), "exponent"),
        ('"abc" + "def"', feel.Limits(string=5), "string"),
        ("for i in 1..100 return i", feel.Limits(items=50), "items"),
        ("for i in 1..40 return if i = 1 then 1 else [partial[-1], partial[-1]]", feel.Limits(), "parts"),
        ('matches("a", "aaaaaaaaaa")', feel.Limits(pattern=5), "pattern"),
        ('matches("a", "(a{500}){500}")', feel.Limits(), "pattern"),
        ('matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a|aa)+$")', feel.Limits(), "pattern_seconds"),
    ],
)
def test_each_limit_has_its_error(expression: str, limits: feel.Limits, limit: str) -> None:
    with pytest.raises(feel.FeelLimitError) as caught:
        feel.compile(expression, limits=limits).evaluate({})

    assert caught.value.limit == limit
    assert caught.value.message_zh != caught.value.message_en


def test_host_data_that_is_nested_too_deeply_is_refused() -> None:
    data: list[Any] = []
    for _ in range(100_000):
        data = [data]

    with pytest.raises(feel.FeelLimitError):
        feel.compile("x = 1").evaluate({"x": data})


def test_used_alone_feel_reads_the_machines_clock() -> None:
    before = datetime.now(UTC)
    moment = feel.to_python(feel.evaluate("now()", {}))

    assert before - timedelta(seconds=1) <= moment <= datetime.now(UTC) + timedelta(seconds=1)
    assert feel.evaluate("now() = now() and today() = date(now())", {}) is True  # one moment for one evaluation
    assert feel.unary_test("<= now()", feel.evaluate("now()", {}), {}) is True


def test_an_environment_without_a_clock_has_no_present() -> None:
    assert feel.evaluate("now()", {}, env=feel.Env()) is None
