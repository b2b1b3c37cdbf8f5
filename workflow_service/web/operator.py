"""The desk of operators: incidents, jobs, workers, caught mail, the demo's clock."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import flask
import orjson
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import programs
from workflow_service.cases import access, incidents, mending, overview, reasons
from workflow_service.identity import permissions, roster
from workflow_service.identity.permissions import Permission
from workflow_service.storage import people, tables
from workflow_service.web import api_operations, api_tasks, guard, i18n, problems, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("operator", __name__, url_prefix="/operations")

TABS = ("incidents", "closed", "jobs", "workers", "acts", "mail")


@pages.get("")
@guard.needs(Permission.OPERATIONS_READ)
def desk() -> str:
    """What gave up, what runs, who works."""
    return _page(api_tasks.one_of("tab", TABS, "incidents"))


def _page(tab: str, refused: Mapping[str, Any] | None = None) -> str:
    after = visit.whole_of("after", 0, 0, 10**12)
    with visit.reading() as session:
        actor = visit.actor()
        counts = overview.counts(session, visit.now())
        if tab in ("incidents", "closed"):
            shown = _incidents(session, incidents.listed(session, actor, after, 50, closed=tab == "closed"))
            shown["alike"] = [] if tab == "closed" else incidents.alike(session, actor)
        elif tab == "jobs":
            status = api_tasks.one_of("status", api_operations.JOB_STATUS, "")
            rows, total, following = overview.jobs(session, actor, status, after, 50)
            shown = {"jobs": rows, "total": total, "following": following, "status": status}
        elif tab == "workers":
            shown = {"workers": overview.workers(session, actor), "alive_since": visit.now() - overview.ALIVE}
        elif tab == "acts":
            shown = _acts(session, access.of_administration(session, actor, after, _SIZE + 1))
        else:
            shown = {"mails": overview.mails(session, actor)}
        return flask.render_template(
            "operations.html", tab=tab, tabs=_tabs(), counts=counts, refused=refused or {}, **shown
        )


def _incidents(session: Session, found: Sequence[tuple[tables.Incident, str]]) -> dict[str, Any]:
    """Incidents with what their steps are called, and who resolved them."""
    rows = [incident for incident, _number in found]
    runs = {(row.case_id, row.id): row for row in _runs(session, {one.case_id for one in rows})}
    called = {}
    for one in rows:
        run = runs.get((one.case_id, one.run))
        passed = programs.of(session, run.bundle).passed.get(run.process, {}) if run else {}
        if one.element in passed:
            called[one.id] = i18n.either(passed[one.element], "name")
    return {
        "incidents": found,
        "called": called,
        "awaited": _awaited(session, found),
        "who": roster.display_names(session, {one.closed_by for one in rows if one.closed_by}),
    }


def _awaited(session: Session, found: Sequence[tuple[tables.Incident, str]]) -> dict[int, list[str]]:
    """What later steps read in the results of the calls that gave up, by job."""
    wanted = [one.job_id for one, _number in found if one.job_id and one.closed_at is None]
    query = select(tables.Job, tables.Case.bundle).join(tables.Case, tables.Case.id == tables.Job.case_id)
    rows = session.execute(query.where(tables.Job.id.in_(wanted)))
    return {row[0].id: mending.awaited(programs.of(session, row[1]), row[0]) for row in rows}


_SIZE = 50


def _acts(session: Session, rows: Sequence[people.Access]) -> dict[str, Any]:
    """What administrators did, for auditors, with their names; one row more than a page tells that there are further ones."""
    following = rows[_SIZE - 1].id if len(rows) > _SIZE else None
    who = roster.display_names(session, {one.account for one in rows})
    return {"acts": rows[:_SIZE], "following": following, "who": who}


def _runs(session: Session, cases: set[int]) -> Sequence[Any]:
    columns = (tables.Run.case_id, tables.Run.id, tables.Run.process, tables.Case.bundle)
    query = select(*columns).join(tables.Case, tables.Case.id == tables.Run.case_id)
    return session.execute(query.where(tables.Run.case_id.in_(cases))).all()


def _tabs() -> dict[str, str]:
    tabs = {"incidents": _("异常"), "closed": _("已处理的异常"), "jobs": _("作业"), "workers": _("工作进程")}
    if permissions.allows(visit.actor(), Permission.ACCESS_READ):
        tabs["acts"] = _("管理记录")
    return {**tabs, "mail": _("邮件箱")} if visit.site().settings.demo else tabs


@pages.post("/incidents/<int:incident_id>/alike")
@guard.needs(Permission.INCIDENT_RESOLVE)
def retry_alike(incident_id: int) -> flask.typing.ResponseReturnValue:
    """Retries all that gave up as this one did, each case by itself: one that cannot be retried stops no other."""
    with visit.reading() as session:
        wanted = incidents.open_like(session, visit.actor(), incident_id)
    if not wanted:
        raise errors.Conflict("这些异常已经处理")
    for one in wanted:
        with suppress(errors.ServiceError), visit.writing() as session:
            incidents.retry(session, visit.actor(), visit.now(), one)
    return shared.go("operator.desk", "retried")


@pages.post("/incidents/<int:incident_id>/<action>")
@guard.needs(Permission.INCIDENT_RESOLVE)
def resolve(incident_id: int, action: str) -> flask.typing.ResponseReturnValue:
    """Retries or skips what gave up, repairs have a page of their own; what was refused stands in its form as it was typed, with the reason."""
    try:
        _resolve(incident_id, action)
    except errors.Invalid as invalid:
        return _page("incidents", problems.refused(invalid, action, incident_id)), 422
    return shared.go("operator.desk", "retried" if action == "retry" else "resolved")


def _resolve(incident_id: int, action: str) -> None:
    reason = flask.request.form.get("reason", "")[:4000]
    if action == "retry":
        api_operations.resolved(incident_id, incidents.retry)
    elif action == "skip":
        api_operations.resolved(incident_id, incidents.skip, _result(reason), reason)
    else:
        raise errors.NotFound("没有这项操作")


def _result(reason: str) -> object:
    """The result given by hand; raises Invalid naming all that is wrong in the dialog."""
    text = flask.request.form.get("result", "").strip() or "{}"
    blank = reasons.missing(reason)
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise errors.Invalid([problems.unreadable("result", fault), *blank]) from None
    if blank:
        raise errors.Invalid(blank)
    return found


@pages.post("/clock")
@guard.needs(Permission.OPERATIONS_READ)
def move_clock() -> flask.typing.ResponseReturnValue:
    """Moves the demo's clock forward."""
    api_operations.move_clock(flask.request.form.get("now", ""))
    return shared.go("operator.desk", "clock")
