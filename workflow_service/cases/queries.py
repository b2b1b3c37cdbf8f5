"""The lists of cases, journals and notices; each page costs the same however many there are (tasks: ``inbox.py``)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select, union
from sqlalchemy.orm import Session, defer

from workflow_service import errors
from workflow_service.cases import access, inbox, involvement, paging
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import journal as chain
from workflow_service.storage import looks, people, tables


@dataclass(frozen=True)
class CaseFilter:
    """Which cases: by text in number or title, status, process, place, and whether a task of theirs is overdue."""

    q: str = ""
    status: str = ""
    process: str = ""
    place: str = ""
    overdue: bool = False


def cases(  # noqa: PLR0913  a page of a list
    session: Session,
    actor: Actor,
    now: datetime,
    wanted: CaseFilter,
    after: str = "",
    size: int = 50,
    cap: int | None = None,
) -> paging.Page:
    """The cases that a person may see, newest first.

    Args:
        after: where the page begins: the ``next`` of the page before. cap: up to how many are counted; None counts all.

    Raises:
        Invalid: ``after`` is none that a page gave.
    """
    rows, following = case_rows(session, actor, now, wanted, after, size)
    if not after and following is None:
        return paging.Page(rows, len(rows), None)
    narrowed = _cases_matching(session, actor, now, wanted)
    return paging.Page(rows, _count(session, actor, narrowed, cap), following)


def case_rows(  # noqa: PLR0913  a page of a list
    session: Session, actor: Actor, now: datetime, wanted: CaseFilter, after: str = "", size: int = 50
) -> tuple[Sequence[tables.Case], str | None]:
    """The same page without a count, for those who read the whole list; what the case publishes is not loaded."""
    if after and not (after.isascii() and after.isdigit() and len(after) <= _LONGEST_ID):
        raise paging.unknown_place()
    case, narrowed = tables.Case, _cases_matching(session, actor, now, wanted)
    if after:
        narrowed.append(case.id < int(after))
    cuts = [
        select(one.where(*narrowed).order_by(case.id.desc()).limit(size + 1).subquery())
        for reasons in _parts(actor)
        for one in reasons
    ]
    if not cuts:
        return [], None
    query = select(case).where(case.id.in_(union(*cuts))).options(defer(case.shared), defer(case.related))
    rows = session.scalars(query.order_by(case.id.desc()).limit(size + 1)).all()
    return rows[:size], str(rows[size - 1].id) if len(rows) > size else None


_LONGEST_ID = 18


_Ids = Select[int]


def _parts(actor: Actor) -> list[list[_Ids]]:
    """Ids of the cases that a person may see, by each reason for which; an index serves each, newest first.

    No case is in two of the outer lists; within one of them several reasons may name the same case.
    """
    case, task, row = tables.Case, tables.Task, people.CasePerson
    if not permissions.allows(actor, permissions.Permission.CASE_READ):
        return []
    ids = select(case.id)
    listing = permissions.allows(actor, permissions.Permission.CASE_LIST_ALL)
    if listing and (permissions.reaches(actor, "") or (actor.place == "city" and "supervisor" in actor.roles)):
        return [[ids]]
    of_task = ids.distinct().join(task, task.case_id == case.id)
    own = [
        ids.where(case.opened_by == actor.name),
        of_task.where(inbox.OPEN, task.holder == actor.name),
        of_task.where(task.status != literal_column("'open'"), task.holder == actor.name),  # who did a task held it
        of_task.where(task.assignee == actor.name, task.assignee != task.holder),
        ids.join(row, row.case_id == case.id).where(row.account == actor.name, row.part == "subject"),
    ]
    if not listing:
        return [own]
    return [[ids.where(case.place == actor.place)], [one.where(case.place != actor.place) for one in own]]


def _count(session: Session, actor: Actor, narrowed: list[ColumnElement[bool]], cap: int | None) -> int:
    total = 0
    for reasons in _parts(actor):
        ids = [select(one.where(*narrowed).limit(cap).subquery()) for one in reasons]
        rows = (union(*ids) if len(ids) > 1 else ids[0]).subquery()
        total += session.scalar(select(func.count()).select_from(rows)) or 0
    return total if cap is None else min(total, cap)


def _cases_matching(session: Session, actor: Actor, now: datetime, wanted: CaseFilter) -> list[ColumnElement[bool]]:
    case = tables.Case
    found: list[ColumnElement[bool]] = []
    recused = select(people.CasePerson.case_id).where(
        people.CasePerson.account == actor.name, people.CasePerson.part == "recused"
    )
    closed_to_me = session.scalars(recused).all()
    if closed_to_me:
        found.append(case.id.not_in(closed_to_me))
    if wanted.q:
        found.append(paging.containing(wanted.q, case.number, case.title))
    found += [
        column == value
        for column, value in ((case.status, wanted.status), (case.process, wanted.process), (case.place, wanted.place))
        if value
    ]
    if wanted.overdue:
        found.append(case.id.in_(inbox.overdue_cases(session, now)))
    return found


@dataclass(frozen=True)
class JournalRow:
    """A line of the journal as a person may see it; ``body`` is None where only the fact may be known."""

    entry: tables.Entry
    body: Mapping[str, Any] | None


def journal(session: Session, actor: Actor, now: datetime, number: str, after: int = 0, size: int = 100) -> paging.Page:  # noqa: PLR0913  a page of a list
    """The journal of a case in order; the parties see that a step was taken, not what was said in it."""
    case = readable(session, actor, now, number, "journal")
    rows = chain.entries(session, case.id, after, after + size)
    whole = permissions.allows(permissions.within(actor, case.shared), permissions.Permission.JOURNAL_READ)
    items = [JournalRow(row, chain.legible_body(row) if whole or row.actor == actor.name else None) for row in rows]
    return paging.Page(items, case.head_seq, str(after + size) if case.head_seq > after + size else None)


def readable(session: Session, actor: Actor, now: datetime, number: str, what: str) -> tables.Case:
    """A case that this person may see; that it was looked at is recorded. Raises NotFound."""
    case = found(session, number)
    look_at(session, actor, now, case, what)
    return case


def record(session: Session, actor: Actor, now: datetime, number: str, what: str) -> tables.Case:
    """A case whose whole record this person may read: what was said at each step too. Raises NotFound or NotAllowed."""
    case = readable(session, actor, now, number, what)
    permissions.require(permissions.within(actor, case.shared), permissions.Permission.JOURNAL_READ)
    return case


def found(session: Session, number: str) -> tables.Case:
    """The case of a number, for looking, before anybody asked who may see it; raises NotFound."""
    case = looks.case.first(session, number=number)
    if case is None:
        raise errors.NotFound("没有案号为“{number}”的案件，或您无权查看", number=number)
    return case


def look_at(  # noqa: PLR0913  who looks at what of which case
    session: Session,
    actor: Actor,
    now: datetime,
    case: tables.Case,
    what: str,
    work: Sequence[tables.Task] | None = None,
) -> permissions.Involvement:
    """Records that this person looks at a thing of a case, and gives their part in it.

    Args:
        work: the tasks of the case where the caller has read them already.

    Raises:
        NotFound: they may not see the case.
    """
    involved = involvement.require_reading(session, actor, case, work)
    access.remember(session, actor, now, case.id, what)
    return involved


def runs_of_others(session: Session, actor: Actor, case: tables.Case) -> frozenset[str]:
    """The runs that are about another subject, who speaks for themselves: a party hears nothing of their course."""
    if involvement.sees_everybody(actor, case):
        return frozenset()
    concerned = case.shared.get("subjects") or ()
    others = {one.get("id") for one in concerned if one.get("account") and one["account"] != actor.name}
    return frozenset(one.id for one in looks.runs(session, case_id=case.id) if others and one.key in others)


def notices(session: Session, actor: Actor, after: str = "", size: int = 30) -> paging.Page:
    """One's own notices, newest first."""
    query = select(tables.Notice).where(tables.Notice.account == actor.name)
    total = session.scalar(select(func.count()).select_from(query.limit(paging.COUNT_CAP).subquery())) or 0
    if after.isdecimal():
        query = query.where(tables.Notice.id < int(after))
    rows = session.scalars(query.order_by(tables.Notice.id.desc()).limit(size + 1)).all()
    return paging.Page(rows[:size], total, str(rows[size - 1].id) if len(rows) > size else None)


def unread(session: Session, actor: Actor) -> int:
    """How many notices one has not read."""
    query = (
        select(tables.Notice.id)
        .where(tables.Notice.account == actor.name, tables.Notice.read_at.is_(None))
        .limit(paging.COUNT_CAP)
    )
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0


def read_notices(session: Session, actor: Actor, now: datetime) -> None:
    """Marks one's notices as read."""
    for notice in session.scalars(
        select(tables.Notice).where(tables.Notice.account == actor.name, tables.Notice.read_at.is_(None))
    ):
        notice.read_at = now
