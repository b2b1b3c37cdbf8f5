"""What follows outside a case's own runs from what it publishes: void opinions, links, a successor, the library."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import programs
from workflow_service.cases import ballots, effects, involvement, library, lifecycle, sealed
from workflow_service.identity.actors import SYSTEM, Actor
from workflow_service.storage import journal, steps, tables

Published = Mapping[str, Any]
_APPLICATION = "submit_application"


def follow(session: Session, actor: Actor, now: datetime, case: tables.Case, before: Published) -> None:
    """Draws the consequences of a step: ``before`` is what the locked case published until then."""
    if case.shared.get("recused") != before.get("recused"):
        _put_out(session, now, case, set(case.shared.get("recused") or ()) - set(before.get("recused") or ()))
    if case.shared.get("related") != before.get("related"):
        _merge(session, actor, case, case.shared["related"] or [])
    if case.shared.get("reopened") not in (None, before.get("reopened")):
        _succeed(session, actor, now, case)
    if case.shared.get("library") not in (None, before.get("library")):
        library.enter(session, now, case, case.shared["library"])


def _put_out(session: Session, now: datetime, case: tables.Case, recused: set[str]) -> None:
    """The unopened opinions of those who were recused count no more and stay on record; their tasks are free for others."""
    for name in sorted(recused):
        ballots.void(session, case.id, name, "成员已回避，意见作废")
    row = tables.Task
    theirs = or_(*(one.in_(recused) for one in (row.holder, row.delegated_by, row.on_behalf_of)))
    held = select(row).where(row.case_id == case.id, row.status == "open", theirs)
    for task in session.scalars(held):
        if not task.sealed:
            task.holder, task.assignee, task.on_behalf_of, task.delegated_by = None, None, None, None
            lifecycle.note(session, SYSTEM, now, case, "released", {"task": task.id, "reason": "持有人已回避"})


def _merge(session: Session, actor: Actor, case: tables.Case, numbers: list[str]) -> None:
    """Links a case with those on the same matter, both ways; each keeps its number.

    Raises:
        Invalid: there is no other case of that number, or the actor may not see it.
    """
    for number in sorted(set(numbers) - set(case.related)):
        if number == case.number:
            raise _unknown(number)
        try:
            other = lifecycle.lock(session, number)
            if actor != SYSTEM:
                involvement.require_reading(session, actor, other)
        except errors.NotFound:
            raise _unknown(number) from None
        _link(session, other, [case.number])
    _link(session, case, numbers)


def _unknown(number: str) -> errors.Invalid:
    told = (("number", number),)
    return errors.Invalid([errors.FieldError("duplicate_of", "unknown_case", "没有案号为“{number}”的案件", told)])


def _link(session: Session, case: tables.Case, numbers: list[str]) -> None:
    steps.relate(session, case, list(dict.fromkeys([*case.related, *numbers])))


def _succeed(session: Session, actor: Actor, now: datetime, case: tables.Case) -> None:
    """Opens a case with the same application, linked both ways; the decision in the old one stands until the new one."""
    applied = _application(session, case)
    if applied is None:
        return
    # who was kept from the old case, or bore witness in it, is kept from the new one: the grounds are the same
    kept_out = {name: case.shared.get(name) or [] for name in ("recused", "witnesses")}
    known = {"opened_by": case.opened_by, "related": [case.number], **kept_out}
    bundle = programs.in_force(session, case.place)
    successor = lifecycle.create(session, lifecycle.as_system(actor), now, case.process, case.place, bundle, known)
    effects.remember_people_anew(session, successor.id, known)
    form = programs.of(session, case.bundle).form(_APPLICATION)
    data = sealed.put_away_anew(session, now, case, successor, form, applied["data"])
    lifecycle.begin(session, SYSTEM, now, successor, lifecycle.FirstForm(_APPLICATION, data, applied["by"]))
    _link(session, successor, [case.number])
    _link(session, case, [successor.number])
    lifecycle.note(session, actor, now, case, "succeeded", {"by": successor.number})


def _application(session: Session, case: tables.Case) -> dict[str, Any] | None:
    """The first form of a case as it was submitted, from its journal."""
    for entry in journal.entries(session, case.id):
        if entry.kind == "submitted":
            body = journal.body_of(entry)
            return body if body["at"]["element"] == _APPLICATION else None
    return None
