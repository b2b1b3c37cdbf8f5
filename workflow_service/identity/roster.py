"""Finds people: by name, place or role, with what pages and checks need to know of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.identity.actors import Actor
from workflow_service.storage import people
from workflow_service.storage.prepared import Prepared


@dataclass(frozen=True)
class Person:
    """A person as lists show them."""

    id: int
    name: str
    display_name: str
    email: str
    unit: str
    unit_name: str
    place: str
    roles: tuple[str, ...]
    active: bool


def everybody(session: Session, place: str | None = None, role: str | None = None) -> list[Person]:
    """The people of a place or all of them, by name; those with a role when one is given."""
    query = select(people.Account, people.Unit).join(people.Unit, people.Unit.code == people.Account.unit)
    if place is not None:
        query = query.where(people.Unit.place == place)
    rows = session.execute(query.order_by(people.Account.name)).all()
    roles: dict[int, list[str]] = {}
    for grant in session.scalars(select(people.Grant).order_by(people.Grant.role)):
        roles.setdefault(grant.account_id, []).append(grant.role)
    listed = [_person(account, unit, roles.get(account.id, ())) for account, unit in rows]
    return [one for one in listed if role is None or role in one.roles]


def _person(account: people.Account, unit: people.Unit, roles: Sequence[str]) -> Person:
    return Person(
        account.id,
        account.name,
        account.display_name,
        account.email,
        unit.code,
        unit.name,
        unit.place,
        tuple(roles),
        account.active,
    )


def by_name(session: Session, name: str) -> people.Account:
    """The account of a name; raises NotFound."""
    account = session.scalar(select(people.Account).where(people.Account.name == name))
    if account is None:
        raise errors.NotFound("没有名为“{name}”的用户", name=name)
    return account


def actor_named(session: Session, name: str) -> Actor:
    """The active person of an account name, as somebody who acts; raises NotFound."""
    account = by_name(session, name)
    unit = session.get_one(people.Unit, account.unit)
    if not account.active:
        raise errors.NotFound("用户“{name}”已停用", name=name)
    roles = session.scalars(select(people.Grant.role).where(people.Grant.account_id == account.id))
    return Actor(account.id, account.name, account.display_name, frozenset(roles), unit.code, unit.place)


_AT_ONCE = 6
_NAMES = Prepared(
    select(people.Account.name, people.Account.display_name).where(
        or_(*(people.Account.name == bindparam(f"name{n}") for n in range(_AT_ONCE)))
    )
)


def display_names(session: Session, names: Iterable[str]) -> dict[str, str]:
    """Account name → the name shown to people; unknown ones are left out."""
    found: dict[str, str] = {}
    wanted = sorted(set(names))
    for at in range(0, len(wanted), _AT_ONCE):
        some = wanted[at : at + _AT_ONCE]
        asked = some + some[:1] * (_AT_ONCE - len(some))
        rows = _NAMES.run(session, {f"name{n}": name for n, name in enumerate(asked)}).fetchall()
        found.update((row[0], row[1]) for row in rows)
    return found


def eligible(session: Session, place: str, roles: Collection[str]) -> list[Person]:
    """The active people of a place who hold one of these roles, by name; all of them when no role is asked for."""
    query = (
        select(people.Account, people.Unit)
        .join(people.Unit, people.Unit.code == people.Account.unit)
        .where(people.Unit.place == place, people.Account.active)
        .order_by(people.Account.name)
    )
    if roles:
        holders = select(people.Grant.account_id).where(people.Grant.role.in_(roles))
        query = query.where(people.Account.id.in_(holders))
    rows = session.execute(query).all()
    granted: dict[int, list[str]] = {}
    for grant in session.scalars(
        select(people.Grant).where(people.Grant.account_id.in_([one.id for one, _unit in rows]))
    ):
        granted.setdefault(grant.account_id, []).append(grant.role)
    return [_person(account, unit, sorted(granted.get(account.id, ()))) for account, unit in rows]


def known(session: Session, names: Iterable[str]) -> dict[str, tuple[bool, frozenset[str]]]:
    """Account name → whether it is active, and its roles; unknown names are left out. One query for all of them."""
    rows = session.execute(
        select(people.Account.name, people.Account.active, people.Grant.role)
        .outerjoin(people.Grant, people.Grant.account_id == people.Account.id)
        .where(people.Account.name.in_(set(names)))
    ).all()
    roles: dict[str, set[str]] = {}
    for row in rows:
        roles.setdefault(row.name, set()).update([row.role] if row.role else ())
    return {row.name: (row.active, frozenset(roles[row.name])) for row in rows}


def addresses(session: Session, names: Iterable[str]) -> list[str]:
    """The mail addresses of these people, by name; of those who have one and whose account is open."""
    held = people.Account.name.in_(set(names)), people.Account.active, people.Account.email != ""
    return list(session.scalars(select(people.Account.email).where(*held).order_by(people.Account.name)))


def everywhere(session: Session, role: str) -> list[str]:
    """Account names of the active people who hold a role, in whichever place."""
    held = select(people.Grant.account_id).where(people.Grant.role == role)
    query = select(people.Account.name).where(people.Account.id.in_(held), people.Account.active)
    return list(session.scalars(query.order_by(people.Account.name)))


def with_role(session: Session, place: str, role: str) -> list[str]:
    """Account names of the active people who hold a role in a place (for supervisors: in the city as well)."""
    places = {place, "city"} if role == "supervisor" else {place}
    return list(
        session.scalars(
            select(people.Account.name)
            .join(people.Grant, people.Grant.account_id == people.Account.id)
            .join(people.Unit, people.Unit.code == people.Account.unit)
            .where(people.Grant.role == role, people.Unit.place.in_(places), people.Account.active)
            .order_by(people.Account.name)
        )
    )


def roles_of(session: Session, name: str) -> frozenset[str]:
    """The roles of an account; none where there is no such account."""
    return known(session, [name]).get(name, (False, frozenset()))[1]
