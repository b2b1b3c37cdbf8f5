"""Says which days people work in China and when a limit of working days ends, by a versioned table of official notices.

Counting rule (procedure, section E): the day of the event is not counted, only working days are, and the limit ends at
24:00 in Asia/Shanghai on the last one. A year without a table is an error, never a guess.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from types import MappingProxyType

import chinese_calendar
from chinese_calendar import constants

from workflow_service.errors import CalendarDataMissing

Row = tuple[date, str, str, str]
"""Day, kind (``holiday``, ``workday``, or ``year``: the table of this day's year is known), name, source."""

_ONE_DAY = timedelta(days=1)

_ENGLISH = {
    "元旦": "New Year",
    "春节": "Spring Festival",
    "清明节": "Qingming",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
    "中国人民抗日战争暨世界反法西斯战争胜利70周年纪念日": "Victory Day (70th anniversary)",
}


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Day:
    """A day that differs from the rule of the week: kind ``holiday`` or ``workday``, the feast's name, the notice."""

    kind: str
    name: str
    source: str


@dataclass(frozen=True)
class Calendar:
    """One version of the working-day table.

    Args:
        version: names the version, so that a date computed with it can be computed again.
        days: the days that differ from Monday-to-Friday.
        years: the years whose table is known, exceptions or not.
    """

    version: str
    days: Mapping[date, Day]
    years: frozenset[int]

    def is_working(self, day: date) -> bool:
        """Whether people work on a day; raises CalendarDataMissing for a year without a table."""
        if day.year not in self.years:
            raise CalendarDataMissing(day.year)
        known = self.days.get(day)
        return known.kind == "workday" if known else day.weekday() < 5

    def is_working_day(self, day: date) -> bool:
        """The same under the name by which expressions ask."""
        return self.is_working(day)

    def is_settled(self, day: date) -> bool:
        """Whether the table of a day's year is known."""
        return day.year in self.years

    def after(self, start: date, days: int) -> date:
        """The last day of a limit of so many working days; negative counts backwards, 0 is the day itself.

        Raises:
            CalendarDataMissing: the count enters a year without a table.
        """
        return _walk(start, days, self.is_working)

    def provisional_after(self, start: date, days: int) -> tuple[date, bool]:
        """The same, but every day of a year without a table counts; says whether such a day was met.

        So the date is a lower bound of the true one: good for warnings, not for judging a breach.
        """
        met_unknown = False

        def working(day: date) -> bool:
            nonlocal met_unknown
            if day.year in self.years:
                return self.is_working(day)
            met_unknown = True
            return True

        return _walk(start, days, working), met_unknown

    def between(self, start: date, end: date) -> int:
        """How many working days lie after start up to and including end; 0 when end is not later."""
        return sum(self.is_working(day) for day in _days(start, end))

    def provisional_between(self, start: date, end: date) -> int:
        """The same where a year may have no table: all its days count, as they do for a provisional end."""
        return sum(day.year not in self.years or self.is_working(day) for day in _days(start, end))

    def sources(self) -> Mapping[int, tuple[str, ...]]:
        """The notices behind each year's table."""
        found: dict[int, set[str]] = {year: set() for year in self.years}
        for day, known in self.days.items():
            found.setdefault(day.year, set()).add(known.source)
        return {year: tuple(sorted(names - {""})) for year, names in sorted(found.items())}


@dataclass(frozen=True)
class Explanation:
    """How a limit came about, for people: its end, whether that is provisional, and one sentence per language."""

    end: date
    provisional: bool
    text: str
    text_en: str


def from_rows(version: str, rows: Iterable[Row]) -> Calendar:
    """The calendar of a stored table."""
    kept = list(rows)
    days = {day: Day(kind, name, source) for day, kind, name, source in kept if kind != "year"}
    years = frozenset(day.year for day, kind, _name, _source in kept if kind == "year")
    return Calendar(version, MappingProxyType(days), years)


def seed() -> list[Row]:
    """The table that ships: every year that the chinesecalendar package knows, its notices as source."""
    package = f"chinesecalendar {chinese_calendar.__version__}"
    years = range(min(constants.holidays).year, max(constants.holidays).year + 1)
    rows: list[Row] = [(date(year, 1, 1), "year", "", package) for year in years]
    for kind, table in (("holiday", constants.holidays), ("workday", constants.workdays)):
        for day, name in table.items():
            feast, source = _feast(constants.Holiday(name).chinese), f"国务院办公厅{day.year}年节假日安排（{package}）"
            rows.append((day, kind, feast, source))
    return sorted(rows)


def explain(start: date, days: int, calendar: Calendar) -> Explanation:
    """Says in words how a limit is counted: which working weekend days count and which holidays do not."""
    end, provisional = calendar.provisional_after(start, days)
    way = [day for day in _days(start, end) if day.year in calendar.years]
    parts = [*_exceptions(way, calendar)]
    if any(day not in calendar.days and day.weekday() >= 5 for day in way):
        rest = (
            ("其余双休日不计", "other weekend days do not count")
            if parts
            else ("双休日不计", "weekend days do not count")
        )
        parts.append(rest)
    if provisional:
        unknown = sorted({day.year for day in _days(start, end)} - calendar.years)
        years = "、".join(str(year) for year in unknown)
        parts.append(
            (
                f"{years}年的工作日历尚未公布，其中每一天暂按工作日计，公布后重新计算",
                f"the calendar of {years} is not published yet, each of its days counts for now and the date will be computed again",
            )
        )
    with_year = start.year != end.year
    counted = "；".join(zh for zh, _en in parts)
    counted_en = "; ".join(en for _zh, en in parts)
    kind, kind_en = ("暂定截止", "provisionally ends") if provisional else ("截止", "ends")
    return Explanation(
        end,
        provisional,
        f"从{_zh(start, with_year)}（不计）起算{days}个工作日：{counted + '；' if parts else ''}{kind}{_zh(end, with_year)}24:00",
        f"{days} working days after {_en(start, with_year)} (not counted): {counted_en + '; ' if parts else ''}"
        f"the limit {kind_en} at 24:00 on {_en(end, with_year)}",
    )


def _walk(start: date, days: int, working: Callable[[date], bool]) -> date:
    step = _ONE_DAY if days > 0 else -_ONE_DAY
    day, left = start, abs(days)
    while left:
        day += step
        left -= working(day)
    return day


def _days(start: date, end: date) -> Iterator[date]:
    """The days after start up to and including end."""
    return (start + timedelta(days=n) for n in range(1, (end - start).days + 1))


def _exceptions(way: list[date], calendar: Calendar) -> Iterator[tuple[str, str]]:
    """One phrase per language for each row of days of the same kind that the notices set."""
    listed = [(day, calendar.days[day]) for day in way if day in calendar.days]
    for (kind, name), group in groupby(listed, lambda one: (one[1].kind, one[1].name)):
        days = [day for day, _known in group]
        if kind == "workday":
            yield from (
                (f"{_zh(day)}调休上班，计入", f"{_en(day)} is a make-up working day and counts") for day in days
            )
        else:
            name_en = _ENGLISH.get(name, name)
            yield f"{_zh_span(days)}{name}放假，不计", f"{_en_span(days)} ({name_en}) do not count"


def _feast(name: str) -> str:
    return f"{name}节" if name in ("清明", "端午", "中秋") else name


def _zh_span(days: list[date]) -> str:
    first, last = days[0], days[-1]
    if first == last:
        return _zh(first)
    return f"{_zh(first)}至{last.day}日" if first.month == last.month else f"{_zh(first)}至{_zh(last)}"


def _en_span(days: list[date]) -> str:
    return _en(days[0]) if len(days) == 1 else f"{_en(days[0])} to {_en(days[-1])}"


def _zh(day: date, with_year: bool = False) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if with_year else f"{day.month}月{day.day}日"


def _en(day: date, with_year: bool = False) -> str:
    name = _MONTHS[day.month - 1]
    return f"{day.day} {name} {day.year}" if with_year else f"{day.day} {name}"
