"""The administrators' page of units: the bodies that people belong to, listed, entered and renamed."""

import flask

from workflow_service import errors
from workflow_service.cases import overview
from workflow_service.identity import units
from workflow_service.identity.permissions import Permission
from workflow_service.storage import people
from workflow_service.web import guard, people_pages, task_pages, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("unit_pages", __name__, url_prefix="/units")


@pages.get("")
@guard.needs(Permission.PEOPLE_MANAGE)
def listed() -> str:
    """Every unit with how many people belong to it; a unit is never taken away, only renamed."""
    return _page()


def _page(invalid: errors.Invalid | None = None, renamed: str = "") -> str:
    with visit.reading() as session:
        return flask.render_template(
            "units.html",
            units=overview.units(session),
            places=overview.place_names(session),
            counts=units.headcounts(session),
            faults=task_pages.faults_of(invalid) if invalid else {},
            typed=flask.request.form,
            renamed=renamed,
        )


@pages.post("")
@guard.needs(Permission.PEOPLE_MANAGE)
def enter() -> flask.typing.ResponseReturnValue:
    """Enters a unit."""
    given = {name: flask.request.form.get(name, "").strip()[:80] for name in ("code", "name", "place", "place_name")}
    try:
        with visit.writing() as session:
            units.enter(session, visit.actor(), people.Unit(**given))
            people_pages.recorded(session, f"unit_entered {given['code']}")
    except errors.Invalid as invalid:
        return _page(invalid), 422
    return shared.go("unit_pages.listed", "saved")


@pages.post("/<code>")
@guard.needs(Permission.PEOPLE_MANAGE)
def rename(code: str) -> flask.typing.ResponseReturnValue:
    """Gives a unit another name."""
    try:
        with visit.writing() as session:
            units.rename(session, visit.actor(), code, flask.request.form.get("name", "").strip()[:80])
            people_pages.recorded(session, f"unit_renamed {code}")
    except errors.Invalid as invalid:
        return _page(invalid, code), 422
    return shared.go("unit_pages.listed", "saved")
