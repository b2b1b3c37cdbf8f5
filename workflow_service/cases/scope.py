"""What the expressions of a form see: the run's data, the case, the person and today."""

from typing import Any

from sqlalchemy.orm import Session

from workflow_service import engine
from workflow_service.bundles import programs
from workflow_service.cases import lifecycle
from workflow_service.engine.inputs import Address
from workflow_service.identity.actors import Actor
from workflow_service.storage import tables


def of_task(session: Session, actor: Actor, case: tables.Case, task: tables.Task) -> dict[str, Any]:
    """The scope of an open task's form."""
    loaded = programs.of(session, case.bundle)
    at = Address(task.run, task.element, task.visit)
    data = engine.task_data(loaded.program, lifecycle.family_of(session, case), at)
    return of_data(session, actor, case, data)


def of_data(session: Session, actor: Actor, case: tables.Case, data: dict[str, Any]) -> dict[str, Any]:
    """The scope for given run data."""
    me = {
        "name": actor.name,
        "display_name": actor.display_name,
        "roles": sorted(actor.roles),
        "unit": actor.unit,
        "place": actor.place,
    }
    return {**data, "data": data, "case": {**case.shared, "runs": runs(session, case)}, "me": me}


def runs(session: Session, case: tables.Case) -> list[dict[str, Any]]:
    """The runs of a case, in the order of their start, as expressions see them in ``case.runs``."""
    rows = session.query(tables.Run.id, tables.Run.process, tables.Run.key, tables.Run.open).filter_by(case_id=case.id)
    listed = [{"run": row.id, "process": row.process, "key": row.key, "open": row.open} for row in rows]
    return sorted(listed, key=lambda one: int(str(one["run"])[1:]))
