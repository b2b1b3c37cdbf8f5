"""Judges what somebody filled in for a case: the form's own rules, the files that may be used, the people who may be named."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from workflow_service.bundles import forms, programs
from workflow_service.cases import callings, files, library
from workflow_service.identity import roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import tables


def judged(  # noqa: PLR0913  who fills in what, where, knowing what
    session: Session, actor: Actor, case: tables.Case, form: forms.Form, data: Any, known: Mapping[str, Any]
) -> dict[str, Any]:
    """The answers to a form as they are kept; raises Invalid, which names each wrong field."""
    people = forms.People(partial(_known, session), programs.of(session, case.bundle).roles)
    mine = files.known_to(session, actor, case)
    given = forms.check(form, data, known, files=mine, people=people)
    library.require_anonymous(session, given)
    return callings.by_account(session, case.place, form.fields, given)


def _known(session: Session, names: Collection[str]) -> dict[str, forms.Known]:
    return {name: forms.Known(active, roles) for name, (active, roles) in roster.known(session, names).items()}
