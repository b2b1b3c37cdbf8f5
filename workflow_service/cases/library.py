"""The library of typical cases: what was published without names, for everybody to learn from (article 20)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.cases import involvement, lifecycle, paging
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import tables
from workflow_service.storage.library import TypicalCase

CONTENT = ("summary", "lesson")
"""What is kept beside title and codes, in the order of reading; where a case came from is not among it."""

_WANTED = ("library_id", "title", "codes", *CONTENT)


@dataclass(frozen=True)
class Wanted:
    """Which typical cases: with all these words in title, codes or content, and on a situation."""

    q: str = ""
    code: str = ""


@dataclass(frozen=True)
class Shown:
    """A typical case as a person may see it.

    Args:
        file: the number of the case it was published from, None for who may not open that.
        withdrawable: whether this person may take it out of the library.
    """

    row: TypicalCase
    file: str | None
    withdrawable: bool


def enter(session: Session, now: datetime, case: tables.Case, published: Mapping[str, Any]) -> None:
    """Puts into the library what a case publishes for it, in the transaction of the step that does.

    Raises:
        CannotAdvance: a part is missing, or somebody whom the source case is about is still named.
    """
    missing = [name for name in _WANTED if not published.get(name)]
    if missing:
        raise errors.CannotAdvance("典型案例缺少：{missing}", missing="、".join(missing))
    parts = {name: str(published[name]) for name in ("title", *CONTENT)}
    named = dict.fromkeys(name for _part, name in _naming(session, published))
    if named:
        raise errors.CannotAdvance("典型案例中仍有来源案件当事人的名称：{names}，请先脱敏", names="、".join(named))
    session.add(
        TypicalCase(
            id=str(published["library_id"]),
            case_id=case.id,
            title=parts["title"],
            codes=[str(one) for one in published["codes"]],
            content={name: parts[name] for name in CONTENT},
            published_at=now,
        )
    )


def asked(session: Session, place: str, number: object) -> list[dict[str, Any]]:
    """Who must consent to a typical case drawn from a case of this number: its subjects, each with the account they have.

    Raises:
        Invalid: the case belongs to another place, whose files these people do not know.
    """
    source = _source(session, number)
    if source is not None and source.place != place:
        raise errors.Invalid([errors.FieldError("source_case", "place", "来源案件属于其他地区，须由该地区整理")])
    return [{"id": one.get("id"), "account": one.get("account")} for one in _subjects(source)]


def require_anonymous(session: Session, given: Mapping[str, Any]) -> None:
    """Raises Invalid for each answer in which somebody whom the source case is about is named; other forms pass."""
    if not given.get("source_case"):
        return
    sentence = "“{name}”是来源案件当事人的名称，请改用不指明身份的说法"
    faults = [errors.FieldError(part, "named", sentence, (("name", name),)) for part, name in _naming(session, given)]
    if faults:
        raise errors.Invalid(faults)


def _naming(session: Session, said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Which part of a typical case names whom its source case is about."""
    concerned = _subjects(_source(session, said.get("source_case")))
    names = [str(one["name"]) for one in concerned if one.get("name")]
    return [(part, name) for part in ("title", *CONTENT) for name in names if name in str(said.get(part) or "")]


def _source(session: Session, number: object) -> tables.Case | None:
    """The case of this number; None where it is not one of ours."""
    return session.scalar(select(tables.Case).where(tables.Case.number == str(number or "").strip()))


def _subjects(source: tables.Case | None) -> list[dict[str, Any]]:
    return list(source.shared.get("subjects") or ()) if source is not None else []


def listed(session: Session, actor: Actor, wanted: Wanted, after: str = "", size: int = 50) -> paging.Page:
    """The typical cases of a search, newest first.

    Raises:
        Invalid: ``after`` is none that a page gave.
    """
    permissions.require(actor, permissions.Permission.LIBRARY_READ)
    one, matching = TypicalCase, _matching(wanted)
    total = session.scalar(select(func.count()).select_from(one).where(*matching)) or 0
    if after:
        last = session.get(one, after)
        if last is None:
            raise paging.unknown_place()
        earlier = and_(one.published_at == last.published_at, one.id < last.id)
        matching.append(or_(one.published_at < last.published_at, earlier))
    query = select(one).where(*matching).order_by(one.published_at.desc(), one.id.desc())
    rows = session.scalars(query.limit(size + 1)).all()
    return paging.Page(rows[:size], total, rows[size - 1].id if len(rows) > size else None)


_STANDS = TypicalCase.withdrawn_at.is_(None)


def _matching(wanted: Wanted) -> list[ColumnElement[bool]]:
    codes = cast(TypicalCase.codes, String)
    found = [_STANDS, *(_says(word, codes) for word in wanted.q.lower().split())]
    if wanted.code:
        found.append(codes.contains(_quoted(wanted.code), autoescape=True))
    return found


def _says(word: str, codes: ColumnElement[str]) -> ColumnElement[bool]:
    content = func.lower(cast(TypicalCase.content, String))
    for name in CONTENT:  # the names of the parts are no text
        content = func.replace(content, f'"{name}":', "")
    inside = _quoted(word)[1:-1]
    return or_(
        func.lower(TypicalCase.title).contains(word, autoescape=True),
        content.contains(inside, autoescape=True),
        codes.contains(inside, autoescape=True),
    )


def _quoted(text: str) -> str:
    """A text as it stands in a column of JSON."""
    return orjson.dumps(text).decode()


def find(session: Session, actor: Actor, library_id: str) -> Shown:
    """A typical case by its number in the library; one that was withdrawn is shown to those who could have done it.

    Raises:
        NotFound: there is none of that number, or it was withdrawn.
    """
    permissions.require(actor, permissions.Permission.LIBRARY_READ)
    row, case = _row(session, library_id)
    keeps = permissions.allows(actor, permissions.Permission.LIBRARY_WITHDRAW) and actor.place == case.place
    if row.withdrawn_at is not None and not keeps:
        raise errors.NotFound("案例“{id}”已从案例库撤下", id=library_id)
    may = permissions.may_read(actor, case.place, involvement.of(session, case, actor.name))
    return Shown(row, case.number if may else None, keeps and row.withdrawn_at is None)


def _row(session: Session, library_id: str) -> tuple[TypicalCase, tables.Case]:
    row = session.get(TypicalCase, library_id)
    if row is None:
        raise errors.NotFound("案例库中没有编号为“{id}”的案例", id=library_id)
    return row, session.get_one(tables.Case, row.case_id)


def withdraw(session: Session, actor: Actor, now: datetime, library_id: str, reason: str) -> Shown:
    """Takes a typical case out of the library for good, with a reason that its case keeps.

    Raises:
        NotFound: there is none of that number. NotAllowed: another authority published it.
        Invalid: no reason is given. Conflict: it was withdrawn before.
    """
    permissions.require(actor, permissions.Permission.LIBRARY_WITHDRAW)
    row, case = _row(session, library_id)
    if actor.place != case.place:
        raise errors.NotAllowed("只有发布机关的负责人可以撤下此案例")
    lifecycle.lock_by_id(session, case.id)
    session.refresh(row)
    if row.withdrawn_at is not None:
        raise errors.Conflict("案例“{id}”此前已经撤下", id=library_id)
    if not reason.strip():
        raise errors.Invalid([errors.FieldError("reason", "required", "请填写撤下的理由")])
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_for = now, actor.name, reason.strip()
    lifecycle.note(session, actor, now, case, "library_withdrawn", {"library_id": library_id, "reason": reason.strip()})
    return find(session, actor, library_id)


def codes_in_use(session: Session, actor: Actor) -> list[str]:
    """The codes of situations for which there is a typical case, in the order of the articles."""
    permissions.require(actor, permissions.Permission.LIBRARY_READ)
    used = {str(code) for codes in session.scalars(select(TypicalCase.codes).where(_STANDS)) for code in codes}
    return sorted(used, key=_article)


def _article(code: str) -> tuple[list[int], str]:
    return [int(one) if one.isdecimal() else 0 for one in code.split(".")], code
