"""What one page shows of a task or a case, gathered in a few queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workflow_service import engine, errors
from workflow_service.bundles import forms, programs
from workflow_service.cases import (
    countersigning,
    files,
    involvement,
    lifecycle,
    messages,
    queries,
    scope,
    sealed,
    tasks,
)
from workflow_service.engine import inputs, view
from workflow_service.identity import permissions, roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import journal as chain
from workflow_service.storage import looks, tables


@dataclass(frozen=True)
class Return:
    """Why the work came back to a step: who sent it back (``system`` for a check), from which step, for what reason."""

    by: str
    element: str
    reason: str


@dataclass(frozen=True)
class TaskView:
    """A task's page.

    Args:
        task, case: the rows. form: the compiled form; described: the form as JSON for the API.
        known: what the form's expressions see; shown: label → data shown beside the form.
        draft: what the person typed before; of a finished task what was submitted, as far as the person may read it.
        warnings: upfront checks that fail now.
        may: what the person may do (claim, release, submit, transfer, delegate, return, withdraw, remind, copy, countersign).
        blocked: why the person may not work on it, empty when they may.
        returnable: earlier steps to which the work can be sent back.
        articles: article → summary. attempts: earlier visits of the same step that are done.
        back: why the work came back, to those who can do it again.
        about: the name of the subject that the task's run is about, as far as the person may see subjects.
    """

    task: tables.Task
    case: tables.Case
    form: forms.Form
    described: Mapping[str, Any]
    known: Mapping[str, Any]
    shown: Mapping[str, Any]
    draft: Mapping[str, Any] | None
    warnings: Sequence[Any]
    may: frozenset[str]
    blocked: str
    returnable: Sequence[view.Element]
    articles: Mapping[str, Mapping[str, Any]]
    attempts: Sequence[tables.Task]
    back: Return | None
    about: str


def task_page(session: Session, actor: Actor, now: datetime, task_id: str) -> TaskView:
    """Everything that a task's page shows; raises NotFound for one the person may not see."""
    task, case = tasks.find(session, task_id)
    involved = queries.look_at(session, actor, now, case, f"task {task.element}")
    actor = permissions.within(actor, case.shared)
    if task.run in queries.runs_of_others(session, actor, case):
        raise errors.NotFound("没有编号为“{task}”的任务", task=task_id)
    loaded = programs.of(session, case.bundle)
    form = loaded.form(task.form)
    blocked, stands_in = _blocked(session, actor, now, case, task, involved)
    family = lifecycle.family_of(session, case)
    known = scope.of_data(actor, now, family, {})
    returnable: list[view.Element] = []
    # beside it stand votes and the data of others
    if task.status == "open" and (permissions.is_staff(actor) or not blocked):
        known = scope.of_task(session, actor, now, case, task, family)
        returnable = _returnable(family, task, loaded)
    may = _may(actor, task, blocked, returnable) | stands_in
    if permissions.is_concerned(involved):
        may -= {"transfer", "countersign"}
    is_first = task.visit == 1 and task.status == "open"
    attempts = [] if is_first else looks.attempts(session, case_id=case.id, element=task.element)
    return TaskView(
        task=task,
        case=case,
        form=form,
        described=forms.describe(form, known),
        known=known,
        shown=_shown(loaded, task, known),
        draft=_written(session, actor, task, form),
        warnings=forms.upfront(form, known),
        may=may,
        blocked=blocked,
        returnable=returnable,
        articles=loaded.articles,
        attempts=[one for one in attempts if one.id != task.id and one.instance == task.instance],
        back=_back(session, task) if task.visit > 1 and may & {"claim", "submit"} else None,
        about=_about(actor, case, family, task.run),
    )


def _about(actor: Actor, case: tables.Case, family: view.Family, run: str) -> str:
    keys = {one.id: one.key for one in family.runs.values()} | {run_id: key for run_id, _, key in family.closed}
    key = keys.get(run, "")
    return next((str(one["name"]) for one in _subjects_for(actor, case) if key and one.get("id") == key), "")


def _back(session: Session, task: tables.Task) -> Return | None:
    """The reason in the entry that opened a task again: of a check, of who sent it back, or of who did not approve."""
    entry = next(iter(chain.entries(session, task.case_id, task.opened_seq - 1, task.opened_seq)), None)
    body = (chain.legible_body(entry) if entry is not None else None) or {}
    refused = body["data"] if isinstance(body.get("data"), dict) and body["data"].get("approved") is False else {}
    reason = body.get("reason") or refused.get("reason")
    if entry is None or not reason:
        return None
    return Return(entry.actor, str((body.get("at") or {}).get("element", "")), str(reason))


def people_of(session: Session, seen: TaskView, more: Iterable[str] = ()) -> Mapping[str, str]:
    """Account name → the name shown to people, of those a task's page tells of, and of ``more``."""
    task = seen.task
    named = {
        *more,
        task.holder,
        task.done_by,
        task.delegated_by,
        seen.case.opened_by,
        *(one.done_by for one in seen.attempts),
        seen.back.by if seen.back else None,
    }
    return roster.display_names(session, [one for one in named if one])


def _written(session: Session, actor: Actor, task: tables.Task, form: forms.Form) -> Mapping[str, Any] | None:
    if task.status != "done" or task.done_seq is None:
        draft = looks.drafts.first(session, task_id=task.id, account=actor.name)
        return draft.data if draft else None
    if task.done_by != actor.name and not permissions.allows(actor, permissions.Permission.JOURNAL_READ):
        return None
    entry = next(iter(chain.entries(session, task.case_id, task.done_seq - 1, task.done_seq)), None)
    data = (chain.legible_body(entry) or {}).get("data") if entry is not None and not task.sealed else None
    return sealed.without(form, data) if isinstance(data, dict) else None


def _returnable(family: view.Family, task: tables.Task, loaded: programs.Loaded) -> list[view.Element]:
    """The earlier steps to which the work of an open task can be sent back."""
    earlier = engine.returnable(loaded.program, family, inputs.Address(task.run, task.element, task.visit))
    return [loaded.elements[task.process, one] for one in earlier]


def _blocked(  # noqa: PLR0913  who looks at which task of which case, and when
    session: Session,
    actor: Actor,
    now: datetime,
    case: tables.Case,
    task: tables.Task,
    involved: permissions.Involvement,
) -> tuple[str, frozenset[str]]:
    """Why the person may not work on a task, and that they may take it over from an absent person who holds it."""
    if task.status != "open":
        return "任务已办结" if task.status == "done" else "任务已取消", frozenset()
    found = involvement.acting(session, actor, now, case, task, involved)
    if isinstance(found, str):
        return found, frozenset()
    return "", frozenset({"claim"} if involvement.takes_over(task, found) else ())


def _may(actor: Actor, task: tables.Task, blocked: str, returnable: Sequence[view.Element]) -> frozenset[str]:
    may = {"copy"}
    if task.status == "open":
        may.add("remind")
        if not blocked and task.holder is None:
            may.add("claim")
        if task.holder == actor.name:
            may |= {"submit"} | _disposing(task, blocked, returnable)
        elif (
            permissions.allows(actor, permissions.Permission.TASK_TRANSFER)
            and task.assignee is None
            and not task.sealed
        ):
            may.add("transfer")
        if task.instance is not None and not task.sealed and countersigning.is_for(actor):
            may.add("countersign")
    elif task.status == "done" and task.done_by == actor.name:
        may.add("withdraw")
    return frozenset(may)


def _disposing(task: tables.Task, blocked: str, returnable: Sequence[view.Element]) -> set[str]:
    """What else the holder may do with a task: whoever only helps with it, or may do it no longer, gives it back."""
    may = {"release"} if task.assignee != task.holder else set()
    if blocked or task.delegated_by is not None:
        return may
    return may | ({"transfer", "delegate"} if task.assignee is None else set()) | ({"return"} if returnable else set())


def _shown(loaded: programs.Loaded, task: tables.Task, known: Mapping[str, Any]) -> dict[str, Any]:
    names = loaded.properties(task.process, task.element).get("show", "")
    wanted = [one.strip() for one in names.split(",") if one.strip()]
    requests = {one.form: one for one in loaded.program.entrances if one.message and one.process == task.process}
    told = {name: _request(loaded, name, known) for name in wanted if name in requests and name not in known}
    return {name: known[name] if name in known else told[name] for name in wanted if name in known or name in told}


def _request(loaded: programs.Loaded, form_id: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """What the message that started a run said: its data stand beside one another in the run."""
    return {name: known[name] for name in loaded.form(form_id).answers if name in known}


@dataclass(frozen=True)
class CaseFile:
    """A case's page: the rows of everything that belongs to it, as far as this person may see them."""

    case: tables.Case
    subjects: Sequence[Mapping[str, Any]]
    runs: Sequence[tables.Run]
    tasks: Sequence[tables.Task]
    deadlines: Sequence[tables.Deadline]
    documents: Sequence[tables.Document]
    attachments: Sequence[tables.Attachment]
    comments: Sequence[tables.Comment]
    incidents: Sequence[tables.Incident]
    messages: Sequence[view.Entrance]
    positions: Sequence[Mapping[str, Any]]
    loaded: programs.Loaded

    @property
    def decision(self) -> Mapping[str, Any] | None:
        """Number and dates of the decision, and the papers on the subjects whom this person may see."""
        found: Mapping[str, Any] | None = self.case.shared.get("decision")
        if not found or "papers" not in found:
            return found
        seen = {one.get("id") for one in self.subjects}
        return {**found, "papers": [one for one in found["papers"] if one.get("subject_id") in seen]}


def case_file(session: Session, actor: Actor, now: datetime, number: str) -> CaseFile:
    """Everything that a case's page shows; raises NotFound for one the person may not see."""
    return file_of(session, actor, now, queries.found(session, number))


def file_of(session: Session, actor: Actor, now: datetime, case: tables.Case) -> CaseFile:
    """The same of a case that has been read already."""
    work = looks.tasks(session, case_id=case.id)
    queries.look_at(session, actor, now, case, "case", work)
    actor = permissions.within(actor, case.shared)
    loaded = programs.of(session, case.bundle)
    around = looks.around(session, case_id=case.id)
    runs = sorted(looks.runs(session, case_id=case.id), key=lambda one: int(one.id[1:]))
    family = lifecycle.family(case, runs)
    hidden = queries.runs_of_others(session, actor, case)
    return CaseFile(
        case=case,
        subjects=_subjects_for(actor, case),
        runs=[one for one in runs if one.id not in hidden],
        tasks=[one for one in work if one.run not in hidden],
        deadlines=[one for one in around["deadlines"] if one.run not in hidden],
        documents=_documents(around["documents"], actor, case),
        attachments=[one for one in looks.attachments(session, case_id=case.id) if files.is_for(actor, case, one)],
        comments=around["comments"],
        incidents=[one for one in around["incidents"] if one.run not in hidden],
        messages=messages_for(loaded, actor, now, family),
        positions=[dict(one) for one in engine.positions(loaded.program, family) if one["run"] not in hidden],
        loaded=loaded,
    )


def people_in(session: Session, file: CaseFile) -> Mapping[str, str]:
    """Account name → the name shown to people, of those a case's page tells of."""
    named = {name for one in file.tasks for name in (one.holder, one.done_by) if name}
    named |= {one.by for one in file.comments} | {one.added_by for one in file.attachments}
    return roster.display_names(session, named | {file.case.opened_by})


def _documents(papers: Sequence[tables.Document], actor: Actor, case: tables.Case) -> Sequence[tables.Document]:
    """Staff see every paper; others those addressed to a subject for whom they stand, or to themselves.

    Who opened the case stands for the subjects without an account, and reads what goes to all of them.
    """
    if permissions.is_staff(actor):
        return papers
    concerned, opener = case.shared.get("subjects") or (), case.opened_by == actor.name
    mine = [one for one in concerned if one.get("account") == actor.name or (opener and not one.get("account"))]
    own, names = {one["id"] for one in mine}, {actor.display_name, *(one["name"] for one in mine)}
    common = {*names, *(one["name"] for one in concerned)} if opener else names
    return [
        one
        for one in papers
        if (one.subject_id is None and common & {*one.to}) or (one.subject_id in own and names & {*one.to})
    ]


def _subjects_for(actor: Actor, case: tables.Case) -> list[dict[str, Any]]:
    """The subjects whose data somebody sees: a party sees no other subject's."""
    everybody = subjects(case)
    if involvement.sees_everybody(actor, case):
        return everybody
    return [one for one in everybody if one.get("account") == actor.name]


def subjects(case: tables.Case) -> list[dict[str, Any]]:
    """The subjects of a case with the outcome of each, None while there is none."""
    outcomes = {one["subject_id"]: one.get("outcome") for one in case.shared.get("outcomes") or ()}
    end = case.shared.get("end")
    return [{**one, "outcome": outcomes.get(one.get("id"), end)} for one in case.shared.get("subjects") or ()]


def messages_for(loaded: programs.Loaded, actor: Actor, now: datetime, family: view.Family) -> list[view.Entrance]:
    """The messages that this person may send to a case now."""
    mine = [one for one in loaded.program.entrances if one.message and actor.roles & set(one.roles)]
    known = scope.of_data(actor, now, family, {}) if mine else {}
    return [one for one in mine if messages.is_open(one, known, now)]


def entrances(session: Session, actor: Actor) -> list[view.Entrance]:
    """The processes that this person may start."""
    loaded = programs.of(session, programs.in_force(session, actor.place))
    return [one for one in loaded.program.entrances if not one.message and actor.roles & set(one.roles)]


def comment(session: Session, actor: Actor, now: datetime, number: str, text: str) -> tables.Comment:
    """Adds a remark to a case."""
    permissions.require(actor, permissions.Permission.CASE_COMMENT)
    case = lifecycle.lock(session, number)
    involvement.require_reading(session, actor, case)
    if case.status == "archived":
        raise errors.Conflict("案件已经归档，不能再添加备注")
    remark = tables.Comment(case_id=case.id, by=actor.name, at=now, text=text[:4000])
    session.add(remark)
    lifecycle.note(session, actor, now, case, "commented", {"text": remark.text})
    return remark
