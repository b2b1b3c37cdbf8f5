"""The working-day calendar in force, read from the database when a date is needed; versions are kept for ever."""

from collections.abc import Iterable
from datetime import date, datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Pool, func, select
from sqlalchemy.orm import Session

from workflow_service import chinese_time, errors, workdays
from workflow_service.identity import permissions, roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import notices, reference

_CACHE: WeakKeyDictionary[Pool, dict[int, workdays.Calendar]] = WeakKeyDictionary()
"""By the pool, which is one for as long as a database is open: a version never changes within one database."""


class Current:
    """The calendar in force, read when first asked; ``used`` is its version once a date was computed with it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._calendar: workdays.Calendar | None = None

    @property
    def used(self) -> str:
        return "" if self._calendar is None else self._calendar.version

    @property
    def version(self) -> str:
        return self._read().version

    def after(self, start: date, days: int) -> date:
        return self._read().after(start, days)

    def provisional_after(self, start: date, days: int) -> tuple[date, bool]:
        return self._read().provisional_after(start, days)

    def between(self, start: date, end: date) -> int:
        return self._read().between(start, end)

    def provisional_between(self, start: date, end: date) -> int:
        return self._read().provisional_between(start, end)

    def is_working(self, day: date) -> bool:
        return self._read().is_working(day)

    def _read(self) -> workdays.Calendar:
        if self._calendar is None:
            self._calendar = in_force(self._session)
        return self._calendar


def in_force(session: Session) -> workdays.Calendar:
    """The newest approved calendar; raises NotFound when none was ever entered."""
    version = _newest_approved(session)
    if version is None:
        raise errors.NotFound("尚未录入工作日历")
    return of_version(session, version)


def _newest_approved(session: Session) -> int | None:
    row = reference.CalendarVersion
    return session.scalar(select(func.max(row.id)).where(row.approved_at.is_not(None)))


def of_version(session: Session, version: int) -> workdays.Calendar:
    """The calendar of a version, as it was used then."""
    known = _CACHE.setdefault(session.get_bind().engine.pool, {})
    if version not in known:
        rows = session.scalars(select(reference.CalendarDay).where(reference.CalendarDay.version == version)).all()
        known[version] = workdays.from_rows(str(version), [(row.day, row.kind, row.name, row.source) for row in rows])
    return known[version]


def call_for(session: Session, now: datetime) -> None:
    """Tells administrators of a year without a calendar: of the next one once in November and daily in December, of this one daily.

    Who has not read the last such notice gets no further one.
    """
    today, known = chinese_time.local(now).date(), in_force(session).years
    missing = today.year if today.year not in known else today.year + 1
    if missing in known or (missing > today.year and today.month < _NOVEMBER):
        return
    day = today.isoformat()
    key = f"{_NOTICE}{missing}:{day[:7] if missing > today.year and today.month == _NOVEMBER else day}"
    text = f"在录入并审核之前，进入{missing}年的期限只是暂定，到期不提醒，也不认定超期。请按公布的放假安排到“工作日历”录入，由另一名管理员审核"
    text_en = (
        f"Until it is entered and approved, limits that reach into {missing} are provisional: nobody is reminded of them and none counts "
        "as missed. Please enter the published days under Calendar; another administrator approves them"
    )
    chinese, english = (
        (f"尚未录入{missing}年的工作日历", text),
        (f"The calendar of {missing} has not been entered", text_en),
    )
    notices.post(session, now, key, roster.everywhere(session, "admin"), chinese, english, kind=_NOTICE)


_NOVEMBER = 11  # the days of a year are published some two months ahead
_NOTICE = "calendar:"


def enter(session: Session, actor: Actor, now: datetime, rows: Iterable[tuple[date, str, str, str]], note: str) -> int:
    """Enters a new version of the calendar, to be approved by a second person; gives its id."""
    permissions.require(actor, permissions.Permission.CALENDAR_EDIT)
    version = reference.CalendarVersion(note=note, created_by=actor.name, created_at=now)
    session.add(version)
    session.flush()
    session.add_all(
        reference.CalendarDay(version=version.id, day=day, kind=kind, name=name, source=source)
        for day, kind, name, source in rows
    )
    return version.id


def approve(session: Session, actor: Actor, now: datetime, version_id: int) -> None:
    """Puts a version in force; nobody approves an own one.

    Raises:
        NotFound: there is none that waits. NotAllowed: it is the actor's own.
        Conflict: one that was entered later is in force, and would stay so.
    """
    permissions.require(actor, permissions.Permission.CALENDAR_EDIT)
    version = session.get(reference.CalendarVersion, version_id, with_for_update=True, populate_existing=True)
    if version is None or version.approved_at is not None:
        raise errors.NotFound("没有待审核的工作日历版本")
    if version.created_by == actor.name:
        raise errors.NotAllowed("录入人不能审核自己录入的工作日历，须由另一名管理员审核")
    if (_newest_approved(session) or 0) > version_id:
        raise errors.Conflict("其后录入的工作日历已经生效，此版本不能再生效；确需采用的，请重新录入")
    version.approved_by, version.approved_at = actor.name, now
