"""The desk of operators: incidents, jobs, workers, caught mail, the demo's clock."""

from typing import Any

import flask
import orjson
from flask_babel import gettext as _

from workflow_service import errors
from workflow_service.cases import incidents, overview
from workflow_service.identity.permissions import Permission
from workflow_service.web import api_operations, api_tasks, guard, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("operator", __name__, url_prefix="/operations")

TABS = ("incidents", "closed", "jobs", "workers", "mail")


@pages.get("")
@guard.needs(Permission.OPERATIONS_READ)
def desk() -> str:
    """What gave up, what runs, who works."""
    tab = api_tasks.one_of("tab", TABS, "incidents")
    after = visit.whole_of("after", 0, 0, 10**12)
    with visit.reading() as session:
        actor = visit.actor()
        counts = overview.counts(session, visit.now())
        if tab in ("incidents", "closed"):
            shown: dict[str, Any] = {"incidents": incidents.listed(session, actor, after, 50, closed=tab == "closed")}
        elif tab == "jobs":
            status = api_tasks.one_of("status", api_operations.JOB_STATUS, "")
            rows, total, following = overview.jobs(session, actor, status, after, 50)
            shown = {"jobs": rows, "total": total, "following": following, "status": status}
        elif tab == "workers":
            shown = {"workers": overview.workers(session, actor), "alive_since": visit.now() - overview.ALIVE}
        else:
            shown = {"mails": overview.mails(session, actor)}
        return flask.render_template("operations.html", tab=tab, tabs=_tabs(), counts=counts, **shown)


def _tabs() -> dict[str, str]:
    tabs = {"incidents": _("异常"), "closed": _("已处理的异常"), "jobs": _("作业"), "workers": _("工作进程")}
    return {**tabs, "mail": _("邮件箱")} if visit.site().settings.demo else tabs


@pages.post("/incidents/<int:incident_id>/<action>")
@guard.needs(Permission.INCIDENT_RESOLVE)
def resolve(incident_id: int, action: str) -> flask.typing.ResponseReturnValue:
    """Retries, repairs or skips what gave up."""
    form = flask.request.form
    reason = form.get("reason", "")[:4000]
    if action == "retry":
        api_operations.resolved(incident_id, incidents.retry)
    elif action == "repair":
        api_operations.resolved(incident_id, incidents.repair, _json("data"), reason)
    elif action == "skip":
        api_operations.resolved(incident_id, incidents.skip, _json("result"), reason)
    else:
        raise errors.NotFound("没有这项操作")
    return shared.go("operator.desk", "resolved")


def _json(name: str) -> object:
    text = flask.request.form.get(name, "").strip() or "{}"
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        params = (("line", fault.lineno), ("column", fault.colno))
        template = "内容不是有效的 JSON（第{line}行第{column}列）"
        raise errors.Invalid([errors.FieldError(name, "json", template, params)]) from None


@pages.post("/clock")
@guard.needs(Permission.OPERATIONS_READ)
def move_clock() -> flask.typing.ResponseReturnValue:
    """Moves the demo's clock forward."""
    api_operations.move_clock(flask.request.form.get("now", ""))
    return shared.go("operator.desk", "clock")
