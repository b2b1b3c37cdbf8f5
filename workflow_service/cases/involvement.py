"""What a person has to do with a case, gathered for the questions of permission."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.identity import permissions, substitutes
from workflow_service.identity.actors import Actor
from workflow_service.storage import database, looks, steps, tables

HEARD = frozenset({"statement_received", "recusal_requested", "reopening_requested"})  # the party's rights, art. 16


def of(
    session: Session, case: tables.Case, name: str, work: Sequence[tables.Task] | None = None
) -> permissions.Involvement:
    """The part that an account has in a case; ``work`` are its tasks where the caller has read them already."""
    rows, shared = steps.part_of(session, case.id, name) if work is None else _part(work, name), case.shared
    return permissions.Involvement(
        done=tuple([(element, role) for element, role, doer in rows if doer == name]),
        subject=permissions.is_subject(shared, name),
        opened=case.opened_by == name,
        recused=permissions.is_recused(shared, name),
        challenged=permissions.is_challenged(shared, name),
        investigates=name in (shared.get("investigators") or ()),
        accuser=_accused_or_witnessed(session, case, name),
        holds=bool(rows),
    )


def _part(work: Sequence[tables.Task], name: str) -> list[tuple[str, str, str | None]]:
    """What ``steps.part_of`` reads, from tasks that are known."""
    return [(one.element, one.role, one.done_by) for one in work if name in (one.done_by, one.holder, one.assignee)]


def _accused_or_witnessed(session: Session, case: tables.Case, name: str) -> bool:
    marks = case.shared.get("accusers")
    if marks and mark(database.safe_of(session), case.number, name) in marks:
        return True
    return name in (case.shared.get("witnesses") or ())


def mark(safe: database.Safe, number: str, name: str) -> str:
    """What stands for an account in a case's open data: without the key nobody can tell whose it is."""
    return safe.digest(f"mark:{number}:{name}".encode())


def require_reading(
    session: Session, actor: Actor, case: tables.Case, work: Sequence[tables.Task] | None = None
) -> permissions.Involvement:
    """Raises NotFound unless the actor may see the case: nobody learns of a case that is not theirs to see."""
    involved = of(session, case, actor.name, work)
    if permissions.may_read(actor, case.place, involved) or _has_open_work(session, actor, case):
        return involved
    raise errors.NotFound("没有案号为“{number}”的案件，或您无权查看", number=case.number)


def require_directing(session: Session, actor: Actor, case: tables.Case) -> None:
    """Raises NotFound or NotAllowed unless the actor may say who works on a case: nobody does of a case that concerns them."""
    if permissions.is_concerned(require_reading(session, actor, case)):
        raise errors.NotAllowed(permissions.CONCERNED)


def sees_everybody(actor: Actor, case: tables.Case) -> bool:
    """Whether somebody who reads a case sees what it says of every subject: staff do, and who opened it."""
    return permissions.is_staff(permissions.within(actor, case.shared)) or case.opened_by == actor.name


def is_heard(session: Session, actor: Actor, case: tables.Case, message: str) -> bool:
    """Whether a party may write to a case whose file is closed to them, because no subject's account is known yet.

    The right to be heard must not hang on whether the applicant filled in an account; the clerk who registers what
    comes names the subject. It opens no file: reading still needs an account among the subjects.
    """
    known = any(one.get("account") for one in case.shared.get("subjects") or ())
    if message not in HEARD or known or not permissions.reaches_role(actor, case.place, "party"):
        return False
    involved = of(session, case, actor.name)
    return not involved.recused and not involved.accuser


def _has_open_work(session: Session, actor: Actor, case: tables.Case) -> bool:
    if permissions.is_recused(case.shared, actor.name):
        return False
    return any(candidate(actor, task) for task in looks.open_tasks(session, case_id=case.id))


def candidate(actor: Actor, task: tables.Task) -> bool:
    """Whether a task is meant for this person, separation of duties aside."""
    if task.assignee is not None:
        return task.assignee == actor.name
    if task.assignees is not None:
        return actor.name in task.assignees
    return permissions.reaches_role(actor, task.place, task.role)


def refusal(
    session: Session,
    actor: Actor,
    case: tables.Case,
    task: tables.Task,
    involved: permissions.Involvement | None = None,
) -> str | None:
    """Why this person may not work on a task, or None when they may; ``involved`` where the caller knows it already."""
    if not candidate(actor, task):
        return "此任务由其他岗位办理，不属于您的职责范围"
    return permissions.separation(task.element, task.role, involved or of(session, case, actor.name))


def require_working(session: Session, actor: Actor, now: datetime, case: tables.Case, task: tables.Task) -> Actor:
    """The actor as they may work on a task, for themselves or for an absent person.

    Raises:
        NotAllowed: the task is not theirs, or the separation of duties forbids it; the text says which rule.
    """
    permissions.require(actor, permissions.Permission.TASK_WORK)
    found = acting(session, actor, now, case, task)
    if isinstance(found, str):
        raise errors.NotAllowed(found)
    return found


def takes_over(task: tables.Task, acting: Actor) -> bool:
    """Whether a held task is taken over from its holder: by a substitute, or back by the absent person who has returned."""
    if task.holder is None or task.holder == acting.name:
        return False
    return acting.name == task.on_behalf_of or task.holder == acting.on_behalf_of


def acting(  # noqa: PLR0913  who would do which task of which case, and when
    session: Session,
    actor: Actor,
    now: datetime,
    case: tables.Case,
    task: tables.Task,
    involved: permissions.Involvement | None = None,
) -> Actor | str:
    """The actor as they may work on a task, or why they may not: their own duties bind them as substitutes too."""
    involved = involved or of(session, case, actor.name)
    own = why_not = refusal(session, actor, case, task, involved)
    # what an absent colleague holds is taken over from them, also by who could do it themselves
    theirs = task.on_behalf_of if task.holder == actor.name else task.holder
    if own is None and theirs is None:
        return actor
    # an opinion is personal: nobody gives it for another
    for absent, roles in () if task.sealed else substitutes.absent_people(session, now, actor.name):
        if own is None and absent != theirs:
            continue
        stand_in = Actor(actor.id, absent, actor.display_name, roles, actor.unit, task.place)
        if refusal(session, stand_in, case, task) is None:
            barred = permissions.separation(task.element, task.role, involved)
            if barred is None:
                return actor.standing_in_for(absent, roles)
            why_not = barred
    return actor if own is None else why_not or own
