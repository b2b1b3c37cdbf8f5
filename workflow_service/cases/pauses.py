"""Stops the internal limits of a suspended case and lets them run on when it is resumed.

A limit that begins while the case is suspended begins to run with the resumption. What is marked ``mandatory`` in the
diagram (the limit of the correction notice, art. 17(1)) never stops.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import chinese_time
from workflow_service.bundles.programs import Loaded
from workflow_service.cases import calendars
from workflow_service.engine import inputs, view
from workflow_service.storage import tables

REASON = "案件恢复办理，余下期限续算"


def react(
    session: Session, now: datetime, case: tables.Case, loaded: Loaded, done: view.Advanced
) -> Sequence[inputs.Rescheduled]:
    """What a suspension or resumption in this step does to the limits; the inputs that tell the engine of new dates."""
    names = {one.name for one in done.thrown if one.kind == "signal"}
    if "suspended" in names:
        closed = {at for at, _how in done.closed}  # whether they were done in time stays to be seen
        pause(session, now, case, loaded, lambda at: at not in closed)
    if "resumed" in names:
        return resume(session, now, case)
    if is_suspended(case):
        begun = {one.at for one in done.opened} | {one.at for one in done.timers}
        if begun:
            pause(session, now, case, loaded, begun.__contains__)
    return ()


def is_suspended(case: tables.Case) -> bool:
    """Whether the limits of a case stand still."""
    return case.shared.get("status") == "suspended"


def pause(
    session: Session, now: datetime, case: tables.Case, loaded: Loaded, concerned: Callable[[inputs.Address], bool]
) -> None:
    """Stops internal limits of a case and keeps the working days that were left; one that is over stays missed.

    Args:
        concerned: of which places the limits stop.
    """
    session.flush()
    calendar = calendars.Current(session)
    open_tasks = select(tables.Task).where(tables.Task.case_id == case.id, tables.Task.status == "open")
    for task in session.scalars(open_tasks):
        if concerned(_at(task)) and not task.mandatory:
            stop(calendar, now, task)
    waiting = select(tables.Deadline).where(tables.Deadline.case_id == case.id, tables.Deadline.status == "waiting")
    for row in session.scalars(waiting):
        mandatory = loaded.properties(row.process, row.element).get("mandatory") == "true"
        if concerned(_at(row)) and not mandatory:
            stop(calendar, now, row)


def _at(row: tables.Task | tables.Deadline) -> inputs.Address:
    return inputs.Address(row.run, row.element, row.visit)


def stop(calendar: calendars.Current, now: datetime, row: tables.Task | tables.Deadline) -> None:
    """Stops the limit of one row, unless it has none or is over."""
    if row.due_at is None or _is_over(row, row.due_at, now):
        return
    row.paused_days = _left(calendar, chinese_time.local(now).date(), row.due_at)
    if isinstance(row, tables.Deadline):
        row.status = "paused"
    else:
        row.due_at = None


def _is_over(row: tables.Task | tables.Deadline, due: datetime, now: datetime) -> bool:
    """Whether a limit has ended; a provisional end is too early, so nobody can tell yet."""
    return due <= now and not (row.due_limit or {}).get("provisional")


def _left(calendar: calendars.Current, today: date, due: datetime) -> int:
    last = chinese_time.local(due).date()
    return calendar.provisional_between(today, last) if last > today else 0


def resume(session: Session, now: datetime, case: tables.Case) -> Sequence[inputs.Rescheduled]:
    """Lets the stopped limits run on with the days that were left, counted from today."""
    calendar, today = calendars.Current(session), chinese_time.local(now).date()
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
    due = chinese_time.end_of(last)
    row.due_at = due
    if row.due_limit is not None:
        counted = {"start": today.isoformat(), "days": days, "end": last.isoformat(), "provisional": provisional}
        row.due_limit = {**row.due_limit, **counted, "calendar": calendar.version, "resumed": True}
        row.calendar = int(calendar.version)
    if isinstance(row, tables.Deadline):
        row.provisional = provisional
    return inputs.Rescheduled(inputs.Address(row.run, row.element, row.visit), due, REASON)
