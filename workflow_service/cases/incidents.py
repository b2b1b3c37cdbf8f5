"""Things that gave up: listed for operators, retried, repaired or skipped with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow_service import dispatch, errors
from workflow_service.cases import consequences, deadlines, jobs, lifecycle, messages, reasons
from workflow_service.engine import inputs
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import tables


def listed(
    session: Session, actor: Actor, after: int = 0, size: int = 50, *, closed: bool = False
) -> list[tuple[tables.Incident, str]]:
    """The incidents with their case numbers, newest first."""
    permissions.require(actor, permissions.Permission.OPERATIONS_READ)
    query = select(tables.Incident, tables.Case.number).join(tables.Case, tables.Case.id == tables.Incident.case_id)
    query = query.where(tables.Incident.closed_at.is_not(None) if closed else tables.Incident.closed_at.is_(None))
    if after:
        query = query.where(tables.Incident.id < after)
    return [(row[0], row[1]) for row in session.execute(query.order_by(tables.Incident.id.desc()).limit(size))]


def count(session: Session, actor: Actor, *, closed: bool = False) -> int:
    """How many incidents there are."""
    permissions.require(actor, permissions.Permission.OPERATIONS_READ)
    ended = tables.Incident.closed_at
    query = select(func.count()).select_from(tables.Incident)
    return session.scalar(query.where(ended.is_not(None) if closed else ended.is_(None))) or 0


@dataclass(frozen=True)
class Alike:
    """Open incidents of several cases at the same step for the same cause: one fault outside, seen many times.

    ``newest``: the id of one of them, by which the others are found.
    """

    element: str
    cause: str
    count: int
    newest: int


def alike(session: Session, actor: Actor) -> list[Alike]:
    """Where several cases gave up in the same way, the most frequent first."""
    permissions.require(actor, permissions.Permission.OPERATIONS_READ)
    one, count = tables.Incident, func.count()
    query = select(one.element, one.cause, count, func.max(one.id)).where(one.closed_at.is_(None))
    grouped = query.group_by(one.element, one.cause).having(count > 1)
    return [Alike(*row) for row in session.execute(grouped.order_by(count.desc(), one.element, one.cause).limit(10))]


def open_like(session: Session, actor: Actor, incident_id: int, size: int = 200) -> list[int]:
    """The ids of the open incidents at the same step for the same cause as this one, oldest first; raises NotFound."""
    permissions.require(actor, permissions.Permission.INCIDENT_RESOLVE)
    like, one = session.get(tables.Incident, incident_id), tables.Incident
    if like is None:
        raise errors.NotFound("没有此项异常")
    query = select(one.id).where(one.closed_at.is_(None), one.element == like.element, one.cause == like.cause)
    return list(session.scalars(query.order_by(one.id).limit(size)))


def retry(session: Session, actor: Actor, now: datetime, incident_id: int) -> tables.Incident:
    """Tries again what gave up."""
    incident, case = _open(session, actor, incident_id)
    if incident.job_id is not None:
        jobs.reset(session, now, incident.job_id)
    elif incident.message_id is not None:
        messages.wait_again(case, _message(session, incident.message_id))
    else:
        deadlines.reopen(session, now, incident)
    return _close(session, actor, now, case, incident, "retried", {})


def repair(  # noqa: PLR0913  what, and why
    session: Session, actor: Actor, now: datetime, incident_id: int, data: dict[str, Any], reason: str
) -> tables.Incident:
    """Sets parameters of a failed call, or data of the run, anew; old and new values and the reason are recorded.

    Raises:
        Conflict: the incident is about a message: what somebody has stated is not altered.
        Invalid: there is no reason, or the call has no such parameter.
    """
    incident, case = _open(session, actor, incident_id)
    _require_repairable(incident)
    reasons.require(reason)
    body: dict[str, Any] = {"after": data, "reason": reason}
    if incident.job_id is None:
        lifecycle.feed(session, actor, now, case, inputs.Repaired(incident.run, data, reason, actor.name))
        deadlines.reopen(session, now, incident)
        return _close(session, actor, now, case, incident, "repaired", body)
    job = session.get_one(tables.Job, incident.job_id)
    body["before"] = dict(job.payload)
    jobs.reset(session, now, incident.job_id, set_anew(job, data))
    return _close(session, actor, now, case, incident, "repaired", body)


def to_repair(session: Session, actor: Actor, incident_id: int) -> tuple[tables.Incident, tables.Case]:
    """An open incident that a repair may end, for looking; raises NotFound, or Conflict for any other."""
    permissions.require(actor, permissions.Permission.INCIDENT_RESOLVE)
    incident = session.get(tables.Incident, incident_id)
    if incident is None:
        raise errors.NotFound("没有此项异常")
    _require_open(incident)
    _require_repairable(incident)
    return incident, session.get_one(tables.Case, incident.case_id)


def _require_repairable(incident: tables.Incident) -> None:
    if incident.message_id is not None:
        raise errors.Conflict("不能改动他人提交的内容；排除原因后请重试，或说明理由后跳过")


def set_anew(job: tables.Job, data: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a call with some of them set anew; null takes one away that its operation does not know."""
    given = {**job.payload, **data}
    if not dispatch.knows(job.kind):
        return given
    known = {one.name for one in dispatch.signature(job.kind, dispatch.resolve(job.kind)).parameters}
    strange = [name for name in data if name not in known and data[name] is not None]
    if strange:
        # it would stand among the parameters from then on, and no call would be possible
        template = "这一步没有参数“{names}”，可用的参数是：{known}"
        params = (("names", "、".join(strange)), ("known", "、".join(sorted(known))))
        raise errors.Invalid([errors.FieldError("data", "unknown", template, params)])
    return {name: value for name, value in given.items() if name in known or value is not None}


def skip(session: Session, actor: Actor, now: datetime, incident_id: int, result: Any, reason: str) -> tables.Incident:  # noqa: PLR0913  what, and why
    """Lets the case go on without the failed call, with a result given by hand and a reason; refuses a failed message."""
    incident, case = _open(session, actor, incident_id)
    reasons.require(reason)
    if incident.message_id is not None:
        messages.refuse(session, actor, now, case, _message(session, incident.message_id), reason)
        return _close(session, actor, now, case, incident, "skipped", {"reason": reason})
    if incident.job_id is None:
        raise errors.Conflict("此异常不是作业失败，不能跳过")
    job = session.get_one(tables.Job, incident.job_id)
    job.status = "cancelled"
    at, before = inputs.Address(job.run, job.element, job.visit), case.shared
    lifecycle.feed(session, actor, now, case, inputs.Skipped(at, result, reason, actor.name))
    consequences.follow(session, actor, now, case, before)
    return _close(session, actor, now, case, incident, "skipped", {"reason": reason})


def _message(session: Session, message_id: int) -> tables.Message:
    return session.get_one(tables.Message, message_id)


def _open(session: Session, actor: Actor, incident_id: int) -> tuple[tables.Incident, tables.Case]:
    permissions.require(actor, permissions.Permission.INCIDENT_RESOLVE)
    incident = session.get(tables.Incident, incident_id)
    if incident is None:
        raise errors.NotFound("没有此项异常")
    case = lifecycle.lock_by_id(session, incident.case_id)
    session.refresh(incident)
    _require_open(incident)
    return incident, case


def _require_open(incident: tables.Incident) -> None:
    if incident.closed_at is not None:
        raise errors.Conflict("此项异常已由{who}处理", who=incident.closed_by or "系统")


def _close(  # noqa: PLR0913  a resolution's whole context
    session: Session,
    actor: Actor,
    now: datetime,
    case: tables.Case,
    incident: tables.Incident,
    how: str,
    body: dict[str, Any],
) -> tables.Incident:
    incident.closed_at, incident.closed_by, incident.resolution = now, actor.name, how
    where = {"incident": incident.id, "run": incident.run, "element": incident.element}
    lifecycle.note(session, actor, now, case, f"incident_{how}", {**where, **body})
    return incident
