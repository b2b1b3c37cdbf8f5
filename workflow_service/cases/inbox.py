"""The tasks that a person holds, may take, may see or has done; a page costs the same however many there are.

A list is made of branches that exclude one another and that an index serves each: the tasks of a role in a place, those
held by a person, those for which a person is named. A page takes a few rows of each branch from its index, in order, and
puts them together; what is counted is the sum of the branches.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from workflow_service.cases import paging
from workflow_service.identity import permissions, roster, substitutes
from workflow_service.identity.actors import Actor
from workflow_service.storage import people, tables

_TASK = tables.Task
# the status stands in the text: only so can both databases tell that the index of such rows serves
OPEN = _TASK.status == literal_column("'open'")
_UNHELD = _TASK.holder.is_(None)
_FREE = and_(OPEN, _UNHELD, _TASK.assignee.is_(None), _TASK.assignees.is_(None))

Branches = Sequence[ColumnElement[bool]]


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


@dataclass(frozen=True)
class Listing:
    """What is asked of the tasks: whose, in which scope (``mine`` held, ``available`` to be claimed, ``all`` of both and
    every open one of cases that one may list, ``done`` by this person), narrowed how."""

    actor: Actor
    scope: str
    wanted: TaskFilter = TaskFilter()


def page(  # noqa: PLR0913  a page of a list
    session: Session, now: datetime, asked: Listing, after: str = "", size: int = 50, cap: int | None = None
) -> paging.Page:
    """A page of tasks.

    Args:
        after: where it begins: the ``next`` of the page before.
        cap: up to how many are counted; None counts all.

    Raises:
        Invalid: ``after`` is none that a page gave.
    """
    branches, narrowed = _branches(session, now, asked), _narrowed(session, now, asked)
    start = _cursor(after)
    found: list[tuple[tables.Task, str, str, str]] = []
    for leg in _legs(session, branches, asked, start):
        rows = _take(session, branches, narrowed, leg, start, size + 1 - len(found))
        found += [(row[0], row[1], row[2], leg.of(row[0])) for row in rows]
        if len(found) > size:
            break
    whole = start is None and len(found) <= size
    total = len(found) if whole else _count(session, branches, narrowed, cap)
    held = {row[0].holder for row in found if row[0].holder}
    names = roster.display_names(session, held) if held else {}
    items = [TaskRow(row[0], row[1], row[2], names.get(row[0].holder or "", "")) for row in found[:size]]
    return paging.Page(items, total, found[size - 1][3] if len(found) > size else None)


def about(session: Session, rows: Sequence[TaskRow]) -> dict[str, str]:
    """Task id → the name of the subject that its run is about: of several corrections each has its own."""
    mine = {row.task.case_id for row in rows}
    query = select(tables.Run.case_id, tables.Run.id, tables.Run.key).where(tables.Run.case_id.in_(mine))
    keys = {(case, run): key for case, run, key in session.execute(query.where(tables.Run.key != ""))}
    shared = select(tables.Case.id, tables.Case.shared).where(tables.Case.id.in_({case for case, _run in keys}))
    told = {
        (case, str(one.get("id"))): str(one.get("name"))
        for case, data in (session.execute(shared) if keys else ())
        for one in data.get("subjects") or ()
    }
    of = {row.task.id: (row.task.case_id, keys.get((row.task.case_id, row.task.run), "")) for row in rows}
    return {task: told[subject] for task, subject in of.items() if subject in told}


def count(session: Session, now: datetime, asked: Listing, cap: int | None = None) -> int:
    """How many tasks a list has, counted up to the cap."""
    return _count(session, _branches(session, now, asked), _narrowed(session, now, asked), cap)


def _branches(session: Session, now: datetime, asked: Listing) -> Branches:
    """The conditions that together make the scope; no task meets two of them."""
    actor, scope = asked.actor, asked.scope
    mine = and_(OPEN, _TASK.holder == actor.name)
    if scope == "done":
        found: list[ColumnElement[bool]] = [_TASK.done_by == actor.name]
    elif scope == "mine":
        found = [mine]
    elif scope == "available":
        found = _available(session, now, actor, None)
    elif not permissions.allows(actor, permissions.Permission.CASE_LIST_ALL):
        found = [mine, *_available(session, now, actor, None)]
    elif permissions.reaches(actor, ""):
        found = [and_(OPEN, _TASK.place == place) for place in places(session)]
    else:
        elsewhere = _TASK.place != actor.place
        rest = (mine, *_available(session, now, actor, actor.place))
        found = [and_(OPEN, _TASK.place == actor.place), *(and_(one, elsewhere) for one in rest)]
    return [or_(*found)] if asked.wanted.case and len(found) > 1 else found


def _available(session: Session, now: datetime, actor: Actor, besides: str | None) -> list[ColumnElement[bool]]:
    absent = substitutes.absent_people(session, now, actor.name)
    names = [actor.name, *(name for name, _roles in absent)]
    roles = actor.roles.union(*(roles for _name, roles in absent))
    posts = {(role, actor.place) for role in roles}
    if "supervisor" in roles and actor.place == "city":
        posts |= {("supervisor", place) for place in places(session)}
    found = [and_(_FREE, _TASK.role == role, _TASK.place == place) for role, place in sorted(posts) if place != besides]
    named = select(people.TaskCandidate.task_id).where(people.TaskCandidate.account.in_(names))
    found.append(and_(OPEN, _UNHELD, _TASK.id.in_(named)))
    # what a substitute took up who does not give it back
    found.append(
        and_(OPEN, _TASK.assignee == actor.name, _TASK.assignee != _TASK.holder, _TASK.holder.not_in(names[1:]))
    )
    if absent:  # what the absent person holds, given to them or claimed; an opinion is personal and waits
        found.append(and_(OPEN, _TASK.holder.in_(names[1:]), _TASK.sealed.is_(False)))
    return found


def places(session: Session) -> list[str]:
    """The places that have open tasks, each found by one step in the index."""
    first = select(func.min(_TASK.place).label("place")).where(OPEN).cte("places", recursive=True)
    following = select(func.min(_TASK.place)).where(OPEN, _TASK.place > first.c.place).scalar_subquery()
    found = first.union_all(select(following).where(first.c.place.is_not(None)))
    return [one for one in session.scalars(select(found.c.place)) if one is not None]


def overdue_cases(session: Session, now: datetime) -> Select[int]:
    """The case of each open task that is late; place by place, since by place the index is ordered."""
    late = [select(_TASK.case_id).where(OPEN, _TASK.place == place, _late(now)) for place in places(session) or [""]]
    return select(union_all(*late).subquery().c.case_id)


def _narrowed(session: Session, now: datetime, asked: Listing) -> list[ColumnElement[bool]]:
    wanted, found = asked.wanted, []
    if wanted.q:
        found.append(or_(paging.containing(wanted.q, _TASK.name), _of_cases_containing(session, wanted.q)))
    if wanted.case:
        number = select(tables.Case.id).where(tables.Case.number == wanted.case)
        found.append(_TASK.case_id == (session.scalar(number) or 0))
        found += [] if asked.scope == "done" else [OPEN]
    if wanted.process:
        found.append(_TASK.process == wanted.process)
    if wanted.overdue:
        found.append(_late(now))
    return found


def _late(now: datetime) -> ColumnElement[bool]:
    """That a task's limit has passed; one that stands still runs on later, and of a provisional one nobody can tell yet."""
    limit = type_coerce(_TASK.due_limit, Text)
    certain = or_(limit.is_(None), limit.not_like('%"provisional":true%'))
    return and_(_TASK.due_at < now, _TASK.paused_days.is_(None), certain)


def _of_cases_containing(session: Session, text: str) -> ColumnElement[bool]:
    """That the case's title or number contains a text: by id where few do, else asked of each task in turn."""
    fits = paging.containing(text, tables.Case.title, tables.Case.number)
    found: dict[str, Sequence[int]] = session.info.setdefault("cases containing", {})  # a page counts other lists too
    if text not in found:
        found[text] = session.scalars(select(tables.Case.id).where(fits).limit(_FEW + 1)).all()
    few = found[text]
    if len(few) <= _FEW:
        return _TASK.case_id.in_(few)
    return exists().where(tables.Case.id == _TASK.case_id, fits)


_FEW = 500


@dataclass(frozen=True)
class _Leg:
    """A stretch of the order in which one index serves: by a column and the id, up or down.

    Args:
        kind: ``d`` dated by due date, ``u`` undated, ``a`` by arrival, ``o`` by the time of doing.
        priority: the one priority of this stretch, None where it does not count.
    """

    kind: str
    priority: int | None = None

    @property
    def key(self) -> Any:
        return {"d": _TASK.due_at, "a": _TASK.opened_at, "o": _TASK.done_at}.get(self.kind)

    @property
    def falls(self) -> bool:
        return self.kind in "ao"

    def where(self, start: "_Cursor | None") -> list[ColumnElement[bool]]:
        """Which rows are of this stretch, and come after a place in it."""
        found: list[ColumnElement[bool]] = []
        if self.kind in "du":
            found.append(_TASK.due_at.is_(None) if self.kind == "u" else _TASK.due_at.is_not(None))
        if self.priority is not None:
            found += [_TASK.priority == self.priority, *([_RANKED] if self.priority else [])]
        if start is None or start.leg != self:
            return found
        if self.key is None:
            return [*found, _TASK.id > start.task_id]
        place, row = tuple_(start.at, start.task_id, types=(self.key.type, _TASK.id.type)), tuple_(self.key, _TASK.id)
        return [*found, row < place if self.falls else row > place]

    def of(self, task: tables.Task) -> str:
        """The place of a task in the order, as the ``next`` of a page."""
        at = None if self.key is None else getattr(task, self.key.key)
        moment = 0 if at is None else (at - _EPOCH) // timedelta(microseconds=1)
        return f"{'' if self.priority is None else self.priority}{self.kind}~{moment}~{task.id}"


@dataclass(frozen=True)
class _Cursor:
    leg: _Leg
    at: datetime
    task_id: str


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(-?[0-9]{1,6})?([duao])~(-?[0-9]{1,18})~(.{1,160})")


def _cursor(after: str) -> _Cursor | None:
    if not after:
        return None
    parts = _CURSOR.fullmatch(after)
    if parts is None:
        raise paging.unknown_place()
    priority, kind, moment, task_id = parts.groups()
    try:
        at = _EPOCH + timedelta(microseconds=int(moment))
    except OverflowError:
        raise paging.unknown_place() from None
    return _Cursor(_Leg(kind, None if priority is None else int(priority)), at, task_id)


def _legs(session: Session, branches: Branches, asked: Listing, start: _Cursor | None) -> Iterator[_Leg]:
    """The stretches of the order, from the one in which the page begins."""
    reached = start is None
    for leg in _all_legs(session, branches, asked, start):
        reached = reached or (start is not None and leg == start.leg)
        if reached:
            yield leg
    if not reached:
        raise paging.unknown_place()


def _all_legs(session: Session, branches: Branches, asked: Listing, start: _Cursor | None) -> Iterator[_Leg]:
    if asked.scope == "done":
        yield _Leg("o")
    elif asked.wanted.sort == "opened":
        yield _Leg("a")
    elif asked.wanted.sort != "priority":
        yield from (_Leg("d"), _Leg("u"))
    else:
        priority = _next_priority(session, branches, None) if start is None else start.leg.priority
        while priority is not None:
            yield from (_Leg("d", priority), _Leg("u", priority))
            priority = _next_priority(session, branches, priority)


def _next_priority(session: Session, branches: Branches, below: int | None) -> int | None:
    """The next lower priority that tasks may have; the ordinary one, 0, is never searched for: nearly all have it."""
    lower = [_RANKED] if below is None else [_RANKED, _TASK.priority < below]
    highest = union_all(*(select(func.max(_TASK.priority)).where(one, *lower) for one in branches))
    found = max((one for one in session.scalars(highest) if one is not None), default=None) if branches else None
    return 0 if (below is None or below > 0) and (found is None or found < 0) else found


_RANKED = _TASK.priority != literal_column("0")


def _take(  # noqa: PLR0913  a stretch of a list
    session: Session,
    branches: Branches,
    narrowed: list[ColumnElement[bool]],
    leg: _Leg,
    start: _Cursor | None,
    most: int,
) -> Sequence[Any]:
    key = null().label("key") if leg.key is None else leg.key.label("key")
    cuts = []
    for branch in branches:
        rows = select(_TASK.id.label("id"), key).where(branch, *narrowed, *leg.where(start))
        cuts.append(select(rows.order_by(*_order(leg, leg.key, _TASK.id)).limit(most).subquery()))
    if not cuts:
        return []
    picked = union_all(*cuts).subquery()
    query = select(_TASK, tables.Case.number, tables.Case.title).join(picked, picked.c.id == _TASK.id)
    query = query.join(tables.Case, tables.Case.id == _TASK.case_id)
    return session.execute(query.order_by(*_order(leg, picked.c.key, picked.c.id)).limit(most)).all()


def _order(leg: _Leg, key: Any, ident: Any) -> list[ColumnElement[Any]]:
    columns = [ident] if leg.key is None else [key, ident]
    return [one.desc() for one in columns] if leg.falls else columns


def _count(session: Session, branches: Branches, narrowed: list[ColumnElement[bool]], cap: int | None) -> int:
    counts = []
    for branch in branches:
        if cap is None:
            counts.append(select(func.count()).select_from(_TASK).where(branch, *narrowed))
        else:
            rows = select(_TASK.id).where(branch, *narrowed).limit(cap).subquery()
            counts.append(select(func.count()).select_from(rows))
    total = sum(session.scalars(union_all(*counts))) if counts else 0
    return total if cap is None else min(total, cap)
