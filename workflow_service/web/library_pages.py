"""The library of typical cases for people: a list to search and filter, and each case to read."""

from collections.abc import Mapping
from typing import Any

import flask

from workflow_service import errors
from workflow_service.cases import library
from workflow_service.identity.permissions import Permission
from workflow_service.web import api_library, guard, problems, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("library_pages", __name__)


@pages.get("/library")
@guard.needs(Permission.LIBRARY_READ)
def listed() -> str:
    """The typical cases, newest first."""
    wanted = api_library.wanted()
    with visit.reading() as session:
        found = library.listed(session, visit.actor(), wanted, visit.text_of("after"), 20)
        labels = api_library.situations(session)
        used = {one: labels.get(one, one) for one in library.codes_in_use(session, visit.actor())}
        return flask.render_template("library.html", found=found, wanted=wanted, used=used, labels=labels)


@pages.get("/library/<library_id>")
@guard.needs(Permission.LIBRARY_READ)
def show(library_id: str) -> str:
    """One typical case: what happened, which situations, what is to be learnt."""
    return _page(library_id)


def _page(library_id: str, refused: Mapping[str, Any] | None = None) -> str:
    with visit.reading() as session:
        found, labels = library.find(session, visit.actor(), library_id), api_library.situations(session)
        return flask.render_template(
            "typical_case.html", found=found, one=found.row, labels=labels, refused=refused or {}
        )


@pages.post("/library/<library_id>/withdrawal")
@guard.needs(Permission.LIBRARY_WITHDRAW)
def withdraw(library_id: str) -> flask.typing.ResponseReturnValue:
    """Takes a typical case out of the library; without a reason the page says so beside the field."""
    reason = flask.request.form.get("reason", "")[:4000]
    try:
        with visit.writing() as session:
            library.withdraw(session, visit.actor(), visit.now(), library_id, reason)
    except errors.Invalid as invalid:
        return _page(library_id, problems.refused(invalid)), 422
    return shared.go("library_pages.listed", "withdrawn_from_library")
