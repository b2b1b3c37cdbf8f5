"""Tells the time by which the procedure goes: the clock on the wall in China, where a day is over at midnight."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_LAST_SECOND = time(23, 59, 59)


def local(at: datetime) -> datetime:
    """The time on the wall."""
    return at.astimezone(SHANGHAI)


def end_of(day: date) -> datetime:
    """The last second of a day, until which a limit that names the day can be kept."""
    return datetime.combine(day, _LAST_SECOND, SHANGHAI)
