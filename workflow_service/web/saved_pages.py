"""Filters of lists, kept under names: the row of them above a list, keeping one, giving one up."""

from collections.abc import Callable, Mapping
from typing import Any

import flask
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.cases import saved
from workflow_service.identity.permissions import Permission
from workflow_service.web import guard, problems, visit

pages = flask.Blueprint("saved_pages", __name__, url_prefix="/filters")

_LISTS = {"inbox": "/inbox", "cases": "/cases"}


def above(session: Session, list_name: str) -> dict[str, Any]:
    """What the row above a list shows: the person's filters, which of them is in use, and whether this one could be kept."""
    here = saved.address(list_name, flask.request.args)
    mine = [
        {"id": one.id, "name": one.name, "to": f"{_LISTS[list_name]}?{one.query}", "in_use": one.query == here}
        for one in saved.of(session, visit.actor(), list_name)
    ]
    narrows = any(flask.request.args.get(name, "").strip() for name in saved.FILTERS[list_name] if name != "scope")
    to_keep = f"{_LISTS[list_name]}?{here}" if narrows and not any(one["in_use"] for one in mine) else ""
    return {"filters": mine, "to_keep": to_keep}


def kept(list_name: str, again: Callable[[Mapping[str, Any]], str]) -> flask.typing.ResponseReturnValue:
    """Keeps the filter in the address of a posted form under its name; ``again`` shows the list to a name that cannot be."""
    name = flask.request.form.get("name", "").strip()
    try:
        with visit.writing() as session:
            query = saved.keep(session, visit.actor(), list_name, name, flask.request.args)
    except errors.Invalid as invalid:
        return again(problems.refused(invalid)), 422
    return flask.redirect(f"{_LISTS[list_name]}?{query}", 303)


@pages.post("/<int:filter_id>/forget")
@guard.needs(Permission.TASK_WORK, Permission.CASE_READ)
def forget(filter_id: int) -> flask.typing.ResponseReturnValue:
    """Gives a filter up; the list stays as it filters."""
    with visit.writing() as session:
        gone = saved.forget(session, visit.actor(), filter_id)
        to = f"{_LISTS[gone.list_name]}?{gone.query}"
    return flask.redirect(to, 303)
