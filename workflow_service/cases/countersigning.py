"""Changes who works on a task that several people do side by side."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workflow_service import errors
from workflow_service.cases import involvement, lifecycle, tasks
from workflow_service.engine import inputs, view
from workflow_service.identity import permissions, roster
from workflow_service.identity.actors import Actor
from workflow_service.storage import tables


def change(  # noqa: PLR0913  both lists of one change
    session: Session, actor: Actor, now: datetime, task_id: str, add: list[Any], remove: list[Any]
) -> view.Advanced:
    """Adds people to, or takes people out of, an open task that several people do side by side.

    Args:
        add, remove: account names, or items as the task's own one.

    Raises:
        Conflict: the opinions are given under seal by those who were appointed, or the list has changed.
        NotFound: nobody has such an account. NotAllowed: the actor or an added person may not.
    """
    task, case = tasks.open_one(session, task_id)
    involvement.require_directing(session, actor, case)
    if not is_for(actor):
        raise errors.NotAllowed("只有受理机关负责人、认定小组组长或党委（党组）秘书可以加签、减签")
    if task.sealed:
        raise errors.Conflict("评判意见由认定小组成员各自提交，不能加签、减签；人员有变动的，请通过回避重新组建小组")
    own = (task.instance or {}).get("item")
    standing = [(one.instance or {}).get("item") for one in side_by_side(session, task)]
    added = [_item(own, one) for one in add]
    removed = [next((item for item in standing if _account(item) == _account(one)), one) for one in remove]
    for one in added:
        _check_added(session, case, task, str(_account(one) or ""))
    named = Counter(str(_account(one)) for one in (*standing, *added))
    doubled = [name for one in added if named[name := str(_account(one))] > 1]
    if doubled:
        raise errors.Conflict("名单已变化：{names}", names="、".join(dict.fromkeys(doubled)))
    moved = inputs.Countersigned(tasks.address(task), tuple(added), tuple(removed), actor.name)
    return lifecycle.feed(session, actor, now, case, moved)


def is_for(actor: Actor) -> bool:
    """Whether a person's roles let them add people to a step, or take them from it."""
    return bool(actor.roles & {"chief", "panel_chair", "committee_secretary"})


def side_by_side(session: Session, task: tables.Task) -> list[tables.Task]:
    """The open tasks that people do side by side with this one, itself among them."""
    rows = session.query(tables.Task).filter_by(case_id=task.case_id, run=task.run, element=task.element, status="open")
    return list(rows)


def _account(item: Any) -> Any:
    return item.get("user") if isinstance(item, dict) else item


def _item(own: Any, one: Any) -> Any:
    """What is handed to an added person: a name becomes an item as those of the others are."""
    return {**own, "user": one} if isinstance(own, dict) and "user" in own and isinstance(one, str) else one


def _check_added(session: Session, case: tables.Case, task: tables.Task, name: str) -> None:
    receiver = roster.actor_named(session, name)
    refused = permissions.separation(task.element, task.role, involvement.of(session, case, name))
    if refused is None and not permissions.reaches_role(receiver, task.place, task.role):
        refused = "此任务由其他岗位办理，不属于您的职责范围"
    if refused is not None:
        raise errors.NotAllowed("不能交给“{name}”：{why}", name=receiver.display_name, why=refused)
