"""Keeps fields that few may ever read, such as who accused: encrypted outside the journal, every look on record.

The journal and every other answer hold the commitment alone, and keyed marks of the accounts that were named, by which
the separation of duties knows them without showing who they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import programs
from workflow_service.bundles.form_model import Field, carrying
from workflow_service.bundles.forms import Form
from workflow_service.cases import access, ballots, involvement, lifecycle, reasons
from workflow_service.identity import permissions
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, sealed_parts, tables


@dataclass(frozen=True)
class Part:
    """A sealed field as a list shows it: what it is and when it was sealed, nothing of what it says."""

    id: int
    form: str
    field: str
    label: str
    label_en: str
    at: datetime
    commitment: str


def without(form: Form, data: Mapping[str, Any]) -> dict[str, Any]:
    """What may lie open of answers that are not submitted yet."""
    return {name: value for name, value in data.items() if name not in form.answers or not form.answers[name].sealed}


def put_away(  # noqa: PLR0913  who seals what of which form, and when
    session: Session, actor: Actor, now: datetime, case: tables.Case, form: Form, given: dict[str, Any]
) -> dict[str, Any]:
    """The answers with each sealed field replaced by its commitment and marks; the field itself is locked up."""
    hidden = [one for one in form.answers.values() if one.sealed and given.get(one.name) is not None]
    return (
        given
        if not hidden
        else {
            **given,
            **{one.name: _lock(session, actor.name, now, case, form, one, given[one.name]) for one in hidden},
        }
    )


def put_away_anew(  # noqa: PLR0913  what was sealed where, for which case, and when
    session: Session, now: datetime, before: tables.Case, case: tables.Case, form: Form, given: dict[str, Any]
) -> dict[str, Any]:
    """The answers of a form of the case before, as another case keeps them: each sealed field is locked up for it as well.

    The marks of a case know an account in that case alone; without marks of its own whoever accused could handle it.
    """
    query = select(sealed_parts.SealedPart).where(sealed_parts.SealedPart.case_id == before.id)
    rows = {row.commitment: row for row in session.scalars(query)}
    found = dict(given)
    for one in carrying(form.fields):
        row = rows.get(given[one.name]["sealed"]) if one.sealed and given.get(one.name) is not None else None
        if row is not None:
            value = _opened(session, row)["value"]
            found[one.name] = _lock(session, row.by, now, case, form, one, value)
    return found


def _lock(  # noqa: PLR0913  as above, for one field
    session: Session, by: str, now: datetime, case: tables.Case, form: Form, one: Field, value: Any
) -> dict[str, Any]:
    safe = database.safe_of(session)
    salt = database.random_of(session)(16)
    answers = {"value": value}
    digest = ballots.commitment(salt, answers)
    session.add(
        sealed_parts.SealedPart(
            case_id=case.id,
            form=form.id,
            field=one.name,
            by=by,
            at=now,
            commitment=digest,
            ciphertext=safe.lock({"salt": salt, "answers": answers}),
        )
    )
    return {"sealed": digest, "marks": [involvement.mark(safe, case.number, name) for name in _accounts(one, value)]}


def _accounts(one: Field, value: Any) -> Iterator[str]:
    """The accounts that are named in a field."""
    if one.type == "person" and isinstance(value, str):
        yield value
    elif one.type == "people" and isinstance(value, list):
        yield from value
    elif isinstance(value, list):
        for row in value:
            yield from _accounts(one, row)
    elif isinstance(value, dict):
        for inner in one.fields:
            yield from _accounts(inner, value.get(inner.name))


def listed(session: Session, actor: Actor, now: datetime, number: str) -> list[Part]:
    """The sealed fields of a case, for those who may open them; raises NotFound for everybody else."""
    case = _openable(session, actor, now, number, "sealed parts")
    loaded = programs.of(session, case.bundle)
    return [_part(loaded, row) for row in _rows(session, case.id)]


def _part(loaded: programs.Loaded, row: sealed_parts.SealedPart) -> Part:
    field = loaded.form(row.form).answers[row.field]
    return Part(row.id, row.form, row.field, field.label, field.label_en, row.at, row.commitment)


def _rows(session: Session, case_id: int) -> Sequence[sealed_parts.SealedPart]:
    query = select(sealed_parts.SealedPart).where(sealed_parts.SealedPart.case_id == case_id)
    return session.scalars(query.order_by(sealed_parts.SealedPart.id)).all()


def look(session: Session, actor: Actor, now: datetime, number: str, part_id: int, reason: str) -> Any:  # noqa: PLR0913  who looks at what, and why
    """What a sealed field says; the look and its reason go on record.

    Raises:
        NotFound: there is no such part, or the person may not open it. Invalid: no reason is given.
        CannotAdvance: the text does not match its commitment.
    """
    case = _openable(session, actor, now, number, f"sealed {part_id}")
    reasons.require(reason)
    row = session.get(sealed_parts.SealedPart, part_id)
    if row is None or row.case_id != case.id:
        raise errors.NotFound("没有这项密封内容，或您无权查看")
    answers = _opened(session, row)
    body = {"part": row.id, "form": row.form, "field": row.field, "reason": reason.strip()[:1000]}
    lifecycle.note(session, actor, now, lifecycle.lock(session, number), "unsealed", body)
    return answers["value"]


def _opened(session: Session, row: sealed_parts.SealedPart) -> dict[str, Any]:
    return ballots.unlocked(database.safe_of(session), row.ciphertext, row.commitment, row.field)


def _openable(session: Session, actor: Actor, now: datetime, number: str, what: str) -> tables.Case:
    case = session.scalar(select(tables.Case).where(tables.Case.number == number))
    involved = None if case is None else involvement.of(session, case, actor.name)
    if case is None or involved is None or not permissions.may_unseal(actor, case.place, involved):
        access.remember(session, actor, now, None if case is None else case.id, what, allowed=False)
        raise errors.NotFound("没有这项密封内容，或您无权查看")
    access.remember(session, actor, now, case.id, what)
    return case
