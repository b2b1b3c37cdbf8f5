"""The lists that people work from: tasks, cases, notices, journals; each page costs the same however many there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, false, func, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from workflow_service import errors
from workflow_service.cases import access, involvement
from workflow_service.identity import permissions, roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import journal as chain
from workflow_service.storage import tables

COUNT_CAP = 1000
"""Totals are counted up to here, so that a count never costs more than a page."""


@dataclass(frozen=True)
class Page:
    """A page of a list: its items, the total (capped at COUNT_CAP), and where the next page begins (None at the end)."""

    items: Sequence[Any]
    total: int
    next: str | None


@dataclass(frozen=True)
class TaskFilter:
    """Which tasks: by text in title, number or name, by case number, process, overdue at a time; sorted how."""

    q: str = ""
    case: str = ""
    process: str = ""
    overdue: bool = False
    sort: str = "due"


@dataclass(frozen=True)
class TaskRow:
    """A task as lists show it."""

    task: tables.Task
    number: str
    title: str
    holder_name: str = ""


def inbox(  # noqa: PLR0913  a page of a list
    session: Session, actor: Actor, now: datetime, scope: str, wanted: TaskFilter, after: str = "", size: int = 50
) -> Page:
    """The tasks of a person.

    Args:
        scope: ``mine`` (held), ``available`` (may be claimed), ``all`` (both, and every open one of cases that one may
            list), ``done`` (completed by this person).
        after: where the page begins: the ``next`` of the page before.
    """
    roles = _with_absent(session, actor, now)
    query = select(tables.Task, tables.Case.number, tables.Case.title).join(
        tables.Case, tables.Case.id == tables.Task.case_id
    )
    query = query.where(_in_scope(actor, roles, scope), *_matching(now, wanted))
    order = _order(scope, wanted.sort)
    total = _count(session, query)
    offset = int(after) if after.isdecimal() else 0
    rows = session.execute(query.order_by(*order).offset(offset).limit(size + 1)).all()
    names = roster.display_names(session, [row[0].holder for row in rows if row[0].holder])
    items = [TaskRow(row[0], row[1], row[2], names.get(row[0].holder or "", "")) for row in rows[:size]]
    return Page(items, total, str(offset + size) if len(rows) > size else None)


def _with_absent(session: Session, actor: Actor, now: datetime) -> list[tuple[str, frozenset[str]]]:
    return [(actor.name, actor.roles), *roster.absent_people(session, now, actor.name)]


def _in_scope(actor: Actor, people: list[tuple[str, frozenset[str]]], scope: str) -> ColumnElement[bool]:
    task = tables.Task
    mine = and_(task.status == "open", task.holder == actor.name)
    if scope == "mine":
        return mine
    if scope == "done":
        return task.done_by == actor.name
    free = or_(*(_claimable(actor, name, roles) for name, roles in people))
    available = and_(task.status == "open", task.holder.is_(None), free)
    if scope == "available":
        return available
    listed = task.status == "open" if permissions.allows(actor, permissions.Permission.CASE_LIST_ALL) else false()
    place = task.place == actor.place if not permissions.reaches(actor, "") else task.place.is_not(None)
    return or_(mine, available, and_(listed, place))


def _claimable(actor: Actor, name: str, roles: frozenset[str]) -> ColumnElement[bool]:
    task = tables.Task
    by_place = and_(task.role.in_(sorted(roles) or [""]), task.place == actor.place)
    if actor.place == "city" and "supervisor" in roles:
        by_place = or_(by_place, task.role == "supervisor")
    # the column's own type would write the pattern as JSON; the text it is kept as is what is searched
    named = type_coerce(task.assignees, Text).contains(f'"{name}"', autoescape=True)
    return or_(task.assignee == name, named, and_(task.assignee.is_(None), task.assignees.is_(None), by_place))


def _matching(now: datetime, wanted: TaskFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.q:
        text = f"%{_escaped(wanted.q)}%"
        found.append(
            or_(*(one.like(text, escape="\\") for one in (tables.Task.name, tables.Case.title, tables.Case.number)))
        )
    if wanted.case:
        found.append(tables.Case.number == wanted.case)
    if wanted.process:
        found.append(tables.Task.process == wanted.process)
    if wanted.overdue:
        found.append(tables.Task.due_at < now)
    return found


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _order(scope: str, sort: str) -> list[ColumnElement[Any] | InstrumentedAttribute[Any]]:
    task = tables.Task
    if scope == "done":
        return [task.done_at.desc(), task.id]
    if sort == "opened":
        return [task.opened_at.desc(), task.id]
    if sort == "priority":
        return [task.priority.desc(), task.due_at.is_(None), task.due_at, task.id]
    return [task.due_at.is_(None), task.due_at, task.id]


def _count(session: Session, query: Select[*tuple[Any, ...]]) -> int:
    capped = query.with_only_columns(tables.Case.id).order_by(None).limit(COUNT_CAP).subquery()
    return session.scalar(select(func.count()).select_from(capped)) or 0


@dataclass(frozen=True)
class CaseFilter:
    """Which cases: by text in number or title, status, process, place, and whether a task of theirs is overdue."""

    q: str = ""
    status: str = ""
    process: str = ""
    place: str = ""
    overdue: bool = False


def cases(session: Session, actor: Actor, now: datetime, wanted: CaseFilter, after: str = "", size: int = 50) -> Page:  # noqa: PLR0913  a page of a list
    """The cases that a person may see, newest first."""
    query = select(tables.Case).where(_visible(actor), *_cases_matching(now, wanted))
    total = _count(session, query)
    if after.isdecimal():
        query = query.where(tables.Case.id < int(after))
    rows = session.scalars(query.order_by(tables.Case.id.desc()).limit(size + 1)).all()
    return Page(rows[:size], total, str(rows[size - 1].id) if len(rows) > size else None)


def _visible(actor: Actor) -> ColumnElement[bool]:
    case, task = tables.Case, tables.Task
    part = select(task.case_id).where(
        or_(task.holder == actor.name, task.done_by == actor.name, task.assignee == actor.name)
    )
    own = or_(case.opened_by == actor.name, case.id.in_(part), case.shared.like(f'%"account":"{actor.name}"%'))
    if not permissions.allows(actor, permissions.Permission.CASE_READ):
        return false()
    if not permissions.allows(actor, permissions.Permission.CASE_LIST_ALL):
        return own
    if permissions.reaches(actor, "") or (actor.place == "city" and "supervisor" in actor.roles):
        return case.id.is_not(None)
    return or_(own, case.place == actor.place)


def _cases_matching(now: datetime, wanted: CaseFilter) -> list[ColumnElement[bool]]:
    case, found = tables.Case, []
    if wanted.q:
        text = f"%{_escaped(wanted.q)}%"
        found.append(or_(case.number.like(text, escape="\\"), case.title.like(text, escape="\\")))
    found += [
        column == value
        for column, value in ((case.status, wanted.status), (case.process, wanted.process), (case.place, wanted.place))
        if value
    ]
    if wanted.overdue:
        late = select(tables.Task.case_id).where(tables.Task.status == "open", tables.Task.due_at < now)
        found.append(case.id.in_(late))
    return found


@dataclass(frozen=True)
class JournalRow:
    """A line of the journal as a person may see it; ``body`` is None where only the fact may be known."""

    entry: tables.Entry
    body: Mapping[str, Any] | None


def journal(session: Session, actor: Actor, now: datetime, number: str, after: int = 0, size: int = 100) -> Page:  # noqa: PLR0913  a page of a list
    """The journal of a case in order; the parties see that a step was taken, not what was said in it."""
    case = readable(session, actor, now, number, "journal")
    rows = chain.entries(session, case.id, after, after + size)
    whole = permissions.allows(actor, permissions.Permission.JOURNAL_READ)
    items = [JournalRow(row, chain.body_of(row) if whole or row.actor == actor.name else None) for row in rows]
    return Page(items, case.head_seq, str(after + size) if case.head_seq > after + size else None)


def readable(session: Session, actor: Actor, now: datetime, number: str, what: str) -> tables.Case:
    """A case that this person may see; that it was looked at is recorded. Raises NotFound."""
    case = session.scalar(select(tables.Case).where(tables.Case.number == number))
    if case is None:
        raise errors.NotFound("没有案号为“{number}”的案件，或您无权查看", number=number)
    involvement.require_reading(session, actor, case)
    access.remember(session, actor, now, case.id, what)
    return case


def notices(session: Session, actor: Actor, after: str = "", size: int = 30) -> Page:
    """One's own notices, newest first."""
    query = select(tables.Notice).where(tables.Notice.account == actor.name)
    total = session.scalar(select(func.count()).select_from(query.limit(COUNT_CAP).subquery())) or 0
    if after.isdecimal():
        query = query.where(tables.Notice.id < int(after))
    rows = session.scalars(query.order_by(tables.Notice.id.desc()).limit(size + 1)).all()
    return Page(rows[:size], total, str(rows[size - 1].id) if len(rows) > size else None)


def unread(session: Session, actor: Actor) -> int:
    """How many notices one has not read."""
    query = (
        select(tables.Notice.id)
        .where(tables.Notice.account == actor.name, tables.Notice.read_at.is_(None))
        .limit(COUNT_CAP)
    )
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def read_notices(session: Session, actor: Actor, now: datetime) -> None:
    """Marks one's notices as read."""
    for notice in session.scalars(
        select(tables.Notice).where(tables.Notice.account == actor.name, tables.Notice.read_at.is_(None))
    ):
        notice.read_at = now
