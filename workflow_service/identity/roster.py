"""The people and units: listed, created, disabled, given roles and substitutes."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.identity import credentials, permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import notices, people
from workflow_service.storage.prepared import Prepared
from workflow_service.workdays import SHANGHAI


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


@dataclass(frozen=True)
class NewPerson:
    """What is needed to create an account."""

    name: str
    display_name: str
    unit: str
    roles: tuple[str, ...]
    password: str
    email: str = ""


def add_unit(session: Session, code: str, name: str, place: str, place_name: str) -> None:
    """Enters a unit."""
    session.merge(people.Unit(code=code, name=name, place=place, place_name=place_name))


def new_unit(session: Session, actor: Actor, unit: people.Unit) -> None:
    """Enters a unit that was not there; one of a known place takes that place's name. Raises Invalid."""
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    faults = [
        errors.FieldError(field, "format", "只用小写字母、数字和连字符，以字母开头，至多40个字符")
        for field, code in (("code", unit.code), ("place", unit.place))
        if not _CODE.fullmatch(code)
    ]
    if session.get(people.Unit, unit.code) is not None:
        faults.append(errors.FieldError("code", "taken", "已有代码为“{code}”的单位", (("code", unit.code),)))
    known = session.scalar(select(people.Unit.place_name).where(people.Unit.place == unit.place).limit(1))
    unit.place_name = known or unit.place_name
    faults += [
        errors.FieldError(field, "required", "请填写")
        for field, text in (("name", unit.name), ("place_name", unit.place_name))
        if not text
    ]
    faults += [
        _unseen(field)
        for field, text in (("name", unit.name), ("place_name", unit.place_name))
        if not text.isprintable()
    ]
    if faults:
        raise errors.Invalid(faults)
    session.add(unit)


_CODE = re.compile("[a-z][a-z0-9-]{0,39}")


def rename_unit(session: Session, actor: Actor, code: str, name: str) -> None:
    """Gives a unit another name; its code stays, for people and cases know it by that."""
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    unit = session.get(people.Unit, code)
    if unit is None:
        raise errors.NotFound("没有代码为“{unit}”的单位", unit=code)
    if not name:
        raise errors.Invalid([errors.FieldError("name", "required", "请填写")])
    if not name.isprintable():
        raise errors.Invalid([_unseen("name")])
    unit.name = name


def _unseen(field: str) -> errors.FieldError:
    return errors.FieldError(field, "format", "不能含有看不见的字符")


def headcounts(session: Session) -> dict[str, int]:
    """Code of a unit → how many accounts belong to it."""
    query = select(people.Account.unit, func.count()).group_by(people.Account.unit)
    return {code: count for code, count in session.execute(query)}


def create(session: Session, actor: Actor, now: datetime, person: NewPerson) -> people.Account:
    """Creates an account; raises Invalid naming what cannot be, a name that is taken among it."""
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    faults = list(_faults(session, person))
    if faults:
        raise errors.Invalid(faults)
    account = people.Account(
        name=person.name,
        display_name=person.display_name,
        email=person.email,
        unit=person.unit,
        password=credentials.hash_password(person.password),
        active=True,
        created_at=now,
        password_at=now,
    )
    session.add(account)
    session.flush()
    set_roles(session, actor, now, person.name, person.roles)
    return account


_MAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")


def _faults(session: Session, person: NewPerson) -> Iterator[errors.FieldError]:
    if not _is_plain(person.name):
        told = "用户名须以字母开头，只用字母、数字和下划线，至多40个字符"
        yield errors.FieldError("name", "format", told)
    # two names that differ in their capitals only would be taken for one another
    elif session.scalar(select(people.Account.id).where(func.lower(people.Account.name) == person.name.lower())):
        yield errors.FieldError("name", "taken", "用户名“{name}”已被使用", (("name", person.name),))
    yield from _wrong_details(person.display_name, person.email)
    if session.get(people.Unit, person.unit) is None:
        yield errors.FieldError("unit", "unknown", "没有代码为“{unit}”的单位", (("unit", person.unit),))


def _is_plain(name: str) -> bool:
    """Whether a name can be one of an account: an identifier without letters that only look like others."""
    return name.isidentifier() and len(name) <= 40 and unicodedata.normalize("NFKC", name) == name  # noqa: PLR2004  what people can take


def _wrong_details(display_name: str, email: str) -> Iterator[errors.FieldError]:
    if not display_name:
        yield errors.FieldError("display_name", "required", "请填写姓名")
    elif not (display_name.isprintable() and len(display_name) <= 80):  # noqa: PLR2004  what lists can show
        yield errors.FieldError("display_name", "format", "姓名至多80个字符，不能含有看不见的字符")
    if email and not (_MAIL.fullmatch(email) and email.isprintable() and len(email) <= 200):  # noqa: PLR2004  no address is longer
        yield errors.FieldError("email", "format", "请填写电子邮箱地址，如 name@example.org")


def correct(session: Session, actor: Actor, name: str, display_name: str, email: str) -> None:
    """Gives an account another shown name and address; the account's own name stays, for cases know it by that."""
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    account = by_name(session, name)
    faults = list(_wrong_details(display_name, email))
    if faults:
        raise errors.Invalid(faults)
    account.display_name, account.email = display_name, email


def roles_of(session: Session, name: str) -> frozenset[str]:
    """The roles of an account; none where there is no such account."""
    return known(session, [name]).get(name, (False, frozenset()))[1]


def set_roles(session: Session, actor: Actor, now: datetime, name: str, roles: Iterable[str]) -> None:
    """Gives an account exactly these roles; nobody gives roles to oneself."""
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    if name == actor.name:
        raise errors.NotAllowed("不能为自己授予角色，须由另一名管理员办理")
    account = by_name(session, name)
    session.refresh(account, with_for_update=True)  # two at once would leave the roles of both
    wanted = set(roles)
    unknown = wanted - permissions.PERMISSIONS.keys()
    if unknown:
        raise errors.Invalid(
            [errors.FieldError("roles", "unknown", "没有这些角色：{roles}", (("roles", "、".join(sorted(unknown))),))]
        )
    if permissions.are_at_odds(wanted):
        raise errors.Invalid([errors.FieldError("roles", "separation", "系统管理员不能同时是审计员，须由不同的人担任")])
    session.execute(delete(people.Grant).where(people.Grant.account_id == account.id))
    session.add_all(
        people.Grant(account_id=account.id, role=role, granted_by=actor.name, granted_at=now) for role in sorted(wanted)
    )


def disable(session: Session, actor: Actor, name: str) -> None:
    """Closes an account at once: its sessions end and its tokens stop working; its name stays taken. Nobody closes one's own."""
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    if name == actor.name:
        raise errors.NotAllowed("不能停用自己的账户，须由另一名管理员办理")
    account = by_name(session, name)
    account.active = False
    session.execute(delete(people.SignedIn).where(people.SignedIn.account_id == account.id))


def substitute(
    session: Session, actor: Actor, now: datetime, name: str, starts_at: datetime, ends_at: datetime
) -> None:
    """Lets another person act for oneself during an absence; everything they do is recorded as on one's behalf."""
    if name == actor.name:
        raise errors.Invalid([errors.FieldError("substitute", "self", "代理人不能是本人")])
    if ends_at <= starts_at:
        raise errors.Invalid([errors.FieldError("ends_at", "order", "结束时间须晚于开始时间")])
    named = actor_named(session, name)
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


def end_substitution(session: Session, actor: Actor, now: datetime, substitution_id: int) -> None:
    """Ends one of one's own substitutions now."""
    row = session.get(people.Substitution, substitution_id)
    if row is None or row.absent != actor.name:
        raise errors.NotFound("没有这项代理")
    row.ends_at = now


def substitutions(session: Session, actor: Actor) -> Sequence[people.Substitution]:
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
            people.Substitution.starts_at <= now,
            people.Substitution.ends_at > now,
        )
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.absent, set()).add(row.role)
    return [(absent, frozenset(roles)) for absent, roles in sorted(found.items())]


def reset_password(session: Session, actor: Actor, now: datetime, name: str, password: str) -> None:
    """Sets a new password for somebody who lost theirs, ends their sessions and lock-out; not for oneself."""
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    if name == actor.name:
        raise errors.NotAllowed("修改自己的密码请用“我的资料”")
    account = by_name(session, name)
    account.password, account.password_at = credentials.hash_password(password), now
    credentials.end_all(session, now, account.id)
    credentials.unlock(session, name)
