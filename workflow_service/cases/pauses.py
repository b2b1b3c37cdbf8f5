"""Stops the internal limits of a suspended case and lets them run on when it is resumed.

What is marked ``mandatory`` in the diagram (the limit of the correction notice, art. 17(1)) never stops.
"""

from collections.abc import Container, Sequence
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import workdays
from workflow_service.bundles.programs import Loaded
from workflow_service.cases import calendars
from workflow_service.engine import inputs, view
from workflow_service.storage import tables

REASON = "案件恢复办理，余下期限续算"
_END_OF_DAY = time(23, 59, 59)


def react(
    session: Session, now: datetime, case: tables.Case, loaded: Loaded, done: view.Advanced
) -> Sequence[inputs.Rescheduled]:
    """What a suspension or resumption in this step does to the limits; the inputs that tell the engine of new dates."""
    names = {one.name for one in done.thrown if one.kind == "signal"}
    if "suspended" in names:
        pause(session, now, case, loaded, {at for at, _how in done.closed})
    if "resumed" in names:
        return resume(session, now, case)
    return ()


def pause(
    session: Session, now: datetime, case: tables.Case, loaded: Loaded, closed: Container[inputs.Address]
) -> None:
    """Stops the internal limits of a case and keeps the working days that were left; one that is over stays missed.

    Args:
        closed: where this very step ends tasks; whether they were done in time stays to be seen.
    """
    calendar, today = calendars.Current(session), calendars.local(now).date()
    session.flush()
    for task in session.scalars(
        select(tables.Task).where(tables.Task.case_id == case.id, tables.Task.status == "open")
    ):
        at = inputs.Address(task.run, task.element, task.visit)
        if task.due_at is not None and not _is_over(task, task.due_at, now) and not task.mandatory and at not in closed:
            task.paused_days = _left(calendar, today, task.due_at)
            task.due_at = None
    for row in session.scalars(
        select(tables.Deadline).where(tables.Deadline.case_id == case.id, tables.Deadline.status == "waiting")
    ):
        mandatory = loaded.properties(row.process, row.element).get("mandatory") == "true"
        if not mandatory and not _is_over(row, row.due_at, now):
            row.paused_days = _left(calendar, today, row.due_at)
            row.status = "paused"


def _is_over(row: tables.Task | tables.Deadline, due: datetime, now: datetime) -> bool:
    """Whether a limit has ended; a provisional end is too early, so nobody can tell yet."""
    return due <= now and not (row.due_limit or {}).get("provisional")


def _left(calendar: calendars.Current, today: date, due: datetime) -> int:
    last = calendars.local(due).date()
    return calendar.provisional_between(today, last) if last > today else 0


def resume(session: Session, now: datetime, case: tables.Case) -> Sequence[inputs.Rescheduled]:
    """Lets the stopped limits run on with the days that were left, counted from today."""
    calendar, today = calendars.Current(session), calendars.local(now).date()
    session.flush()
    moved: list[inputs.Rescheduled] = []
    for task in session.scalars(
        select(tables.Task).where(tables.Task.case_id == case.id, tables.Task.paused_days.is_not(None))
    ):
        if task.status == "open":
            moved.append(_run_on(task, calendar, today))
        task.paused_days = None
    paused = select(tables.Deadline).where(tables.Deadline.case_id == case.id, tables.Deadline.status == "paused")
    for row in session.scalars(paused):
        moved.append(_run_on(row, calendar, today))
        row.status, row.paused_days = "waiting", None
    return moved


def remaining(session: Session, case: tables.Case) -> int | None:
    """The working days left of the longest limit that stands still, or runs on since a resumption; None without one."""
    tasks = select(tables.Task).where(tables.Task.case_id == case.id, tables.Task.status == "open")
    waiting = select(tables.Deadline).where(
        tables.Deadline.case_id == case.id, tables.Deadline.status.in_(("waiting", "paused"))
    )
    rows: list[tables.Task | tables.Deadline] = [*session.scalars(tasks), *session.scalars(waiting)]
    resumed = [row.due_limit["days"] for row in rows if row.due_limit and row.due_limit.get("resumed")]
    left = [row.paused_days for row in rows if row.paused_days is not None] or resumed
    return max(left, default=None)


def _run_on(row: tables.Task | tables.Deadline, calendar: calendars.Current, today: date) -> inputs.Rescheduled:
    """Gives a stopped limit its new date; from now on it counts the days that were left, from today."""
    days = max(row.paused_days or 0, 1)
    last, provisional = calendar.provisional_after(today, days)
    due = datetime.combine(last, _END_OF_DAY, workdays.SHANGHAI)
    row.due_at = due
    if row.due_limit is not None:
        counted = {"start": today.isoformat(), "days": days, "end": last.isoformat(), "provisional": provisional}
        row.due_limit = {**row.due_limit, **counted, "calendar": calendar.version, "resumed": True}
        row.calendar = int(calendar.version)
    if isinstance(row, tables.Deadline):
        row.provisional = provisional
    return inputs.Rescheduled(inputs.Address(row.run, row.element, row.visit), due, REASON)
