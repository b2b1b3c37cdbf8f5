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
from workflow_service.storage import people


@dataclass(frozen=True)
class NewPerson:
    """What is needed to create an account."""

    name: str
    display_name: str
    unit: str
    roles: tuple[str, ...]
    password: str
    email: str = ""


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
    account = roster.by_name(session, name)
    faults = list(_wrong_details(display_name, email))
    if faults:
        raise errors.Invalid(faults)
    account.display_name, account.email = display_name, email


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
    """Sets a new password for somebody who lost theirs, ends their sessions and lock-out; not for oneself."""
    permissions.require(actor, permissions.Permission.PEOPLE_MANAGE)
    if name == actor.name:
        raise errors.NotAllowed("修改自己的密码请用“我的资料”")
    account = roster.by_name(session, name)
    account.password, account.password_at = credentials.hash_password(password), now
    credentials.end_all(session, now, account.id)
    credentials.unlock(session, name)
