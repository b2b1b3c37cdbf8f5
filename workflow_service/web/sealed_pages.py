"""What is sealed for good in a case, such as who accused: a page and an API for those few who may open it."""

from typing import Any

import flask

from workflow_service import errors
from workflow_service.cases import sealed
from workflow_service.identity.permissions import Permission
from workflow_service.web import api, guard, i18n, problems, schemas, visit
from workflow_service.web.api import Op
from workflow_service.web.guard import Entry

pages = flask.Blueprint("sealed_pages", __name__)

OPENERS = Entry(needs=frozenset({Permission.SEALED_READ}))


@pages.route("/cases/<number>/sealed", methods=["GET", "POST"])
@guard.needs(Permission.SEALED_READ)
def show(number: str) -> flask.typing.ResponseReturnValue:
    """The sealed fields of a case; one is opened with a reason, and the look is recorded."""
    form = flask.request.form
    opened: dict[int, Any] = {}
    refused: dict[str, Any] = {}
    if flask.request.method == "POST":
        part = int(form["part"]) if form.get("part", "").isdecimal() else 0
        try:
            with visit.writing() as session:
                opened[part] = sealed.look(session, visit.actor(), visit.now(), number, part, form.get("reason", ""))
        except errors.Invalid as invalid:
            refused = problems.refused(invalid, about=part)
    with visit.reading() as session:
        parts = sealed.listed(session, visit.actor(), visit.now(), number)
    page = flask.render_template("sealed.html", number=number, parts=parts, opened=opened, refused=refused)
    return page, 422 if refused else 200


@api.offer(
    Op(
        "GET", "/cases/<number>/sealed", "cases", "密封项目", entry=OPENERS,
        gives=schemas.told(items=schemas.array(schemas.DATA)),
    )
)  # fmt: skip
def list_sealed(number: str) -> dict[str, Any]:
    """The sealed fields of a case, without what they say."""
    with visit.reading() as session:
        parts = sealed.listed(session, visit.actor(), visit.now(), number)
    return {
        "items": [
            {"id": one.id, "form": one.form, "field": one.field, "label": i18n.either(one, "label"), "at": i18n.stamp(one.at), "commitment": one.commitment}
            for one in parts
        ]
    }  # fmt: skip


@api.offer(
    Op(
        "POST", "/cases/<number>/sealed/<int:part>/look", "cases", "拆封查阅", entry=OPENERS, gives=schemas.DATA,
        body=schemas.record(("reason",), reason=schemas.TEXT),
    )
)  # fmt: skip
def look_sealed(given: dict[str, Any], number: str, part: int) -> dict[str, Any]:
    """What a sealed field says; the look and its reason go on record."""
    with visit.writing() as session:
        return {"value": sealed.look(session, visit.actor(), visit.now(), number, part, given["reason"])}
