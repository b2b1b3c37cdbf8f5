"""What administrators do with accounts: create, correct, give roles, close, set a new password."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.identity import credentials, permissions, roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import people, tables


@dataclass(frozen=True)
class NewPerson:
    """What is needed to create an account; ``password_given``: whoever it is for has to choose another one first."""

    name: str
    display_name: str
    unit: str
    roles: tuple[str, ...]
    password: str
    email: str = ""
    password_given: bool = False


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
        password_given=person.password_given,
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
    yield from _wrong_unit(session, person.unit)


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


def _wrong_unit(session: Session, unit: str) -> Iterator[errors.FieldError]:
    if session.get(people.Unit, unit) is None:
        yield errors.FieldError("unit", "unknown", "没有代码为“{unit}”的单位", (("unit", unit),))


@dataclass(frozen=True)
class Details:
    """What can be corrected of an account; its own name stays, for cases know it by that."""

    display_name: str
    email: str
    unit: str


def correct(session: Session, actor: Actor, name: str, details: Details) -> bool:
    """Gives an account another shown name and address, or moves it to another unit; tells whether it moved.

    Raises:
        Invalid: a field is wrong, or the unit lies in another place while tasks of the present one are in hand:
            from there nobody could work on them.
    """
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    account = roster.by_name(session, name)
    faults = [*_wrong_details(details.display_name, details.email), *_wrong_unit(session, details.unit)]
    if faults:
        raise errors.Invalid(faults)
    moves = account.unit != details.unit
    if moves:
        _require_free_hands(session, account, details.unit)
    account.display_name, account.email, account.unit = details.display_name, details.email, details.unit
    return moves


def _require_free_hands(session: Session, account: people.Account, unit: str) -> None:
    here, there = (session.get_one(people.Unit, one).place for one in (account.unit, unit))
    held = select(func.count()).where(tables.Task.holder == account.name, tables.Task.status == "open")
    count = session.scalar(held) if here != there else 0
    if count:
        told = "名下还有 {count} 项未办结的任务，请先由原单位转办，再调往其他地区"
        raise errors.Invalid([errors.FieldError("unit", "holding", told, (("count", count),))])


def set_roles(session: Session, actor: Actor, now: datetime, name: str, roles: Iterable[str]) -> None:
    """Gives an account exactly these roles; nobody gives roles to oneself."""
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    if name == actor.name:
        raise errors.NotAllowed("不能为自己授予角色，须由另一名管理员办理")
    account = roster.by_name(session, name)
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
    account = roster.by_name(session, name)
    account.active = False
    session.execute(delete(people.SignedIn).where(people.SignedIn.account_id == account.id))


def reset_password(session: Session, actor: Actor, now: datetime, name: str, password: str) -> None:
    """Sets a new password for somebody who lost theirs, ends their sessions and lock-out; not for oneself.

    It does for nothing but choosing a password of their own.
    """
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    if name == actor.name:
        raise errors.NotAllowed("修改自己的密码请用“我的资料”")
    account = roster.by_name(session, name)
    account.password, account.password_at = credentials.hash_password(password), now
    account.password_given = True
    credentials.end_all(session, now, account.id)
    credentials.unlock(session, name)


def reopen(session: Session, actor: Actor, now: datetime, name: str, password: str) -> None:
    """Opens a closed account again, with a password to be changed at once; its roles are what they were.

    Its API tokens stay taken back: who left with one does not come in with it.

    Raises:
        Conflict: the account is not closed.
    """
    reset_password(session, actor, now, name, password)
    account = roster.by_name(session, name)
    if account.active:
        raise errors.Conflict("用户“{name}”未停用", name=name)
    account.active = True
    credentials.revoke_tokens(session, now, account.id)
