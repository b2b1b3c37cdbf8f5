"""The desk of whoever handles cases: inbox, notices, own profile."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import flask
from flask_babel import gettext as _

from workflow_service import chinese_time, errors
from workflow_service.bundles import programs
from workflow_service.cases import inbox as tasks
from workflow_service.cases import queries
from workflow_service.cases.paging import COUNT_CAP
from workflow_service.identity import credentials, permissions, roster, substitutes
from workflow_service.identity.permissions import Permission
from workflow_service.web import api_tasks, guard, i18n, saved_pages, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("staff", __name__)


@pages.get("/")
@guard.signed_in
def home() -> flask.typing.ResponseReturnValue:
    """Leads to the first page that the person's roles open."""
    actor = visit.actor()
    for one in shared.NAVIGATION:
        if permissions.allows(actor, one.needs):
            return shared.go(one.endpoint)
    return shared.go("staff.profile")


@pages.get("/inbox")
@guard.needs(Permission.TASK_WORK)
def inbox() -> str:
    """The tasks of the person: held, free to claim, all, done."""
    return _inbox()


@pages.post("/inbox")
@guard.needs(Permission.TASK_WORK)
def keep_filter() -> flask.typing.ResponseReturnValue:
    """Keeps the list's filter under a name."""
    return saved_pages.kept("inbox", _inbox)


def _inbox(refused: Mapping[str, Any] | None = None) -> str:
    scope = api_tasks.one_of("scope", api_tasks.SCOPES, "mine")
    wanted = api_tasks.task_filter()
    with visit.reading() as session:
        actor, now = visit.actor(), visit.now()
        found = tasks.page(session, now, tasks.Listing(actor, scope, wanted), visit.text_of("after"), 30, COUNT_CAP)
        counts = {
            one: found.total
            if one == scope
            else tasks.count(session, now, tasks.Listing(actor, one, wanted), COUNT_CAP)
            for one in ("mine", "available")
        }
        return flask.render_template(
            "inbox.html",
            found=found,
            about=tasks.about(session, found.items),
            scope=scope,
            scopes=_scopes(),
            counts=counts,
            wanted=wanted,
            processes=process_names(session),
            saved=saved_pages.above(session, "inbox"),
            refused=refused or {},
        )


@pages.get("/inbox/next")
@guard.needs(Permission.TASK_WORK)
def next_task() -> flask.typing.ResponseReturnValue:
    """Leads from one task to the next that the person holds, by due date and round again; to the inbox when there is none."""
    asked = tasks.Listing(visit.actor(), "mine", tasks.TaskFilter())
    with visit.reading() as session:
        held = [one.task.id for one in tasks.page(session, visit.now(), asked, "", 200).items]
    after = visit.text_of("after")
    place = held.index(after) + 1 if after in held else 0
    others = [one for one in (*held[place:], *held[:place]) if one != after]
    if not others:
        return shared.go("staff.inbox", "no_next")
    return shared.go("task_pages.show", task_id=others[0])


def _scopes() -> dict[str, str]:
    return {"mine": _("我的待办"), "available": _("可签收"), "all": _("全部"), "done": _("已办")}


def process_names(session: object) -> dict[str, str]:
    """Process id → its name, of the bundle in force where the person works; empty while there is none."""
    try:
        found = programs.of(session, programs.in_force(session, visit.actor().place))  # type: ignore[arg-type]  # a session
    except errors.NotFound:
        return {}
    return i18n.processes(found.program)


@pages.get("/notices")
@guard.signed_in
def notices() -> str:
    """One's own notices, newest first."""
    with visit.reading() as session:
        found = queries.notices(session, visit.actor(), visit.text_of("after", 20))
        return flask.render_template("notices.html", found=found)


@pages.post("/notices/read")
@guard.signed_in
def read_notices() -> flask.typing.ResponseReturnValue:
    """Marks all one's notices as read."""
    with visit.writing() as session:
        queries.read_notices(session, visit.actor(), visit.now())
    return shared.go("staff.notices")


@pages.get("/profile")
@guard.newcomers
def profile() -> str:
    """Who one is, with the password and the substitutes."""
    return _profile({})


def _profile(faults: dict[str, str]) -> str:
    with visit.reading() as session:
        actor = visit.actor()
        mine = substitutes.of(session, actor)
        names = roster.display_names(session, [name for one in mine for name in (one.absent, one.substitute)])
        here = roster.everybody(session, actor.place)
        return flask.render_template(
            "profile.html",
            faults=faults,
            substitutions=mine,
            names=names,
            unit=next((one.unit_name for one in here if one.name == actor.name), actor.unit),
            colleagues=[
                one
                for one in here
                if one.active and one.name != actor.name and substitutes.can_stand_in(actor, one.place, one.roles)
            ],
        )


@pages.post("/profile/password")
@guard.newcomers
def change_password() -> flask.typing.ResponseReturnValue:
    """Sets a new password and ends all sessions of the account."""
    form = flask.request.form
    try:
        if form.get("new", "") != form.get("again", ""):
            raise errors.Invalid([errors.FieldError("again", "differs", "两次输入的新密码不一致")])
        with visit.writing() as session:
            credentials.change_password(
                session, visit.actor(), visit.now(), form.get("old", "")[:400], form.get("new", "")[:400]
            )
    except errors.Invalid as invalid:
        faults = {one.field: _(one.template) for one in invalid.errors}
        return _profile({"new" if name == "password" else name: text for name, text in faults.items()}), 422
    answer = flask.redirect(flask.url_for("signin.ask", said="password"), 303)
    answer.delete_cookie(guard.cookie_name())
    return answer


@pages.post("/profile/substitutes")
@guard.signed_in
def add_substitute() -> flask.typing.ResponseReturnValue:
    """Lets a colleague act for oneself between two times."""
    form = flask.request.form
    try:
        with visit.writing() as session:
            substitutes.appoint(
                session,
                visit.actor(),
                visit.now(),
                form.get("substitute", ""),
                local_time("starts_at"),
                local_time("ends_at"),
            )
    except errors.Invalid as invalid:
        return _profile({one.field: _(one.template) for one in invalid.errors}), 422
    return shared.go("staff.profile", "saved")


def local_time(name: str) -> datetime:
    """A posted time on the wall in Shanghai; raises Invalid naming the field."""
    text = flask.request.form.get(name, "")
    try:
        return datetime.fromisoformat(text[:16]).replace(tzinfo=chinese_time.SHANGHAI).astimezone(UTC)
    except (ValueError, OverflowError):
        raise errors.Invalid([errors.FieldError(name, "format", "请选择日期和时间")]) from None


@pages.post("/profile/substitutes/<int:substitution_id>/end")
@guard.signed_in
def end_substitute(substitution_id: int) -> flask.typing.ResponseReturnValue:
    """Ends one of one's own substitutions now."""
    with visit.writing() as session:
        substitutes.end(session, visit.actor(), visit.now(), substitution_id)
    return shared.go("staff.profile", "saved")
