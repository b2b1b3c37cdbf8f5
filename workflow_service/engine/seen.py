"""What the expressions at an open token see, for forms and handlers; looking changes nothing."""

from typing import Any

from workflow_service.engine import standing, state, step
from workflow_service.engine.inputs import Address
from workflow_service.engine.program import Program
from workflow_service.engine.view import Family
from workflow_service.errors import Conflict


def task_data(program: Program, family: Family, at: Address) -> dict[str, Any]:
    """The data at an open task, call or timer: the run's, and the item of its instance.

    Raises:
        Conflict: nothing waits at the address any more. CorruptState: the run's bytes are damaged.
    """
    run = family.runs.get(at.run)
    if run is not None and run.open:
        live = step.CACHE.take(run.process, run.state)
        if live is None or live.program is not program:
            live = state.decode(program, run.process, run.state)
        token = standing.waiting(run.id, live).get(at)
        step.CACHE.keep(run.process, run.state, live)
        if token is not None:
            return dict(live.seen(token))
    raise Conflict("环节“{element}”已不在等待办理，请刷新后再看", element=at.element)
