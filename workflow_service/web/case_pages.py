"""Cases for people: the list, the file of one, starting one, sending messages to one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import flask
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.audit import verdicts
from workflow_service.bundles import forms, programs
from workflow_service.cases import calendars, files, lifecycle, opening, overview, queries, scope, why
from workflow_service.cases import pages as gathered
from workflow_service.cases.paging import COUNT_CAP
from workflow_service.engine import view
from workflow_service.identity import roster
from workflow_service.identity.permissions import Permission
from workflow_service.web import (
    api_cases,
    api_tasks,
    filled_in,
    guard,
    headers,
    i18n,
    problems,
    saved_pages,
    shapes,
    staff,
    task_pages,
    visit,
)
from workflow_service.web import pages as shared

pages = flask.Blueprint("case_pages", __name__)

TABS = ("overview", "progress", "documents", "history")


@pages.get("/cases")
@guard.needs(Permission.CASE_READ)
def listed() -> str:
    """The cases that the person may see, newest first."""
    return _listed()


@pages.post("/cases")
@guard.needs(Permission.CASE_READ)
def keep_filter() -> flask.typing.ResponseReturnValue:
    """Keeps the list's filter under a name."""
    return saved_pages.kept("cases", _listed)


def _listed(refused: Mapping[str, Any] | None = None) -> str:
    wanted = api_cases.case_filter()
    with visit.reading() as session:
        found = queries.cases(session, visit.actor(), visit.now(), wanted, visit.text_of("after"), 30, COUNT_CAP)
        return flask.render_template(
            "cases.html",
            found=found,
            wanted=wanted,
            statuses=i18n.words()["status"],
            processes=staff.process_names(session),
            places=overview.place_names(session),
            saved=saved_pages.above(session, "cases"),
            refused=refused or {},
        )


@pages.get("/cases/<number>")
@guard.needs(Permission.CASE_READ)
def show(number: str) -> str:
    """A case file, one of its tabs at a time."""
    return _page(number, api_tasks.one_of("tab", TABS, "overview"))


def _page(number: str, tab: str, refused: Mapping[str, Any] | None = None) -> str:
    with visit.reading() as session:
        file = gathered.case_file(session, visit.actor(), visit.now(), number)
        shown = {"names": gathered.people_in(session, file), **_tab(session, file, tab)}
        return flask.render_template(
            "case.html", file=file, case=file.case, tab=tab, tabs=_tabs(), refused=refused or {}, **shown
        )


def _tabs() -> Mapping[str, str]:
    return {"overview": _("概况"), "progress": _("进度"), "documents": _("文书与材料"), "history": _("办理记录")}


def _tab(session: Session, file: gathered.CaseFile, tab: str) -> dict[str, Any]:
    if tab == "overview":
        reasons = why.why(session, visit.actor(), visit.now(), file.case.number)
        told = Counter((one["text"], one["kind"]) for one in map(api_cases.reason, reasons))
        dates = [shapes.deadline(session, one) for one in shapes.dated(file)]
        return {
            "reasons": told,
            "dates": _together(dates),
            "elements": names_of(file),
            "about": about(file),
            "notices": notices(file.case.shared, visit.now(), calendars.Current(session)),
        }
    if tab == "progress":
        return {
            "diagrams": diagrams(file),
            "lanes": i18n.lanes(file.loaded.lanes, file.loaded.roles),
            "stands": {run.id: _at(file, run.id) for run in file.runs},
            "elements": names_of(file),
            "about": about(file),
        }
    if tab == "history":
        after = visit.whole_of("after", 0, 0, 10**9)
        found = queries.journal(session, visit.actor(), visit.now(), file.case.number, after, 100)
        parts = _filled_in(file, found.items)
        named = {name for one in found.items for name in (one.entry.actor, one.entry.on_behalf_of) if name}
        names = roster.display_names(session, {*named, *filled_in.people(parts.values())})
        filled_in.speak(file.loaded, parts.values(), file.case, names)
        return {"found": found, "names": names, "elements": names_of(file), "parts": parts}
    return {}


def _filled_in(file: gathered.CaseFile, lines: Sequence[queries.JournalRow]) -> dict[int, filled_in.Part]:
    """Number of an entry → what people filled in, with the labels and options of its form."""
    family = lifecycle.family(file.case, file.runs)
    known = scope.of_data(visit.actor(), visit.now(), family, {})
    processes = {run.id: run.process for run in file.runs}
    messages = {one.message: one.form for one in file.loaded.program.entrances if one.message}
    found = {}
    for line in lines:
        body = line.body or {}
        if body.get("data"):
            where = shapes.whereabouts(body)
            process, element = processes.get(str(where.get("run")), ""), str(where.get("element", ""))
            form = (
                filled_in.form_of(file.loaded, process, element)
                if element
                else messages.get(str(body.get("message")), "")
            )
            found[line.entry.seq] = filled_in.part(file.loaded, process, element, form, body["data"], known)
    return found


def names_of(file: gathered.CaseFile) -> dict[tuple[str, str], str]:
    """Run or process, and element id → the element's label, of the version that the case runs on."""
    steps = file.loaded.steps_of({run.id: run.process for run in file.runs})
    return {at: i18n.either(one, "name") for at, one in {**file.loaded.elements, **steps}.items()}


def notices(shared: Mapping[str, Any], now: datetime, calendar: verdicts.Calendar) -> dict[str, dict[str, Any]]:
    """Subject → their correction notice: its limit, when it was sent, whether late; also one that is overdue and unsent."""
    unsent = {one["object"]: {**one, "sent_at": None, "late": True} for one in shared.get("breaches") or ()}
    sent = {
        one["object"]: {**one, "late": not one["in_time"]}
        if one["in_time"] is not None
        else _judged_now(shared, one, now, calendar)
        for one in shared.get("notices") or ()
    }
    return unsent | sent


def _judged_now(
    shared: Mapping[str, Any], notice: Mapping[str, Any], now: datetime, calendar: verdicts.Calendar
) -> dict[str, Any]:
    """A notice that left while its limit was provisional: late or not, by the calendar that has come since."""
    due, conclusion = verdicts.of_sending(shared, datetime.fromisoformat(notice["sent_at"]), now, calendar)
    return {**notice, "due": due.isoformat(), "late": conclusion == "broken"}


def about(file: gathered.CaseFile) -> dict[str, str]:
    """Run id → the name of the subject that it is about, as far as the person may see subjects."""
    names = {str(one.get("id")): str(one.get("name")) for one in file.subjects}
    return {run.id: names[run.key] for run in file.runs if run.key in names}


def _together(dates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Dates that several people have alike, as one with their number."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in dates:
        same = (one["element"], one["run"], one["due_at"], one["paused"], one["explained"])
        found.setdefault(same, {**one, "times": 0})["times"] += 1
    return list(found.values())


def standing(file: gathered.CaseFile) -> list[Mapping[str, Any]]:
    """The tokens that people look for: in each process those that work is done at, else those that wait."""
    busy = {token["process"] for token in file.positions if token.get("state") != "waiting"}
    return [one for one in file.positions if one.get("state") != "waiting" or one["process"] not in busy]


def _at(file: gathered.CaseFile, run: str) -> Counter[str]:
    """Elements at which a run stands, in the order of its tokens, each with how many people or parts are there."""
    return Counter(str(token["element"]) for token in standing(file) if token["run"] == run)


def diagrams(file: gathered.CaseFile) -> list[dict[str, Any]]:
    """The diagrams in which something stands or stood, those with tokens first, with the marks to show."""
    current: dict[str, set[str]] = {}
    done: dict[str, set[str]] = {}
    bad = {one.element for one in file.incidents}
    for token in standing(file):
        current.setdefault(str(token["process"]), set()).add(str(token["element"]))
    for task in file.tasks:
        if task.status == "done":
            done.setdefault(task.process, set()).add(task.element)
    names = i18n.processes(file.loaded.program)
    wanted = sorted({*current, *done}, key=lambda one: (one not in current, one))
    return [
        {
            "process": one,
            "name": names.get(one, one),
            "url": flask.url_for("case_pages.diagram", bundle_hash=file.case.bundle, process=one),
            "marks": {
                "current": sorted(current.get(one, ())),
                "done": sorted(done.get(one, set()) - current.get(one, set())),
                "bad": sorted(current.get(one, set()) & bad),
            },
        }
        for one in wanted
    ]


@pages.get("/diagrams/<bundle_hash>/<process>.bpmn")
@guard.signed_in
def diagram(bundle_hash: str, process: str) -> flask.Response:
    """The diagram of a process in the version that a case runs on, byte for byte."""
    with visit.reading() as session:
        content = programs.of(session, bundle_hash).files.get(f"{process}.bpmn")
    if content is None:
        raise errors.NotFound("流程包中没有流程“{process}”", process=process)
    return headers.download(content, f"{process}.bpmn", "application/xml")


@pages.post("/cases/<number>/comments")
@guard.needs(Permission.CASE_COMMENT)
def comment(number: str) -> flask.typing.ResponseReturnValue:
    """Adds a remark to a case."""
    text = flask.request.form.get("text", "").strip()
    if not text:
        blank = errors.Invalid([errors.FieldError("text", "required", "请填写备注内容")])
        return _page(number, "overview", problems.refused(blank)), 422
    with visit.writing() as session:
        gathered.comment(session, visit.actor(), visit.now(), number, text)
    return shared.go("case_pages.show", "commented", number=number)


@pages.get("/start")
@guard.needs(Permission.CASE_OPEN)
def start_menu() -> str:
    """The processes that the person may start."""
    with visit.reading() as session:
        return flask.render_template("start.html", entrances=gathered.entrances(session, visit.actor()))


@pages.route("/start/<process>", methods=["GET", "POST"])
@guard.needs(Permission.CASE_OPEN)
def start(process: str) -> flask.typing.ResponseReturnValue:
    """The first form of a process; submitting it opens a case."""
    with visit.reading() as session:
        entrance = _entrance(gathered.entrances(session, visit.actor()), process)
        loaded = programs.of(session, programs.in_force(session, visit.actor().place))
        form, known = loaded.form(entrance.form), scope.before_case(visit.actor(), visit.now())
        asked = _Asked(entrance, form, known, loaded.articles, flask.url_for("case_pages.start", process=process))
        if flask.request.method == "GET":
            return _ask(session, asked, forms.prefill(form, known), {})
    answers, faults = task_pages.answered(form)
    if faults or flask.request.form.get("act") == "review":
        with visit.reading() as session:
            return _ask(session, asked, answers, faults), 422 if faults else 200
    try:
        with visit.writing() as session:
            given = task_pages.filled(answers)
            wanted = opening.Opening(process, given, key=_key())
            number = opening.open_once(session, visit.actor(), visit.now(), wanted).number
    except (errors.Invalid, errors.KeyUsed) as refused:
        with visit.reading() as session:
            return _ask_again(session, asked, answers, refused)
    visit.follow(number)
    return shared.go("case_pages.show", "opened", number=number)


def _entrance(entrances: Sequence[view.Entrance], process: str) -> view.Entrance:
    found = next((one for one in entrances if one.process == process), None)
    if found is None:
        raise errors.NotFound("没有可以由您发起的流程“{process}”", process=process)
    return found


@dataclass(frozen=True)
class _Asked:
    """A form that stands on a page of its own: which, for what, and where it is sent."""

    entrance: view.Entrance
    form: forms.Form
    known: Mapping[str, Any]
    articles: Mapping[str, Any]
    to: str


def _key() -> str:
    """The key of the page from which a form is sent: sent from it once more, it has no second effect."""
    return flask.request.form.get("key", "")[:40]


def _ask_again(
    session: Session, asked: _Asked, values: Mapping[str, Any], refused: errors.ServiceError, case: Any = None
) -> tuple[str, int]:
    """The form as it was filled in, with what is wrong with it, or why it cannot be sent (now, or once more from its page)."""
    if isinstance(refused, errors.Invalid):
        return _ask(session, asked, values, task_pages.faults_of(refused), case), 422
    return _ask(session, asked, values, {}, case, task_pages.not_sent(refused)), 409


def _ask(  # noqa: PLR0913  a form, as it stands on its page
    session: Session,
    asked: _Asked,
    values: Mapping[str, Any],
    faults: Mapping[str, str],
    case: Any = None,
    notice: str = "",
) -> str:
    described = forms.describe(asked.form, asked.known)
    filled_in.call_files(session, visit.actor(), described["fields"], values)
    return flask.render_template(
        "ask.html",
        asked=asked,
        described=described,
        values=values,
        faults=faults,
        notice=task_pages.unsaved() if flask.request.form.get("act") == "review" else notice,
        key=visit.site().db.random(12),
        case=case,
        people=task_pages.people_for(session, visit.actor().place, asked.form),
        articles=asked.articles,
    )


@pages.route("/cases/<number>/messages/<name>", methods=["GET", "POST"])
@guard.needs(Permission.CASE_OPEN)
def message(number: str, name: str) -> flask.typing.ResponseReturnValue:
    """A statement or request to a case."""
    with visit.reading() as session:
        case = queries.readable(session, visit.actor(), visit.now(), number, f"message {name}")
        loaded = programs.of(session, case.bundle)
        family = lifecycle.family_of(session, case)
        mine = [one for one in loaded.program.entrances if visit.actor().roles & set(one.roles)]
        # what was filled in is judged where it is received: the first of two sendings may have closed the way itself
        if flask.request.method == "GET":
            mine = gathered.messages_for(loaded, visit.actor(), visit.now(), family)
        entrance = next((one for one in mine if one.message == name), None)
        if entrance is None:
            raise errors.Conflict("案件现在的状态不接受这项申请，或您的角色不能提出")
        form, known = loaded.form(entrance.form), scope.of_data(visit.actor(), visit.now(), family, {})
        to = flask.url_for("case_pages.message", number=number, name=name)
        asked = _Asked(entrance, form, known, loaded.articles, to)
        if flask.request.method == "GET":
            return _ask(session, asked, forms.prefill(form, known), {}, case)
    answers, faults = task_pages.answered(form)
    if faults or flask.request.form.get("act") == "review":
        with visit.reading() as session:
            return _ask(session, asked, answers, faults, case), 422 if faults else 200
    try:
        api_cases.deliver(number, name, task_pages.filled(answers), _key())
    except (errors.Invalid, errors.Conflict) as refused:
        with visit.reading() as session:
            case = queries.readable(session, visit.actor(), visit.now(), number, f"message {name}")
            return _ask_again(session, asked, answers, refused, case)
    return shared.go("case_pages.show", "sent", number=number)


@pages.get("/cases/<number>/documents/<document_id>.docx")
@guard.needs(Permission.CASE_READ)
def document(number: str, document_id: str) -> flask.Response:
    """An issued official document, to be saved."""
    return api_cases.download_document(number, document_id)


@pages.get("/files/<file_id>")
@guard.needs(Permission.CASE_READ)
def attachment(file_id: str) -> flask.Response:
    """A file of a case, to be saved."""
    with visit.reading() as session:
        return api_tasks.as_file(files.download(session, visit.actor(), visit.now(), file_id))
