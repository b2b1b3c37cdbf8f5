"""Dates that wait: found by an indexed query, fired once, paused with the case, computed anew when a calendar comes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Select, literal_column, select, union, update
from sqlalchemy.orm import Session

from workflow_service.cases import calendars, failures, lifecycle
from workflow_service.engine import inputs
from workflow_service.identity.actors import SYSTEM
from workflow_service.storage import tables


def due(session: Session, now: datetime, limit: int = 200) -> Sequence[int]:
    """Ids of the deadlines that are due, earliest first; provisional ones never are."""
    query = select(tables.Deadline.id).where(
        tables.Deadline.status == "waiting", tables.Deadline.provisional.is_(False), tables.Deadline.due_at <= now
    )
    return session.scalars(query.order_by(tables.Deadline.due_at, tables.Deadline.id).limit(limit)).all()


def next_due(session: Session) -> datetime | None:
    """When the earliest waiting deadline is due."""
    query = select(tables.Deadline.due_at).where(
        tables.Deadline.status == "waiting", tables.Deadline.provisional.is_(False)
    )
    return session.scalar(query.order_by(tables.Deadline.due_at).limit(1))


def fire(session: Session, now: datetime, deadline_id: int) -> bool:
    """Fires a due deadline; False when another worker did so already or it is no longer wanted."""
    row = session.get(tables.Deadline, deadline_id)
    if row is None:
        return False
    case = lifecycle.lock_by_id(session, row.case_id)
    session.refresh(row)
    if row.status != "waiting" or row.due_at > now or row.provisional:
        return False
    row.status = "fired"
    session.flush()
    lifecycle.feed(session, SYSTEM, now, case, inputs.Elapsed(inputs.Address(row.run, row.element, row.visit)))
    return True


def give_up(session: Session, now: datetime, deadline_id: int, cause: str) -> None:
    """Records that a deadline could not move its case, so that it does not fire for ever."""
    row = session.get_one(tables.Deadline, deadline_id)
    case = lifecycle.lock_by_id(session, row.case_id)
    session.refresh(row)
    if row.status != "waiting":  # another worker fired it, or the step that met us cancelled it
        return
    row.status = "incident"
    failures.open_one(session, now, case, failures.Cause(row.run, row.element, cause, "", 1))


def _reschedule(  # noqa: PLR0913  what, when, why
    session: Session, now: datetime, case: tables.Case, at: inputs.Address, due: datetime, reason: str
) -> None:
    session.flush()
    lifecycle.feed(session, SYSTEM, now, case, inputs.Rescheduled(at, due, reason))


def recompute(session: Session, now: datetime, case_id: int) -> int:
    """Computes the provisional dates of a case anew after a calendar was published; both dates stay on record."""
    case, changed = lifecycle.lock_by_id(session, case_id), 0
    calendar = calendars.Current(session)
    for row in session.scalars(
        select(tables.Deadline).where(tables.Deadline.case_id == case_id, tables.Deadline.status == "waiting")
    ):
        anew = _counted_anew(row, calendar)
        if anew is None:
            continue
        row.provisional = anew.provisional
        if anew.moved_by or not anew.provisional:
            row.due_at = row.due_at + anew.moved_by
            reason = f"按新公布的工作日历重算：{anew.before} → {anew.after}"
            _reschedule(session, now, case, inputs.Address(row.run, row.element, row.visit), row.due_at, reason)
            changed += 1
    return changed + _recompute_tasks(session, now, case, calendar)


class _Anew(NamedTuple):
    """A limit counted once more: its last day before and after, by how much it moved, whether it is still provisional."""

    before: str
    after: str
    moved_by: timedelta
    provisional: bool


def _counted_anew(row: tables.Deadline | tables.Task, calendar: calendars.Current) -> _Anew | None:
    """Counts the limit of a row by the calendar in force; None where there is none, or that calendar gave it."""
    limit = row.due_limit
    if limit is None or limit["calendar"] == calendar.version:
        return None
    last, provisional = calendar.provisional_after(datetime.fromisoformat(limit["start"]).date(), limit["days"])
    row.due_limit = {**limit, "end": last.isoformat(), "calendar": calendar.version, "provisional": provisional}
    row.calendar = int(calendar.version)
    return _Anew(limit["end"], last.isoformat(), last - datetime.fromisoformat(limit["end"]).date(), provisional)


def _recompute_tasks(session: Session, now: datetime, case: tables.Case, calendar: calendars.Current) -> int:
    changed = 0
    for task in session.scalars(
        select(tables.Task).where(tables.Task.case_id == case.id, tables.Task.status == "open")
    ):
        anew = None if task.due_at is None else _counted_anew(task, calendar)
        if anew is not None and task.due_at is not None and anew.moved_by:
            task.due_at = task.due_at + anew.moved_by
            body = {"task": task.id, "before": anew.before, "after": anew.after, "calendar": calendar.version}
            lifecycle.note(session, SYSTEM, now, case, "due_recomputed", body)
            changed += 1
    return changed


def with_open_limits(session: Session, after: int = 0, limit: int = 100) -> list[int]:
    """Ids of the cases, beyond one and so many at most, with a waiting date that an earlier calendar gave.

    What is paused has no date; it gets one of the calendar in force when its case is resumed.
    """
    version = int(calendars.Current(session).version)
    stale = union(_given_before(tables.Deadline, "waiting", version), _given_before(tables.Task, "open", version))
    case_id = stale.subquery().c.case_id
    return list(session.scalars(select(case_id).where(case_id > after).order_by(case_id).limit(limit)))


def _given_before(row: type[tables.Deadline] | type[tables.Task], status: str, version: int) -> Select[int]:
    # the status stands in the text: only so can both databases tell that the index of such rows serves
    open_ones = row.status == literal_column(f"'{status}'")
    return select(row.case_id).where(open_ones, row.calendar < version, row.due_at.is_not(None))


def reopen(session: Session, now: datetime, incident: tables.Incident) -> None:
    """Lets a deadline that gave up fire again."""
    session.execute(
        update(tables.Deadline)
        .where(
            tables.Deadline.case_id == incident.case_id,
            tables.Deadline.run == incident.run,
            tables.Deadline.element == incident.element,
            tables.Deadline.status == "incident",
        )
        .values(status="waiting", due_at=now)
    )
