"""Limits of working days agree with the official notices, explain themselves, and never guess."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import fakes
from workflow_service import workdays
from workflow_service.errors import CalendarDataMissing

CALENDAR = fakes.calendar()


@pytest.mark.parametrize(
    ("decided", "due"),
    [
        ("2018-11-02", "2018-11-09"),  # a plain week
        ("2018-09-27", "2018-10-09"),  # two working weekend days before National Day
        ("2019-01-31", "2019-02-12"),  # Spring Festival, make-up days on both sides
        ("2025-01-24", "2025-02-07"),  # Spring Festival
        ("2025-09-26", "2025-10-10"),  # National Day with Mid-Autumn
        ("2026-02-13", "2026-02-27"),  # nine days of Spring Festival, 14 February works
        ("2026-03-31", "2026-04-08"),  # Qingming on a Sunday, the Monday is off
        ("2026-04-30", "2026-05-11"),  # Labour Day, 9 May works
        ("2026-06-16", "2026-06-24"),  # Dragon Boat on a Friday
        ("2026-09-18", "2026-09-24"),  # 20 September works; Monday to Friday counting is a day late
        ("2026-09-30", "2026-10-13"),  # National Day
        ("2026-10-03", "2026-10-13"),  # decided on a holiday
        ("2026-12-24", "2026-12-31"),  # the last limit that the table of 2026 can tell
        ("2026-07-20", "2026-07-27"),  # summer, nothing special
    ],
)
def test_a_correction_limit_of_five_days_ends_when_the_notices_say(decided: str, due: str) -> None:
    assert CALENDAR.after(fakes.day(decided), 5) == fakes.day(due)


@pytest.mark.parametrize(
    "text",
    ["2018-12-29", "2019-02-02", "2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"]
    + ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"],
)
def test_make_up_weekend_days_are_working_days(text: str) -> None:
    day = fakes.day(text)

    assert day.weekday() >= 5
    assert CALENDAR.is_working(day)


def test_the_extended_spring_festival_of_2020_is_known() -> None:
    assert not CALENDAR.is_working(date(2020, 2, 1))
    assert not CALENDAR.is_working(date(2020, 1, 31))


def test_a_limit_that_enters_a_year_without_a_table_names_the_year() -> None:
    with pytest.raises(CalendarDataMissing) as missing:
        CALENDAR.after(date(2026, 12, 28), 5)

    assert missing.value.year == 2027
    assert "2027" in str(missing.value)


def test_a_provisional_date_counts_every_day_of_the_unknown_year() -> None:
    assert CALENDAR.provisional_after(date(2026, 12, 28), 5) == (date(2027, 1, 2), True)
    assert CALENDAR.provisional_after(date(2026, 9, 18), 5) == (date(2026, 9, 24), False)


def test_a_negative_limit_counts_backwards() -> None:
    assert CALENDAR.after(date(2026, 9, 24), -2) == date(2026, 9, 22)
    assert CALENDAR.after(date(2026, 10, 8), -1) == date(2026, 9, 30)


def test_days_between_leave_the_first_day_out() -> None:
    assert CALENDAR.between(date(2026, 9, 18), date(2026, 9, 24)) == 5
    assert CALENDAR.between(date(2026, 9, 24), date(2026, 9, 18)) == 0


def test_a_due_date_says_which_days_count_and_which_do_not() -> None:
    explained = workdays.explain(date(2026, 2, 13), 5, CALENDAR)

    assert explained.end == date(2026, 2, 27)
    assert explained.text == (
        "从2月13日（不计）起算5个工作日：2月14日调休上班，计入；2月15日至23日春节放假，不计；截止2月27日24:00"
    )
    assert "14 February is a make-up working day and counts" in explained.text_en
    assert "15 February to 23 February (Spring Festival) do not count" in explained.text_en


def test_a_provisional_date_says_that_it_is_one() -> None:
    explained = workdays.explain(date(2026, 12, 28), 5, CALENDAR)

    assert explained.provisional
    assert "2027年的工作日历尚未公布" in explained.text
    assert "暂定截止2027年1月2日24:00" in explained.text
    assert "provisionally" in explained.text_en


def test_a_limit_without_weekends_has_no_list() -> None:
    assert workdays.explain(date(2026, 7, 20), 2, CALENDAR).text == "从7月20日（不计）起算2个工作日：截止7月22日24:00"


def test_each_year_names_its_notice() -> None:
    assert set(CALENDAR.sources()) == set(range(2004, 2027))
    assert "国务院办公厅2026年节假日安排" in CALENDAR.sources()[2026][0]


def test_a_stored_table_gives_the_same_calendar() -> None:
    rows = workdays.seed()

    assert workdays.from_rows("7", reversed(rows)).days == CALENDAR.days
    assert workdays.from_rows("7", rows).version == "7"


NEXT_YEAR = [(date(2027, 1, 1), "year", "", "x"), (date(2027, 1, 1), "holiday", "元旦", "x")]
LATER = workdays.from_rows("2", [*workdays.seed(), *NEXT_YEAR])
KNOWN = st.dates(date(2004, 1, 1), date(2026, 9, 1))


@settings(deadline=None)
@given(KNOWN, st.integers(1, 40))
def test_the_end_of_a_limit_agrees_with_counting_day_by_day(start: date, days: int) -> None:
    end = CALENDAR.after(start, days)

    counted = [day for day in _each(start, end) if CALENDAR.is_working(day)]
    assert len(counted) == days
    assert counted[-1] == end
    assert CALENDAR.between(start, end) == days


@settings(deadline=None)
@given(KNOWN, st.integers(1, 40))
def test_counting_forth_and_back_meets_before_the_first_counted_day(start: date, days: int) -> None:
    back = CALENDAR.after(CALENDAR.after(start, days), -(days - 1))

    assert back == CALENDAR.after(start, 1)


@settings(deadline=None)
@given(st.dates(date(2026, 11, 1), date(2026, 12, 31)), st.integers(1, 30))
def test_a_provisional_date_is_never_later_than_the_true_one(start: date, days: int) -> None:
    assert CALENDAR.provisional_after(start, days)[0] <= LATER.after(start, days)


def _each(start: date, end: date) -> list[date]:
    return [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
