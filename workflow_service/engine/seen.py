"""What is seen of a case's state, for pages, forms and handlers; looking changes nothing."""

from typing import Any

from workflow_service.engine import returns, specs, standing, state, step
from workflow_service.engine.inputs import Address
from workflow_service.engine.program import Program
from workflow_service.engine.tokens import Live, Token
from workflow_service.engine.view import Family, Run


class _Look:
    """An open run: the one kept since its last step, to oneself for as long as it is looked at, else from its bytes."""

    def __init__(self, program: Program, run: Run) -> None:
        self._program, self._run = program, run

    def __enter__(self) -> Live:
        run = self._run
        live = step.CACHE.take(run.process, run.state)
        if live is None or live.program is not self._program:
            live = state.decode(self._program, run.process, run.state)
        self._live = live
        return live

    def __exit__(self, *_: object) -> None:
        step.CACHE.keep(self._run.process, self._run.state, self._live)


def _run(family: Family, at: Address) -> Run:
    run = family.runs.get(at.run)
    if run is None or not run.open:
        raise standing.gone(at)
    return run


def _waiting(live: Live, at: Address) -> Token:
    token = live.find(at.element, at.visit)
    if token is None or not standing.is_waiting(token):
        raise standing.gone(at)
    return token


def task_data(program: Program, family: Family, at: Address) -> dict[str, Any]:
    """The data at an open task, call or timer: the run's, and the item of its instance.

    Raises:
        Conflict: nothing waits at the address any more. CorruptState: the run's bytes are damaged.
    """
    with _Look(program, _run(family, at)) as live:
        return dict(live.seen(_waiting(live, at)))


def returnable(program: Program, family: Family, at: Address) -> list[str]:
    """The user tasks to which the work at an open task can be sent back.

    Raises:
        Conflict: the task is not open. CorruptState: the run's bytes are damaged.
    """
    with _Look(program, _run(family, at)) as live:
        token = _waiting(live, at)
        if not isinstance(token.task_spec, specs.Person):
            raise standing.gone(at)
        return returns.targets(program, live, token, at.element)


def positions(program: Program, family: Family) -> list[dict[str, Any]]:
    """Where all tokens stand, for the diagram: run, process, element, visit, state; raises CorruptState."""
    found: list[dict[str, Any]] = []
    for run in sorted(family.runs.values(), key=lambda one: int(one.id[1:])):
        if run.open:
            with _Look(program, run) as live:
                found += standing.positions(run.id, live)
    return found
