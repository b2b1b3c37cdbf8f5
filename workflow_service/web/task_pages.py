"""A task's page: its form, the case around it, and everything that one can do with it."""

from collections.abc import Mapping
from typing import Any

import flask
import werkzeug
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import forms, programs
from workflow_service.cases import countersigning, files, tasks
from workflow_service.cases import pages as gathered
from workflow_service.identity import roster
from workflow_service.identity.permissions import Permission
from workflow_service.storage import tables
from workflow_service.web import filled_in, guard, i18n, problems, shapes, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("task_pages", __name__)

ACTIONS: Mapping[str, tuple[Any, tuple[str, ...], str]] = {
    "claim": (tasks.claim, (), "claimed"),
    "release": (tasks.release, (), "released"),
    "transfer": (tasks.transfer, ("to", "reason"), "transferred"),
    "delegate": (tasks.delegate, ("to",), "delegated"),
    "return": (tasks.send_back, ("to_element", "reason"), "returned"),
    "withdraw": (tasks.withdraw, (), "withdrawn"),
    "remind": (tasks.remind, (), "reminded"),
    "copy": (tasks.copy, ("to",), "copied"),
}
"""What a button of the page does: the verb, the fields it takes, the word that confirms it."""

STAYING = ("claim", "transfer", "delegate", "withdraw", "remind", "copy", "countersign")


@pages.get("/tasks/<task_id>")
@guard.needs(Permission.CASE_READ)
def show(task_id: str) -> str:
    """A task's page."""
    return _shown(task_id)


def _shown(task_id: str, refused: Mapping[str, Any] | None = None) -> str:
    with visit.reading() as session:
        seen = gathered.task_page(session, visit.actor(), visit.now(), task_id)
        draft = seen.draft
        values = forms.prefill(seen.form, seen.known) if draft is None else forms.to_web(seen.form, draft)
        return _page(session, seen, values, {}, refused=refused)


def _page(  # noqa: PLR0913  a task, what was typed into its form or beside it, and what was wrong
    session: Session,
    seen: gathered.TaskView,
    values: Mapping[str, Any],
    faults: Mapping[str, str],
    notice: str = "",
    refused: Mapping[str, Any] | None = None,
) -> str:
    receivers = _receivers(session, seen)
    loaded = programs.of(session, seen.case.bundle)
    earlier = _earlier(loaded, seen)
    named = {*filled_in.people(earlier), *filled_in.accounts(seen.described["fields"], values)}
    names = gathered.people_of(session, seen, named)
    filled_in.speak(loaded, earlier, seen.case, names)
    filled_in.call_files(session, visit.actor(), seen.described["fields"], values)
    return flask.render_template(
        "task.html",
        seen=seen,
        task=seen.task,
        case=seen.case,
        values=values,
        names=names,
        faults=faults,
        notice=notice,
        refused=refused or {},
        key=visit.site().db.random(12),
        explained=shapes.explained(session, seen.task),
        receivers=receivers,
        people=people_for(session, seen.task.place, seen.form),
        articles=seen.articles,
        earlier=earlier,
        back_from=_step(loaded, seen.task.process, seen.back.element) if seen.back else "",
        done=_done(session, seen.task),
        lanes=i18n.lanes(loaded.lanes, loaded.roles),
        siblings=_siblings(session, seen.task) if "countersign" in seen.may else [],
    )


def _earlier(loaded: programs.Loaded, seen: gathered.TaskView) -> list[filled_in.Part]:
    """What earlier steps say, with the labels and options of their forms, and what the case knows."""
    process = seen.task.process
    return [
        filled_in.part(loaded, process, name, filled_in.form_of(loaded, process, name), answers, seen.known)
        for name, answers in seen.shown.items()
    ]


def _step(loaded: programs.Loaded, process: str, element: str) -> str:
    found = loaded.step(process, element)
    return i18n.either(found, "name") if found else element


def _done(session: Session, task: tables.Task) -> list[str]:
    rows = session.query(tables.Task.element).filter_by(case_id=task.case_id, process=task.process, status="done")
    return sorted({row.element for row in rows} - {task.element})


def _receivers(session: Session, seen: gathered.TaskView) -> Mapping[str, str]:
    if not seen.may & {"transfer", "delegate", "copy", "countersign"}:
        return {}
    names = roster.with_role(session, seen.task.place, seen.task.role)
    shown = roster.display_names(session, names)
    return {name: shown[name] for name in names if name != visit.actor().name}


def people_for(session: Session, place: str, form: forms.Form) -> list[dict[str, Any]]:
    """The people whom a form may name: account, shown name, unit, roles; nobody is looked up when it names nobody."""
    wanted = forms.roles_named(form.fields)
    if wanted is None:
        return []
    return [
        {"name": one.name, "display_name": one.display_name, "unit": one.unit_name, "roles": list(one.roles)}
        for one in roster.eligible(session, place, wanted)
    ]


@pages.post("/tasks/<task_id>")
@guard.needs(Permission.TASK_WORK)
def submit(task_id: str) -> flask.typing.ResponseReturnValue:
    """Submits the form; whatever stands in the way is said above what was typed."""
    posted = flask.request.form
    with visit.reading() as session:
        seen = gathered.task_page(session, visit.actor(), visit.now(), task_id)
        form = seen.form
    answers, faults = answered(form)
    if faults:
        return _again(task_id, answers, "", faults), 422
    if posted.get("act") == "review":
        return _again(task_id, answers, unsaved())
    try:
        if posted.get("act") == "draft":
            with visit.writing() as session:
                tasks.save_draft(session, visit.actor(), visit.now(), task_id, answers)
            return shared.go("task_pages.show", "drafted", task_id=task_id)
        done = _send(task_id, answers, posted.get("key", "")[:40])
    except errors.Invalid as invalid:
        return _again(task_id, answers, "", faults_of(invalid)), 422
    except (errors.Conflict, errors.NotAllowed, errors.CannotAdvance, errors.CalendarDataMissing) as refused:
        return _again(task_id, answers, not_sent(refused)), problems.of_error(refused).status
    visit.follow(done.case)
    return _onwards(done)


def _send(task_id: str, answers: Mapping[str, Any], key: str) -> tasks.Submission:
    with visit.writing() as session:
        safe = visit.site().worker.safe
        return tasks.submit(session, visit.actor(), visit.now(), task_id, filled(answers), key, safe)


def _again(task_id: str, answers: Mapping[str, Any], notice: str, faults: Mapping[str, str] | None = None) -> str:
    """The task's page as it stands now, with what the person has typed."""
    with visit.reading() as session:
        seen = gathered.task_page(session, visit.actor(), visit.now(), task_id)
        return _page(session, seen, answers, faults or {}, notice)


def not_sent(refused: errors.ServiceError) -> str:
    """The sentence above a form that was refused as a whole."""
    if isinstance(refused, errors.KeyUsed):
        return str(_("从这一页已经提交过一次，内容与现在的不同，这次没有提交；确需再次提交的，请再点“提交”"))
    why = problems.of_error(refused).detail.rstrip("。.")
    return str(_("%(why)s。您填写的内容没有提交，仍在下面", why=why))


def unsaved() -> str:
    """The sentence above a form that came back after the session had ended."""
    return str(_("这是登录过期时您已填写的内容，尚未保存，也尚未提交"))


def _onwards(done: tasks.Submission) -> flask.typing.ResponseReturnValue:
    """To the next step when it is this person's own, else to the case."""
    with visit.reading() as session:
        mine = [
            row.id
            for row in session.query(tables.Task)
            .join(tables.Case, tables.Case.id == tables.Task.case_id)
            .filter(tables.Case.number == done.case, tables.Task.status == "open")
            .filter(tables.Task.holder == visit.actor().name)
        ]
    following = next((one for one in mine if one in done.opened_tasks), None)
    if following is not None:
        return shared.go("task_pages.show", "submitted", task_id=following)
    return shared.go("case_pages.show", "submitted", number=done.case)


def filled(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that a person gave; what was left empty is left out."""
    return {name: value for name, value in answers.items() if value not in (None, "", [], {})}


def faults_of(invalid: errors.Invalid) -> dict[str, str]:
    """Field path → the sentence that says what is wrong with it, in the order of the form."""
    return {one.field: problems.said(one) for one in invalid.errors}


def answered(form: forms.Form) -> tuple[dict[str, Any], dict[str, str]]:
    """The answers posted with a page, whose files are kept; and field path → why a file of it was refused."""
    kept: dict[str, list[str]] = {}
    faults: dict[str, str] = {}
    sent = [(path, one) for path, many in flask.request.files.lists() for one in many if one.filename]
    own = [(path, one) for path, one in sent if path.partition(".")[0] in form.answers]
    if own:
        with visit.writing() as session:
            for path, one in own:
                try:
                    kept.setdefault(path, []).append(_keep(session, one))
                except errors.Invalid as invalid:
                    faults[path] = problems.said(invalid.errors[0])
    return forms.from_web(form, flask.request.form, kept), faults


def _keep(session: Session, one: werkzeug.datastructures.FileStorage) -> str:
    content = one.stream.read()
    return files.upload(session, visit.actor(), visit.now(), one.filename or "", one.mimetype or "", content).id


@pages.post("/tasks/<task_id>/draft")
@guard.needs(Permission.TASK_WORK)
def autosave(task_id: str) -> flask.typing.ResponseReturnValue:
    """Keeps what the person has typed so far."""
    with visit.reading() as session:
        form = gathered.task_page(session, visit.actor(), visit.now(), task_id).form
    with visit.writing() as session:
        answers = forms.from_web(form, flask.request.form, {})
        tasks.save_draft(session, visit.actor(), visit.now(), task_id, answers)
    return "", 204


@pages.post("/tasks/<task_id>/<action>")
@guard.needs(Permission.CASE_READ)
def act(task_id: str, action: str) -> flask.typing.ResponseReturnValue:
    """Does what a button of the page says; a dialog that lacks something comes back as it was filled in."""
    form = flask.request.form
    try:
        with visit.writing() as session:
            word = _act(session, task_id, action)
            row, case = tasks.find(session, task_id)
            number, still_mine = case.number, row.holder == visit.actor().name
    except errors.Invalid as invalid:
        if not ACTIONS.get(action, (None, (), ""))[1]:
            raise
        return _shown(task_id, problems.refused(invalid, action)), 422
    visit.follow(number)
    if form.get("back") == "inbox":
        return shared.go("staff.inbox", word, scope=form.get("scope", "mine"))
    if action in STAYING and (still_mine or action in ("remind", "copy", "countersign")):
        return shared.go("task_pages.show", word, task_id=task_id)
    return shared.go("case_pages.show", word, number=number)


def _act(session: Session, task_id: str, action: str) -> str:
    """Calls the verb of a button, and gives the word that confirms it."""
    if action == "countersign":
        add, remove = _members(session, task_id)
        countersigning.change(session, visit.actor(), visit.now(), task_id, add, remove)
        return "countersigned"
    if action not in ACTIONS:
        raise errors.NotFound("没有这项操作")
    verb, names, word = ACTIONS[action]
    given = [_field(name) for name in names]
    verb(session, visit.actor(), visit.now(), task_id, *given)
    return word


def _members(session: Session, task_id: str) -> tuple[list[Any], list[Any]]:
    """Whom the page adds to a task that several do side by side, by account, and whom it takes out."""
    task, _case = tasks.find(session, task_id)
    add = [name for name in flask.request.form.getlist("add") if name]
    gone = set(flask.request.form.getlist("remove"))
    return add, [item for element, item in _siblings(session, task) if element in gone]


def _siblings(session: Session, task: tables.Task) -> list[tuple[str, Any]]:
    """The open tasks that people do side by side with this one, itself among them: id and item."""
    return [(one.id, (one.instance or {}).get("item")) for one in countersigning.side_by_side(session, task)]


def _field(name: str) -> str:
    text = flask.request.form.get(name, "").strip()
    if not text:
        labels = {"to": _("接收人"), "reason": _("理由"), "to_element": _("环节")}
        raise errors.Invalid([errors.FieldError(name, "required", "请填写“{label}”", (("label", labels[name]),))])
    return text[:4000]
