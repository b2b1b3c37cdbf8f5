"""Reads dates, times and durations from their ISO text; what doesn't fit is ``None``."""

import re

from workflow_service.feel.temporal import (
    MAX_YEAR,
    NANO,
    Date,
    DateTime,
    DaysTime,
    Time,
    YearsMonths,
    Zone,
    known_zone,
    month_days,
)

Temporal = Date | Time | DateTime | YearsMonths | DaysTime

_DATE = re.compile(r"(-?)([0-9]{4}|[1-9][0-9]{4,8})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,18}))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?|@([A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*))?"
)
_MONTHS = re.compile(r"(-?)P(?:([0-9]{1,12})Y)?(?:([0-9]{1,12})M)?")
_DAYS = re.compile(
    r"(-?)P(?:([0-9]{1,12})D)?(T(?:([0-9]{1,12})H)?(?:([0-9]{1,12})M)?(?:([0-9]{1,12})(?:\.([0-9]{0,18}))?S)?)?"
)
_MAX_OFFSET = 18 * 3600


def date(text: str) -> Date | None:
    """Reads ``2026-09-18``."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    sign, year, month, day = match.groups()
    return make_date(-int(year) if sign else int(year), int(month), int(day))


def make_date(year: int, month: int, day: int) -> Date | None:
    """A date of existing parts."""
    if abs(year) > MAX_YEAR or not 1 <= month <= 12 or not 1 <= day <= month_days(year, month):
        return None
    return Date(year, month, day)


def make_time(clock: tuple[int, int, int], nano: int, zone: Zone | None) -> Time | None:
    """A time of day of existing parts."""
    hour, minute, second = clock
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59):
        return None
    return Time(hour, minute, second, nano, zone)


def make_zone(seconds: int) -> Zone | None:
    """A fixed offset of at most 18 hours."""
    return Zone(offset=seconds) if abs(seconds) <= _MAX_OFFSET else None


def _zone(groups: tuple[str | None, ...]) -> tuple[bool, Zone | None]:
    zulu, sign, hours, minutes, seconds, name = groups
    if name is not None:
        return (True, Zone(name=name)) if known_zone(name) else (False, None)
    if zulu is not None:
        return True, Zone(offset=0)
    if sign is None or hours is None or minutes is None:
        return True, None
    if int(minutes) > 59 or int(seconds or 0) > 59:
        return False, None
    total = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    zone = make_zone(-total if sign == "-" else total)
    return zone is not None, zone


def time(text: str) -> Time | None:
    """Reads ``09:30:00``, with an optional fraction and zone."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute, second, fraction = match.groups()[:4]
    valid, zone = _zone(match.groups()[4:])
    if not valid:
        return None
    return make_time((int(hour), int(minute), int(second)), int((fraction or "0")[:9].ljust(9, "0")), zone)


def date_time(text: str) -> DateTime | None:
    """Reads ``2026-09-18T09:30:00`` with an optional zone; a date alone means its midnight, local."""
    head, mark, tail = text.partition("T")
    day = date(head)
    if day is None:
        return None
    if not mark:
        return DateTime(day, Time(0, 0, 0))
    clock = time(tail)
    return None if clock is None else DateTime(day, clock)


def duration(text: str) -> YearsMonths | DaysTime | None:
    """Reads ``P1Y2M`` or ``P1DT2H``; both kinds can't be mixed."""
    if text.endswith(("P", "T")):
        return None
    match = _MONTHS.fullmatch(text)
    if match is not None:
        sign, years, months = match.groups()
        total = int(years or 0) * 12 + int(months or 0)
        return YearsMonths(-total if sign else total)
    match = _DAYS.fullmatch(text)
    if match is None:
        return None
    sign, days, _, hours, minutes, seconds, fraction = match.groups()
    total = ((int(days or 0) * 24 + int(hours or 0)) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    nanos = total * NANO + int((fraction or "0")[:9].ljust(9, "0"))
    return DaysTime(-nanos if sign else nanos)


def any_of(text: str) -> Temporal | None:
    """Reads whichever temporal value the text is, as ``@"…"`` does."""
    if "P" in text[:2]:
        return duration(text)
    if "T" in text and text[:1] in "-0123456789" and "-" in text[1:].partition("T")[0]:
        return date_time(text)
    return date(text) or time(text)
