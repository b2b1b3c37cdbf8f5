"""Records who looked at what, who was refused, and what administrators did: reading a case is an event as well."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import people
from workflow_service.storage.prepared import Prepared, insertion


def remember(  # noqa: PLR0913  who, when, what
    session: Session, actor: Actor, now: datetime, case_id: int | None, what: str, *, allowed: bool = True
) -> None:
    """Notes that somebody read a thing of a case, or was refused; written by the request's own transaction at its end."""
    session.info.setdefault("accesses", []).append(
        {
            "at": now,
            "account": actor.name,
            "case_id": case_id,
            "what": what[:80],
            "allowed": allowed,
            "origin": actor.origin,
        }
    )


def administered(session: Session, actor: Actor, now: datetime, *acts: str) -> None:
    """Notes what somebody did to people, units or calendars, for auditors: a word, and what it was done to."""
    for one in acts:
        remember(session, actor, now, None, one)


def pending(session: Session) -> list[dict[str, object]]:
    """What was read in this session and is still to be written."""
    found: list[dict[str, object]] = session.info.get("accesses", [])
    return found


def write(session: Session, accesses: Sequence[dict[str, object]]) -> None:
    """Writes what was read."""
    if accesses:
        _INSERT.run_many(session, accesses)


_INSERT = Prepared(insertion(people.Access, "id"))


def of_administration(session: Session, actor: Actor, after: int = 0, size: int = 100) -> Sequence[people.Access]:
    """What administrators did to accounts, units and calendars, and what belongs to no case, newest first."""
    permissions.require(actor, permissions.Permission.ACCESS_READ)
    query = select(people.Access).where(people.Access.case_id.is_(None))
    if after:
        query = query.where(people.Access.id < after)
    return session.scalars(query.order_by(people.Access.id.desc()).limit(size)).all()


def of_case(session: Session, actor: Actor, case_id: int, size: int = 200) -> Sequence[people.Access]:
    """Who looked at a case, newest first."""
    permissions.require(actor, permissions.Permission.ACCESS_READ)
    query = select(people.Access).where(people.Access.case_id == case_id)
    return session.scalars(query.order_by(people.Access.id.desc()).limit(size)).all()
