"""Records what gave up on its case, where operators find it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service.cases import lifecycle
from workflow_service.identity import roster
from workflow_service.identity.actors import SYSTEM
from workflow_service.storage import database, notices, tables


@dataclass(frozen=True)
class Cause:
    """Where something gave up and why: a call, a date, or a message (whose key stands for the run)."""

    run: str
    element: str
    text: str
    trace: str
    attempts: int = 0
    job_id: int | None = None
    message_id: int | None = None


def open_one(session: Session, now: datetime, case: tables.Case, cause: Cause) -> tables.Incident:
    """Records an incident on a case; one that is open for the same place already is brought up to date instead."""
    known = session.scalar(
        select(tables.Incident).where(
            tables.Incident.case_id == case.id,
            tables.Incident.run == cause.run,
            tables.Incident.element == cause.element,
            tables.Incident.closed_at.is_(None),
        )
    )
    trace = cause.trace or database.random_of(session)(8)
    if known is not None:
        known.cause, known.trace, known.attempts, known.job_id = cause.text, trace, cause.attempts, cause.job_id
        return known
    incident = tables.Incident(
        case_id=case.id, job_id=cause.job_id, message_id=cause.message_id, run=cause.run, element=cause.element, cause=cause.text, trace=trace,
        attempts=cause.attempts, opened_at=now,
    )  # fmt: skip
    session.add(incident)
    session.flush()
    lifecycle.note(
        session,
        SYSTEM,
        now,
        case,
        "incident_opened",
        {"incident": incident.id, "run": cause.run, "element": cause.element, "trace": trace},
    )
    _tell_operators(session, now, case, incident)
    return incident


def _tell_operators(session: Session, now: datetime, case: tables.Case, incident: tables.Incident) -> None:
    """Tells each operator who has no such notice unread: a mail server that is away fails many cases at once."""
    text = f"{case.number}：{incident.cause}\n请到“运维”处理。此通知未读期间，其他异常不再逐一通知"
    text_en = (
        f"{case.number}: {incident.cause}\nSee Operations. While this is unread, other incidents are not told singly"
    )
    chinese, english = ("有案件出现异常，等待处理", text), ("A case has an incident that waits for you", text_en)
    operators = roster.everywhere(session, "operator")
    notices.post(session, now, f"{_NOTICE}{incident.id}", operators, chinese, english, case.id, kind=_NOTICE)


_NOTICE = "incident:"
