"""FEEL as the engine uses it: plain JSON comes out, the clock is the step's, and nothing reaches Python."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tests.engine.cases import NOON, Weekdays
from workflow_service.engine import expressions
from workflow_service.engine.expressions import Recorder, Scope, compile_text, plain
from workflow_service.errors import CalendarDataMissing, CannotAdvance


def _scope() -> Scope:
    return Scope(NOON, Recorder(Weekdays()), lambda: {"number": "RC-1"})


def _value(text: str, **data: object) -> object:
    return plain(expressions.evaluate(compile_text("p", "e", "set", text), data, _scope()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 1", 2),
        ("0.1 + 0.2", 0.3),
        ("10 / 4", 2.5),
        ("2 ** 60", 1152921504606846976),
        ('"a" + "b"', "ab"),
        ("= 1 + 1", 2),  # as modelers write it
        ("null", None),
        ("[1, true, null]", [1, True, None]),
        ("{b: 1, a: {d: 2, c: 3}}", {"a": {"c": 3, "d": 2}, "b": 1}),
        ('date("2026-09-18")', "2026-09-18"),
        ("today()", "2026-09-18"),
        ("now()", "2026-09-18T12:00:00+08:00"),
        ('date and time("2026-09-18T10:00:00@Asia/Shanghai")', "2026-09-18T10:00:00+08:00"),
        ("working days after(today(), 1)", "2026-09-21"),
        ('duration("P1D")', "P1D"),
        ("case.number", "RC-1"),
        ("date(day) < date(other)", True),
    ],
)
def test_values_come_out_as_plain_json(text: str, expected: object) -> None:
    assert _value(text, day="2026-01-01", other="2026-01-02") == expected


@pytest.mark.parametrize("text", ["[1..3]", "function(x) x"])
def test_what_json_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(CannotAdvance):
        _value(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("12.50"), 12.5),
        (Decimal("3.00"), 3),
        (1.0, 1),
        (2**63, str(2**63)),
        (True, True),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00+00:00"),
        (date(2026, 1, 1), "2026-01-01"),
        ({"b": (1, 2), "a": None}, {"a": None, "b": [1, 2]}),
    ],
)
def test_data_from_outside_is_put_in_one_form(value: object, expected: object) -> None:
    assert plain(value) == expected


def _nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [_nested(62), _nested(5000), "\ud800", {"a": "\udfff"}, object(), {1, 2}])
def test_data_that_could_not_be_stored_is_refused_at_the_door(value: object) -> None:
    with pytest.raises(CannotAdvance):
        plain(value)


def test_objects_are_put_in_order_so_that_replay_sees_the_same() -> None:
    assert list(plain({"b": 1, "a": {"d": 1, "c": 2}})) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('date("2026-09-18")', datetime(2026, 9, 18, 15, 59, 59, tzinfo=UTC)),
        ('"2026-09-18"', datetime(2026, 9, 18, 15, 59, 59, tzinfo=UTC)),  # a date as forms give it
        ('"2026-09-18T10:00:00Z"', datetime(2026, 9, 18, 10, tzinfo=UTC)),
        ('date and time("2026-09-18T10:00:00")', datetime(2026, 9, 18, 2, tzinfo=UTC)),  # Shanghai
        ("start of day(today())", datetime(2026, 9, 17, 16, tzinfo=UTC)),
        ("end of day(today())", datetime(2026, 9, 18, 15, 59, 59, tzinfo=UTC)),
        ("null", None),
    ],
)
def test_a_moment_is_utc_and_a_date_ends_in_shanghai(text: str, expected: datetime | None) -> None:
    assert expressions.moment(compile_text("p", "e", "due", text), {}, _scope())[0] == expected


@pytest.mark.parametrize("text", ["1", '"soon"', "[today()]", 'date("2026-13-01")'])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(CannotAdvance, match="办理期限"):
        expressions.moment(compile_text("p", "e", "due", text), {}, _scope())


def test_a_missing_year_that_gives_no_date_refuses_by_name() -> None:
    class Empty(Weekdays):
        """Knows no year at all."""

        def is_working(self, day: date) -> bool:
            raise CalendarDataMissing(day.year)

    scope = Scope(NOON, Recorder(Empty()), dict)

    with pytest.raises(CannotAdvance, match="2026 年的工作日历"):
        expressions.evaluate(compile_text("p", "e", "set", "is working day(today())"), {}, scope)
