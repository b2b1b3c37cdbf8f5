"""Moves the date of an open task whose limit rests on what a step has published anew, such as an extension."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow_service import engine
from workflow_service.bundles.programs import Loaded
from workflow_service.cases import calendars, effects, pauses
from workflow_service.engine import inputs, view
from workflow_service.storage import tables

REASON = "期限已延长，按延长后的期限计算"


def react(  # noqa: PLR0913  what a step did to which case, and what was known before
    session: Session,
    now: datetime,
    case: tables.Case,
    loaded: Loaded,
    done: view.Advanced,
    before: Mapping[str, Any],
) -> Sequence[inputs.Rescheduled]:
    """The inputs that tell the engine of the dates that a step put off; what a resumption moves is counted elsewhere.

    A date never comes earlier than people were told.
    """
    known = done.family.case
    changed = [
        name for name in loaded.dates_by_name if name in before and known.get(name, before[name]) != before[name]
    ]
    if not changed or any(one.name == "resumed" for one in done.thrown):
        return ()
    resting = frozenset[tuple[str, str]]().union(*(loaded.dates_by_name[name] for name in changed))
    session.flush()
    open_ones = select(tables.Task).where(tables.Task.case_id == case.id, tables.Task.status == "open")
    tasks = {
        inputs.Address(one.run, one.element, one.visit): one
        for one in session.scalars(open_ones)
        if one.due_at is not None and (one.process, one.element) in resting
    }
    if not tasks:
        return ()
    moved = []
    calendar = calendars.Current(session)
    for anew in engine.recomputed(loaded.program, done.family, now, calendar):
        if anew.at in tasks and anew.due > anew.standing:
            task = tasks[anew.at]
            task.due_at, task.due_limit = anew.due, effects.limit_json(anew.limit)
            task.calendar = effects.calendar_of(anew.limit)
            if pauses.is_suspended(case) and not task.mandatory:
                pauses.stop(calendar, now, task)
            moved.append(inputs.Rescheduled(anew.at, anew.due, REASON))
    return moved
