"""Who acts for whom during an absence."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.chinese_time import SHANGHAI
from workflow_service.identity import permissions, roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import notices, people


def appoint(session: Session, actor: Actor, now: datetime, name: str, starts_at: datetime, ends_at: datetime) -> None:
    """Lets another person act for oneself during an absence; everything they do is recorded as on one's behalf."""
    if name == actor.name:
        raise errors.Invalid([errors.FieldError("substitute", "self", "代理人不能是本人")])
    if ends_at <= starts_at:
        raise errors.Invalid([errors.FieldError("ends_at", "order", "结束时间须晚于开始时间")])
    named = roster.actor_named(session, name)
    if not can_stand_in(actor, named.place, named.roles):
        raise errors.Invalid([errors.FieldError("substitute", "unsuitable", "代理人须是本地区承担办案职责的工作人员")])
    given = people.Substitution(
        absent=actor.name, substitute=name, starts_at=starts_at, ends_at=ends_at, created_at=now
    )
    session.add(given)
    session.flush()
    first, last = (f"{one.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for one in (starts_at, ends_at))
    told = f"{actor.display_name}请您自{first}至{last}代为办理，对方可以签收和已经签收的任务，您都可以签收。"
    told_en = f"{actor.display_name} asks you to stand in from {first} to {last}; you may claim what they could claim or hold."
    notices.post(
        session,
        now,
        f"substitution:{given.id}",
        [name],
        ("请您代为办理", told),
        ("You are asked to stand in", told_en),
    )


def can_stand_in(actor: Actor, place: str, roles: Collection[str]) -> bool:
    """Whether somebody of a place with these roles may act for a person: who handles cases is not replaced by who asks for them."""
    return place == actor.place and (
        actor.roles.isdisjoint(permissions.HANDLING) or not permissions.HANDLING.isdisjoint(roles)
    )


def end(session: Session, actor: Actor, now: datetime, substitution_id: int) -> None:
    """Ends one of one's own substitutions now."""
    row = session.get(people.Substitution, substitution_id)
    if row is None or row.absent != actor.name:
        raise errors.NotFound("没有这项代理")
    row.ends_at = now


def of(session: Session, actor: Actor) -> Sequence[people.Substitution]:
    """The substitutions that one has given or received, newest first."""
    query = select(people.Substitution).where(
        (people.Substitution.absent == actor.name) | (people.Substitution.substitute == actor.name)
    )
    return session.scalars(query.order_by(people.Substitution.id.desc())).all()


def absent_people(session: Session, now: datetime, name: str) -> list[tuple[str, frozenset[str]]]:
    """The people for whom somebody may act now, with their roles."""
    rows = session.execute(
        select(people.Substitution.absent, people.Grant.role)
        .join(people.Account, people.Account.name == people.Substitution.absent)
        .join(people.Grant, people.Grant.account_id == people.Account.id)
        .where(
            people.Substitution.substitute == name,
            people.Account.active,  # nobody acts in the name of a closed account
            people.Substitution.starts_at <= now,
            people.Substitution.ends_at > now,
        )
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.absent, set()).add(row.role)
    return [(absent, frozenset(roles)) for absent, roles in sorted(found.items())]
