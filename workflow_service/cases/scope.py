"""What the expressions of a form see: the run's data, the case, the person and today."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from workflow_service import engine
from workflow_service.bundles import programs
from workflow_service.engine import view
from workflow_service.engine.inputs import Address
from workflow_service.identity.actors import Actor
from workflow_service.storage import looks, tables


def of_task(  # noqa: PLR0913  who sees which task of which case, and when
    session: Session, actor: Actor, now: datetime, case: tables.Case, task: tables.Task, family: view.Family
) -> dict[str, Any]:
    """The scope of an open task's form."""
    loaded = programs.of(session, case.bundle)
    data = engine.task_data(loaded.program, family, Address(task.run, task.element, task.visit))
    known = of_data(actor, now, family, data)
    if _asks_for_runs(loaded, task.form):
        known["case"]["runs"] += _to_come(session, case, loaded)
    return known


def _asks_for_runs(loaded: programs.Loaded, form: str) -> bool:
    """Whether a form looks at the runs of its case: of fifty forms two do, and the others are spared the question."""
    return b"case.runs" in loaded.files.get(f"forms/{form}.json", b"")


def _to_come(session: Session, case: tables.Case, loaded: programs.Loaded) -> list[dict[str, Any]]:
    """The runs that begin with what was stated and could not enter yet: nobody decides as if it had not been said (art. 16)."""
    return [
        {"run": "", "process": process, "key": message.key, "open": True}
        for message in looks.unfed(session, case_id=case.id)
        for process, _start in loaded.program.starts.get(message.name, ())
    ]


def of_data(actor: Actor, now: datetime, family: view.Family, data: dict[str, Any]) -> dict[str, Any]:
    """The scope for given run data."""
    me = {
        "name": actor.name,
        "display_name": actor.display_name,
        "roles": sorted(actor.roles),
        "unit": actor.unit,
        "place": actor.place,
    }
    return {**data, "data": data, "case": {**family.case, "runs": runs(family)}, "me": me, "clock": now}


def before_case(actor: Actor, now: datetime) -> dict[str, Any]:
    """The scope of a form before there is a case."""
    return of_data(actor, now, view.Family({}, {}), {})


def runs(family: view.Family) -> list[dict[str, Any]]:
    """The runs of a case, in the order of their start, as expressions see them in ``case.runs``."""
    listed = [{"run": one.id, "process": one.process, "key": one.key, "open": True} for one in family.runs.values()]
    listed += [{"run": run, "process": process, "key": key, "open": False} for run, process, key in family.closed]
    return sorted(listed, key=lambda one: int(str(one["run"])[1:]))
