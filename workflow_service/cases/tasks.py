"""What people do with a task: claim, release, hand over, send back, keep a draft, submit."""

from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.bundles import forms, programs
from workflow_service.cases import (
    answers,
    ballots,
    consequences,
    effects,
    involvement,
    lifecycle,
    messages,
    reasons,
    scope,
    sealed,
)
from workflow_service.engine import inputs, view
from workflow_service.identity import permissions, roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, looks, people, steps, tables


class Submission(NamedTuple):
    """The answer to a submitted task: its case, and the ids of the tasks that are open now because of it."""

    case: str
    opened_tasks: tuple[str, ...]

    def answer(self) -> dict[str, Any]:
        """The answer as JSON."""
        return {"case": self.case, "opened_tasks": list(self.opened_tasks)}


def find(session: Session, task_id: str, *, lock: bool = False) -> tuple[tables.Task, tables.Case]:
    """A task and its case, locked if asked; raises NotFound."""
    if lock:
        steps.lock_case_of(session, task_id)
    found = steps.task_with_case(session, task_id)
    if found is None:
        raise errors.NotFound("没有编号为“{task}”的任务", task=task_id)
    return found


def open_one(session: Session, task_id: str) -> tuple[tables.Task, tables.Case]:
    """An open task and its locked case; raises Conflict for one that is done or gone."""
    task, case = find(session, task_id, lock=True)
    if task.status == "done":
        who = task.done_by or "系统"
        raise errors.Conflict("任务“{name}”已由{who}于此前办结", name=task.name, name_en=task.name_en, who=who)
    if task.status == "cancelled":
        raise errors.Conflict("任务“{name}”已因流程变化而取消，无须办理", name=task.name, name_en=task.name_en)
    return task, case


def address(task: tables.Task) -> inputs.Address:
    """Where the engine knows a task."""
    return inputs.Address(task.run, task.element, task.visit)


def claim(session: Session, actor: Actor, now: datetime, task_id: str) -> tables.Task:
    """Takes a task in hand; raises Conflict when somebody else holds it, NotAllowed by the separation of duties."""
    task, case = open_one(session, task_id)
    acting = involvement.require_working(session, actor, now, case, task)
    if task.holder == actor.name:
        return task
    taken_over = involvement.takes_over(task, acting)
    if task.holder is not None and not taken_over:
        raise errors.Conflict("任务已由“{holder}”签收", holder=task.holder)
    # a substitute goes on with what the absent person was asked to prepare; who comes back begins their own task anew
    asked_by = task.delegated_by if taken_over and acting.on_behalf_of else None
    steps.save_task(session, task, holder=actor.name, on_behalf_of=acting.on_behalf_of, delegated_by=asked_by)
    lifecycle.note(session, acting, now, case, "claimed", {"task": task.id})
    return task


def release(session: Session, actor: Actor, now: datetime, task_id: str) -> tables.Task:
    """Puts a claimed task back: to whoever asked for help with it, to the one it is meant for, else for others of the role."""
    task, case = _held(session, actor, task_id)
    if task.assignee == actor.name:
        raise errors.Conflict("此任务指定由您本人办理，不能退回待签收")
    absent = task.on_behalf_of if task.delegated_by is not None else None
    steps.save_task(session, task, holder=task.delegated_by or task.assignee, on_behalf_of=absent, delegated_by=None)
    lifecycle.note(session, actor, now, case, "released", {"task": task.id})
    return task


def _held(session: Session, actor: Actor, task_id: str) -> tuple[tables.Task, tables.Case]:
    task, case = open_one(session, task_id)
    if task.holder is None:
        raise errors.Conflict("请先签收任务“{name}”再办理", name=task.name, name_en=task.name_en)
    if task.holder != actor.name:
        raise errors.Conflict("任务由“{holder}”持有，不能由您操作", holder=task.holder)
    return task, case


def _own(session: Session, actor: Actor, now: datetime, task_id: str) -> tuple[tables.Task, tables.Case, Actor]:
    """A held task that its holder still decides on, as who they do: their duties allow it, and they do not just help."""
    task, case = _held(session, actor, task_id)
    if task.delegated_by is not None:
        raise errors.Conflict("请您协办的任务只能填好交回，不能另行处置")
    return task, case, involvement.require_working(session, actor, now, case, task)


def transfer(session: Session, actor: Actor, now: datetime, task_id: str, to: str, reason: str) -> tables.Task:  # noqa: PLR0913  who gives what to whom, and why
    """Gives a task to another person of the role, for good, with a reason."""
    task, case = open_one(session, task_id)
    own = task.holder == actor.name and task.delegated_by is None
    if not own or isinstance(involvement.acting(session, actor, now, case, task), str):
        permissions.require(actor, permissions.Permission.TASK_TRANSFER)
        involvement.require_directing(session, actor, case)
    reasons.require(reason)
    _check_receiver(session, case, task, to)
    steps.save_task(session, task, holder=to, delegated_by=None, on_behalf_of=None)
    lifecycle.note(session, actor, now, case, "transferred", {"task": task.id, "to": to, "reason": reason})
    messages.tell(
        session,
        now,
        case,
        task,
        [to],
        ("任务已转交给您", f"{actor.display_name}将“{task.name}”转交给您：{reason}"),
        ("A task was handed to you", f"{actor.display_name} handed “{task.name_en}” to you: {reason}"),
    )
    return task


def delegate(session: Session, actor: Actor, now: datetime, task_id: str, to: str) -> tables.Task:
    """Asks another person to prepare a task; their answer comes back to the one who asked, who submits it."""
    task, case, acting = _own(session, actor, now, task_id)
    if to == actor.name:
        raise errors.Conflict("任务已由您办理，不需要再委派给本人")
    _check_receiver(session, case, task, to)
    steps.save_task(session, task, holder=to, delegated_by=actor.name)
    lifecycle.note(session, acting, now, case, "delegated", {"task": task.id, "to": to})
    messages.tell(
        session,
        now,
        case,
        task,
        [to],
        ("请您协办任务", f"{actor.display_name}请您协办“{task.name}”，填好后交回其确认"),
        (
            "You are asked to help",
            f"{actor.display_name} asks you to prepare “{task.name_en}”; it then goes back to them",
        ),
    )
    return task


def _check_receiver(session: Session, case: tables.Case, task: tables.Task, to: str) -> None:
    if task.sealed or task.assignee is not None:
        raise errors.Conflict("此任务须由指定的本人办理，不能转交他人")
    receiver = roster.actor_named(session, to)
    refused = involvement.refusal(session, receiver, case, task)
    if refused is not None:
        raise errors.NotAllowed("不能交给“{name}”：{why}", name=receiver.display_name, why=refused)


def send_back(  # noqa: PLR0913  from where to where, and why
    session: Session, actor: Actor, now: datetime, task_id: str, to_element: str, reason: str
) -> view.Advanced:
    """Sends the work back to an earlier step; what was done stays on record as an earlier attempt."""
    task, case, acting = _own(session, actor, now, task_id)
    reasons.require(reason)
    moved = inputs.SentBack(address(task), to_element, reason, actor.name)
    return lifecycle.feed(session, acting, now, case, moved)


def withdraw(session: Session, actor: Actor, now: datetime, task_id: str) -> view.Advanced:
    """Takes back one's own last submission while nobody has acted after it."""
    task, case = find(session, task_id, lock=True)
    if task.status != "done" or task.done_by != actor.name:
        raise errors.Conflict("只能撤回您本人刚刚提交的任务")
    acting = involvement.require_working(session, actor, now, case, task)
    followers = session.scalars(
        select(tables.Task).where(tables.Task.case_id == case.id, tables.Task.opened_seq == task.done_seq)
    ).all()
    if any(one.status != "open" or (one.holder is not None and one.assignee is None) for one in followers):
        raise errors.Conflict("后续环节已有人办理，不能撤回；如需更正请联系当前经办人退回")
    try:
        return lifecycle.feed(session, acting, now, case, inputs.Withdrawn(address(task), actor.name))
    except errors.Conflict as refused:  # the engine knows the step by its id
        named = {**refused.params, "element": task.name, "element_en": task.name_en}
        raise errors.Conflict(refused.template, **named) from refused


def remind(session: Session, actor: Actor, now: datetime, task_id: str) -> tables.Task:
    """Urges whoever has to do a task."""
    task, case = open_one(session, task_id)
    involvement.require_reading(session, actor, case)
    whom = [task.holder] if task.holder else list(task.assignees or roster.with_role(session, task.place, task.role))
    lifecycle.note(session, actor, now, case, "reminded", {"task": task.id, "to": whom})
    messages.tell(
        session,
        now,
        case,
        task,
        whom,
        ("请尽快办理", f"{actor.display_name}催办“{task.name}”（{case.number}）"),
        ("Please act soon", f"{actor.display_name} urges “{task.name_en}” ({case.number})"),
    )
    return task


def copy(session: Session, actor: Actor, now: datetime, task_id: str, to: str) -> tables.Task:
    """Makes a task known to somebody who may read the case and need not act."""
    task, case = find(session, task_id, lock=True)
    involvement.require_reading(session, actor, case)
    involvement.require_reading(session, roster.actor_named(session, to), case)
    session.merge(people.Copy(task_id=task.id, account=to, by=actor.name, at=now))
    lifecycle.note(session, actor, now, case, "copied", {"task": task.id, "to": to})
    chinese = ("抄送", f"{actor.display_name}将“{task.name}”抄送给您")
    english = ("For your information", f"{actor.display_name} sent you a copy of “{task.name_en}”")
    messages.tell(session, now, case, task, [to], chinese, english)
    return task


def save_draft(session: Session, actor: Actor, now: datetime, task_id: str, data: dict[str, Any]) -> None:
    """Keeps what a person has typed so far; only the holder's counts, and nobody else sees it.

    Raises:
        Conflict: the task is not held by this person, or is answered under seal: its text must not lie open anywhere.
    """
    task, case = find(session, task_id)
    if task.status != "open" or task.holder != actor.name:
        raise errors.Conflict("只有持有任务的人可以保存草稿")
    if task.sealed:
        raise errors.Conflict("评判意见须密封，不保存草稿，请填完后直接提交")
    if len(orjson.dumps(data)) > 1_000_000:
        raise errors.TooLarge("草稿过大，请把长材料作为附件上传")
    kept = sealed.without(_form(session, case, task), data)
    steps.save_draft(session, now, task.id, actor.name, kept)


def submit(  # noqa: PLR0913  the whole of a submission
    session: Session, actor: Actor, now: datetime, task_id: str, data: dict[str, Any], key: str, safe: ballots.Safe
) -> Submission:
    """Completes a task with its form and moves the case on.

    Args:
        key: idempotency key chosen by the client; the same key with the same data gives the same answer.
        safe: where a sealed opinion is locked up.

    Raises:
        Invalid: fields are wrong; each is named. Conflict: the task is done, gone or somebody else's, or the key was
            used for something else. NotAllowed: separation of duties. CannotAdvance: the process fails behind it.
    """
    full_key = f"{actor.name}:{key}"[:200]
    try:
        task, case = _held(session, actor, task_id)
    except errors.Conflict:
        answered = looks.submissions.first(session, key=full_key) if key else None
        if answered is None:
            raise
        return _known(answered, _digest(safe, task_id, data))
    acting = involvement.require_working(session, actor, now, case, task)
    messages.feed_waiting(session, now, case)
    family, form = lifecycle.family_of(session, case), _form(session, case, task)
    known = {} if form.is_plain else scope.of_task(session, acting, now, case, task, family)
    given = answers.judged(session, acting, case, form, data, known)
    if task.delegated_by is not None:
        outcome = _give_back(session, acting, now, case, task, sealed.without(form, data))
    else:
        given = _put_away(session, acting, now, case, task, form, given, safe)
        outcome = Submission(case.number, _complete(session, acting, now, case, task, given, family))
    if key:
        digest = _digest(safe, task_id, data)
        row = {"key": full_key, "task_id": task.id, "digest": digest, "answer": outcome.answer(), "at": now}
        _remember(session, row)
    return outcome


def _digest(safe: ballots.Safe, task_id: str, data: dict[str, Any]) -> str:
    """By which the same submission is known again."""
    return safe.digest(task_id.encode() + orjson.dumps(data, option=orjson.OPT_SORT_KEYS))


def _put_away(  # noqa: PLR0913  who puts what away, where
    session: Session,
    actor: Actor,
    now: datetime,
    case: tables.Case,
    task: tables.Task,
    form: forms.Form,
    given: dict[str, Any],
    safe: ballots.Safe,
) -> dict[str, Any]:
    """What the journal may hold of a form: a ballot and what the form seals are locked up elsewhere."""
    if not task.sealed:
        return sealed.put_away(session, actor, now, case, form, given)
    member = actor.on_behalf_of or actor.name
    return ballots.seal(session, now, safe, task, member, database.random_of(session)(16), given)


def _form(session: Session, case: tables.Case, task: tables.Task) -> forms.Form:
    return programs.of(session, case.bundle).form(task.form)


def _remember(session: Session, row: dict[str, Any]) -> None:
    try:
        steps.add_submission(session, row)
    except IntegrityError as used:
        raise errors.KeyUsed from used


def _known(known: tables.Submission, digest: str) -> Submission:
    if known.digest != digest:
        raise errors.KeyUsed
    return Submission(known.answer["case"], tuple(known.answer["opened_tasks"]))


def _complete(  # noqa: PLR0913  a step's whole context
    session: Session,
    actor: Actor,
    now: datetime,
    case: tables.Case,
    task: tables.Task,
    given: dict[str, Any],
    family: view.Family,
) -> tuple[str, ...]:
    moved = inputs.Submitted(address(task), given, actor.name)
    done = lifecycle.feed(session, actor, now, case, moved, family)
    done_seq, absent = case.head_seq, actor.on_behalf_of
    steps.save_task(
        session, task, status="done", done_at=now, done_by=actor.name, done_seq=done_seq, on_behalf_of=absent
    )
    if task.assignees:
        effects.drop_candidates(session, [task.id])
    consequences.follow(session, actor, now, case, family.case)
    return tuple(effects.task_id(case.number, one.at) for one in done.opened)


def _give_back(  # noqa: PLR0913  a step's whole context
    session: Session, actor: Actor, now: datetime, case: tables.Case, task: tables.Task, data: dict[str, Any]
) -> Submission:
    asked = task.delegated_by or ""
    steps.save_draft(session, now, task.id, asked, data)
    steps.save_task(session, task, holder=asked, delegated_by=None)
    lifecycle.note(session, actor, now, case, "delegation_returned", {"task": task.id, "to": asked})
    messages.tell(
        session,
        now,
        case,
        task,
        [asked],
        ("协办的任务已填好", f"{actor.display_name}已填好“{task.name}”，请您确认后提交"),
        ("Your task is prepared", f"{actor.display_name} has prepared “{task.name_en}”; please confirm and submit"),
    )
    return Submission(case.number, ())
