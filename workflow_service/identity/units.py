"""The units: bodies within the city and its counties, entered, renamed and counted."""

import re

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import people


def add(session: Session, code: str, name: str, place: str, place_name: str) -> None:
    """Enters a unit."""
    session.merge(people.Unit(code=code, name=name, place=place, place_name=place_name))


def enter(session: Session, actor: Actor, unit: people.Unit) -> None:
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


def rename(session: Session, actor: Actor, code: str, name: str) -> None:
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
