"""What operators look over: jobs, workers, counts; and what pages of administration list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow_service.cases import inbox
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import people, reference, tables

ALIVE = timedelta(minutes=2)


@dataclass(frozen=True)
class JobRow:
    """A job as lists show it, with its case's number."""

    job: tables.Job
    number: str


def jobs(
    session: Session, actor: Actor, status: str = "", after: int = 0, size: int = 50
) -> tuple[Sequence[JobRow], int, str | None]:
    """The jobs of a status or all of them, newest first: the page, how many there are, where the next page begins."""
    permissions.require(actor, permissions.Permission.OPERATIONS_READ)
    query = select(tables.Job, tables.Case.number).join(tables.Case, tables.Case.id == tables.Job.case_id)
    if status:
        query = query.where(tables.Job.status == status)
    counted = select(func.count()).select_from(tables.Job)
    total = session.scalar(counted.where(tables.Job.status == status) if status else counted) or 0
    if after:
        query = query.where(tables.Job.id < after)
    rows = session.execute(query.order_by(tables.Job.id.desc()).limit(size + 1)).all()
    listed = [JobRow(row[0], row[1]) for row in rows[:size]]
    return listed, total, str(rows[size - 1][0].id) if len(rows) > size else None


def workers(session: Session, actor: Actor) -> Sequence[reference.Worker]:
    """The workers by their last heart-beat, newest first."""
    permissions.require(actor, permissions.Permission.OPERATIONS_READ)
    return session.scalars(select(reference.Worker).order_by(reference.Worker.seen_at.desc()).limit(200)).all()


def counts(session: Session, now: datetime) -> Mapping[str, int]:
    """How much there is of what an operator watches, by metric name."""
    waiting = tables.Job.status
    questions = {
        "cases_open": select(func.count()).select_from(tables.Case).where(tables.Case.closed_at.is_(None)),
        "tasks_open": select(func.count()).select_from(tables.Task).where(inbox.OPEN),
        "tasks_overdue": select(func.count()).select_from(inbox.overdue_cases(session, now).subquery()),
        "jobs_todo": select(func.count()).select_from(tables.Job).where(waiting == "todo"),
        "jobs_running": select(func.count()).select_from(tables.Job).where(waiting == "run"),
        "incidents_open": select(func.count()).select_from(tables.Incident).where(tables.Incident.closed_at.is_(None)),
        "messages_waiting": select(func.count()).select_from(tables.Message).where(tables.Message.status == "waiting"),
    }
    return {name: session.scalar(question) or 0 for name, question in questions.items()}


def mails(session: Session, actor: Actor, size: int = 100) -> Sequence[people.CaughtMail]:
    """The mails that demo mode caught, newest first."""
    permissions.require(actor, permissions.Permission.OPERATIONS_READ)
    return session.scalars(select(people.CaughtMail).order_by(people.CaughtMail.id.desc()).limit(size)).all()


def units(session: Session) -> Sequence[people.Unit]:
    """Every unit, by place and code."""
    return session.scalars(select(people.Unit).order_by(people.Unit.place, people.Unit.code)).all()


def place_names(session: Session) -> dict[str, str]:
    """Place code → its name."""
    return {one.place: one.place_name for one in units(session)}


def calendar_versions(session: Session, actor: Actor) -> Sequence[reference.CalendarVersion]:
    """The versions of the working-day calendar, newest first."""
    permissions.require(actor, permissions.Permission.CALENDAR_EDIT)
    query = select(reference.CalendarVersion).order_by(reference.CalendarVersion.id.desc())
    return session.scalars(query.limit(50)).all()


def calendar_rows(session: Session, actor: Actor, version: int) -> Sequence[reference.CalendarDay]:
    """The days of a version of the calendar."""
    permissions.require(actor, permissions.Permission.CALENDAR_EDIT)
    query = select(reference.CalendarDay).where(reference.CalendarDay.version == version)
    return session.scalars(query.order_by(reference.CalendarDay.day)).all()
