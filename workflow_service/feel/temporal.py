"""Dates, times and durations of FEEL: years beyond four digits, nanoseconds, offsets and zone names."""

from dataclasses import dataclass
from datetime import UTC as UTC_ZONE
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NANO = 1_000_000_000
DAY = 86_400 * NANO
MAX_YEAR = 999_999_999


def leap(year: int) -> bool:
    """Whether February has 29 days (Gregorian calendar, before and after its introduction)."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_days(year: int, month: int) -> int:
    """The number of days of a month."""
    return 29 if month == 2 and leap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01; the year is counted from March so that the leap day comes last."""
    shifted = year - (month <= 2)
    era, of_era = divmod(shifted, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


@dataclass(frozen=True, slots=True)
class Date:
    """A day; the text is ``2026-09-18``, with a sign before and more digits in the year where needed."""

    year: int
    month: int
    day: int

    @property
    def number(self) -> int:
        """Days since 1970-01-01."""
        return day_number(self.year, self.month, self.day)

    @property
    def weekday(self) -> int:
        """Monday is 1, Sunday is 7."""
        return (self.number + 3) % 7 + 1

    def __str__(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"


def date_of(number: int) -> Date:
    """The day that lies ``number`` days after 1970-01-01."""
    era, of_era = divmod(number + 719_468, 146_097)
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return Date(year_of_era + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1)


@dataclass(frozen=True, slots=True)
class Zone:
    """Where a time is told: a fixed offset in seconds, or a name of the time zone database."""

    offset: int | None = None
    name: str | None = None

    def __str__(self) -> str:
        if self.name is not None:
            return f"@{self.name}"
        offset = self.offset or 0
        if offset == 0:
            return "Z"
        hours, rest = divmod(abs(offset), 3600)
        minutes, seconds = divmod(rest, 60)
        tail = f":{seconds:02d}" if seconds else ""
        return f"{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}{tail}"


UTC = Zone(offset=0)


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day, local when it has no zone; the text is ``09:30:00``, ``09:30:00.5+08:00``, ``09:30:00@Asia/Shanghai``."""

    hour: int
    minute: int
    second: int
    nano: int = 0
    zone: Zone | None = None

    @property
    def nanos(self) -> int:
        """Nanoseconds since midnight."""
        return (self.hour * 3600 + self.minute * 60 + self.second) * NANO + self.nano

    def __str__(self) -> str:
        fraction = f".{self.nano:09d}".rstrip("0") if self.nano else ""
        zone = str(self.zone) if self.zone else ""
        return f"{self.hour:02d}:{self.minute:02d}:{self.second:02d}{fraction}{zone}"


def time_of(nanos: int, zone: Zone | None) -> Time:
    """The time of day ``nanos`` nanoseconds after midnight."""
    seconds, nano = divmod(nanos, NANO)
    return Time(seconds // 3600, seconds // 60 % 60, seconds % 60, nano, zone)


@dataclass(frozen=True, slots=True)
class DateTime:
    """A day with a time; the text joins both with ``T``."""

    date: Date
    time: Time

    def __str__(self) -> str:
        return f"{self.date}T{self.time}"


@dataclass(frozen=True, slots=True)
class YearsMonths:
    """A years and months duration; the text is ``P1Y2M``, ``-P3M``, ``P0M``."""

    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        parts = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return f"{'-' if self.months < 0 else ''}P{parts or '0M'}"


@dataclass(frozen=True, slots=True)
class DaysTime:
    """A days and time duration in nanoseconds; the text is ``P1DT2H``, ``-PT0.5S``, ``PT0S``."""

    nanos: int

    def __str__(self) -> str:
        seconds, nano = divmod(abs(self.nanos), NANO)
        days, rest = divmod(seconds, 86_400)
        fraction = f".{nano:09d}".rstrip("0") if nano else ""
        amounts = ((rest // 3600, "", "H"), (rest // 60 % 60, "", "M"), (rest % 60, fraction, "S"))
        clock = "".join(f"{amount}{tail}{unit}" for amount, tail, unit in amounts if amount or tail)
        text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
        return f"{'-' if self.nanos < 0 else ''}P{text or 'T0S'}"


@lru_cache(maxsize=512)
def known_zone(name: str) -> bool:
    """Whether the time zone database has that name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _standard_offset(name: str) -> int:
    # A time of day alone has no date to tell summer from winter: the offset without summer time counts.
    moment = datetime(2000, 1, 1, tzinfo=ZoneInfo(name))
    return int(((moment.utcoffset() or timedelta()) - (moment.dst() or timedelta())).total_seconds())


@lru_cache(maxsize=4096)
def _named_offset(name: str, day: Date, hour: int, minute: int, told: bool) -> int:
    # ``told`` says that the clock reading is the zone's own, else it is that of UTC.
    # Years that Python can't hold follow the rules of a like year of the 400-year cycle.
    year = day.year if 1 < day.year < 9999 else 2000 + day.year % 400
    zone = ZoneInfo(name)
    moment = datetime(year, day.month, day.day, hour, minute, tzinfo=zone if told else UTC_ZONE)
    return int(((moment if told else moment.astimezone(zone)).utcoffset() or timedelta()).total_seconds())


def offset_of(time: Time, day: Date | None = None) -> int | None:
    """Seconds east of UTC, ``None`` for a local time."""
    if time.zone is None:
        return None
    if time.zone.name is None:
        return time.zone.offset
    if day is None:
        return _standard_offset(time.zone.name)
    return _named_offset(time.zone.name, day, time.hour, time.minute, True)


def instant(moment: DateTime) -> int:
    """Nanoseconds since 1970-01-01T00:00:00 UTC (local ones as if at UTC)."""
    offset = offset_of(moment.time, moment.date) or 0
    return moment.date.number * DAY + moment.time.nanos - offset * NANO


def moment_of(nanos: int, zone: Zone | None) -> DateTime:
    """The date and time of an instant, told in the zone."""
    offset = 0 if zone is None else zone.offset
    if offset is None and zone is not None and zone.name is not None:
        utc = moment_of(nanos, None)
        offset = _named_offset(zone.name, utc.date, utc.time.hour, utc.time.minute, False)
    days, rest = divmod(nanos + (offset or 0) * NANO, DAY)
    return DateTime(date_of(days), time_of(rest, zone))


def midnight(day: Date) -> DateTime:
    """The first moment of a day at UTC, which is what a date counts as among dates and times."""
    return DateTime(day, Time(0, 0, 0, 0, UTC))
