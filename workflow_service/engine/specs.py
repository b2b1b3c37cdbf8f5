"""How each kind of element behaves: own task specs in place of those the stock parser makes, all on one small protocol.

``arrive`` when a token comes, ``_update_hook`` whether it may run now, ``_run_hook`` what it does, ``onward`` where its
tokens go. Nothing is predicted, joins count arrivals instead of walking trees, every expression is FEEL.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec
from SpiffWorkflow.util.task import TaskState

from workflow_service.engine import expressions
from workflow_service.engine.expressions import Expression
from workflow_service.engine.meta import Meta
from workflow_service.engine.tokens import Token
from workflow_service.errors import CannotAdvance


class Element(BpmnTaskSpec):  # type: ignore[misc]
    """Any node of a diagram, and its behaviour when it just lets tokens pass.

    Attributes set when a parsed spec is adopted: ``meta`` what is drawn (None for inner nodes of the engine),
    ``follow`` pairs of flow id and next spec.

    Class attributes: ``waits`` a token is seen waiting here; ``asks`` for what from outside (``task`` a person, ``call`` a
    handler, ``timer`` a date), and ``when`` in which state it does; ``manual`` a person must act; ``first`` runs before all others; ``restless`` is asked again when the run is quiet; ``container`` holds instances of another spec;
    ``binding`` the tokens that leave it are bound to each other; ``bound`` ends when such a sibling is done.
    """

    meta: Meta | None
    follow: tuple[tuple[str, Any], ...]
    waits = False
    asks = ""
    when = 0
    first = False
    restless = False
    container = False
    binding = False
    bound = False

    def _predict(self, token: Token, *_: Any, **__: Any) -> None:
        """Nothing is predicted."""

    def _update(self, token: Token) -> None:
        self.arrive(token)
        if token.is_open() and self._update_hook(token):
            token._ready()

    def arrive(self, token: Token) -> None:
        """Counts the visit when a token comes for the first time."""
        if not token.visit and self.meta is not None and not self.container:
            visits = token.live.visits
            token.visit = visits[self.meta.id] = visits.get(self.meta.id, 0) + 1

    def _update_hook(self, token: Token) -> bool:
        return True

    def _run(self, token: Token) -> bool | None:
        done: bool | None = self._run_hook(token)
        return done

    def _run_hook(self, token: Token) -> bool | None:
        return True

    def _on_cancel(self, token: Token) -> None:
        """Nothing hangs on it."""

    def _on_complete(self, token: Token) -> None:
        self.record(token)
        self.release(token)
        for child in [token.beget(spec, flow) for flow, spec in self.onward(token)]:
            child.task_spec._update(child)
        if token.triggered:
            token.parent.task_spec.gather(token.parent, token)
        token.workflow._task_completed_notify(token)

    def onward(self, token: Token) -> tuple[tuple[str, Any], ...]:
        """Flow and next spec for each token that leaves; instances of a container stay."""
        return () if token.triggered else self.follow

    def record(self, token: Token) -> None:
        """Evaluates what the element sets and publishes once it is done; of many instances each publishes for itself."""
        if self.meta is None or not self.meta.writes:
            return
        for use in ("publish",) if token.triggered else ("set",) if self.container else ("set", "publish"):
            expression = self.meta.uses.get(use)
            if expression is None:
                continue
            values = expressions.context(expression, token.live.seen(token), token.live.current().scope)
            if use == "publish":
                token.live.current().publish(values)
            else:
                for name, value in values.items():
                    token.live.write(token, name, value)

    def release(self, token: Token) -> None:
        """Ends the boundary events of an activity that is done, and what raced with a caught event."""
        parent = token.parent
        if parent is None or token.triggered or not parent.task_spec.binding:
            return
        for other in token.siblings():
            if other.task_spec.bound:
                other.cancel()

    def text(self, name: str) -> str:
        """A property of the element as drawn."""
        return "" if self.meta is None else self.meta.node.properties.get(name, "")

    def uses(self, name: str) -> Expression | None:
        """An expression of the element."""
        return None if self.meta is None else self.meta.uses.get(name)

    def needed(self, name: str) -> Expression:
        """An expression the element can't do without; the compiler has seen to it."""
        found = self.uses(name)
        if found is None:
            raise CannotAdvance("环节“{element}”缺少表达式（{use}）", element=self.name, use=name)
        return found


class Split(Element):
    """Stands before an activity with boundary events: the activity and its events start together."""

    binding = True

    def release(self, token: Token) -> None:
        """A split frees nothing."""


class Person(Element):
    """A task for a person; its due date and its assignees are settled when it opens."""

    waits = True
    asks, when = "task", TaskState.READY

    def _update_hook(self, token: Token) -> bool:
        live, info = token.live, token.internal_data
        scope, seen = live.current().scope, live.seen(token)
        due = self.uses("due")
        if due is not None:
            date_due(token, due)
        assignee = self.uses("assignee")
        if assignee is not None:
            names = expressions.plain(expressions.evaluate(assignee, seen, scope))
            info["assignees"] = [str(one) for one in (names if isinstance(names, list) else [names]) if one]
        return True


def date_due(token: Token, expression: Expression) -> datetime | None:
    """Computes when a token is due and keeps it with it: the UTC time, its limit, and the time of computing."""
    scope = token.live.current().scope
    # a task whose date rests on an answer left open has none; a timer without a date is a fault
    person = isinstance(token.task_spec, Person)
    due, limit = expressions.moment(expression, token.live.seen(token), scope, optional=person)
    info = token.internal_data
    for name in ("due", "limit"):
        info.pop(name, None)
    if due is not None:
        info["due"] = due.isoformat()
        info["since"] = scope.now.astimezone(UTC).isoformat()
    if limit is not None:
        info["limit"] = [limit.start.isoformat(), limit.days, limit.end.isoformat(), limit.calendar, limit.provisional]
    return due


class Service(Element):
    """A handler's work: it stays started until the result is fed in."""

    waits = True
    asks, when = "call", TaskState.STARTED

    def _run_hook(self, token: Token) -> bool | None:
        live = token.live
        scope, seen = live.current().scope, live.seen(token)
        parameters = {} if self.meta is None else self.meta.parameters
        token.internal_data["call"] = {
            name: expressions.plain(expressions.evaluate(one, seen, scope)) for name, one in sorted(parameters.items())
        }
        return None


class Decision(Element):
    """A decision table asked at once; what it found is data, how it found it is not kept here."""

    def _run_hook(self, token: Token) -> bool | None:
        live = token.live
        scope, seen = live.current().scope, live.seen(token)
        inputs = self.uses("inputs")
        if inputs is None:
            facts = {**seen, "case": scope.case()}
        else:
            facts = expressions.context(inputs, seen, scope)
        assert self.meta is not None
        result = live.program.decide(self.meta.node.called, facts, scope.env())
        live.write(token, self.meta.result, expressions.plain(result))
        return True


class Holder(Element):
    """A call activity or sub-process: it is done when the scope it opens has ended."""

    waits = True
    called: str

    def _update_hook(self, token: Token) -> bool:
        token._set_state(TaskState.STARTED)
        token.live.nest(token, self.called)
        return False

    def _on_cancel(self, token: Token) -> None:
        nested = token.live.subprocesses.get(token.id)
        if nested is not None:
            nested.cancel()


class Choice(Element):
    """An exclusive gateway: the first condition that is true, else the default flow."""

    def onward(self, token: Token) -> tuple[tuple[str, Any], ...]:
        """The one flow that is taken."""
        live, fallback = token.live, None
        for way in self.follow:
            condition = self.uses("condition " + way[0])
            if condition is None:
                fallback = way
            elif expressions.truth(condition, live.seen(token), live.current().scope):
                return (way,)
        if fallback is None:
            raise CannotAdvance("网关“{element}”没有条件成立，也没有默认流向", element=self.name)
        return (fallback,)


class Join(Element):
    """A parallel gateway: waits for a token on each incoming flow; the first to come waits for the others."""

    arrivals: frozenset[str]

    def _update(self, token: Token) -> None:
        waiting = self.waiting(token)
        if waiting is None:
            self.arrive(token)
            token.internal_data["arrived"] = [token.flow]
            token._set_state(TaskState.WAITING)
            waiting = token
        else:
            arrived = waiting.internal_data["arrived"]
            waiting.internal_data["arrived"] = sorted({*arrived, token.flow})
            token.vanish()
        if self.complete(waiting):
            waiting._ready()

    def waiting(self, token: Token) -> Token | None:
        """The token of the same scope that waits here already."""
        for other in token.workflow.open.values():
            if other is not token and other.task_spec is self and other._state == TaskState.WAITING:
                found: Token = other
                return found
        return None

    def complete(self, waiting: Token) -> bool:
        """Whether all that must come has come."""
        return self.arrivals <= set(waiting.internal_data["arrived"])


class Inclusive(Join):
    """An inclusive gateway: joins what can still come, then every flow whose condition is true, else the default."""

    restless = True
    sources: Mapping[str, frozenset[str]]

    def _update(self, token: Token) -> None:
        if token._state == TaskState.WAITING:
            if not any(
                self.awaits(token, one.task_spec.name) for one in token.workflow.open.values() if one is not token
            ):
                token._ready()
        else:
            super()._update(token)

    def awaits(self, token: Token, name: str) -> bool:
        """Whether a token at another element must still come: to a flow that has none, and to none that has one.

        The second half is the standard's: a token that comes round again by a loop holds up nobody.
        """
        arrived = token.internal_data["arrived"]
        come = [name in names for flow, names in self.sources.items() if flow in arrived]
        missing = [name in names for flow, names in self.sources.items() if flow not in arrived]
        return any(missing) and not any(come)

    def complete(self, waiting: Token) -> bool:
        """A plain fork goes on at once; a join decides when the run is quiet."""
        return len(self.arrivals) < 2

    def onward(self, token: Token) -> tuple[tuple[str, Any], ...]:
        """All flows that are taken."""
        if len(self.follow) == 1:
            return self.follow
        live = token.live
        taken, fallback = [], []
        for way in self.follow:
            condition = self.uses("condition " + way[0])
            if condition is None:
                fallback.append(way)
            elif expressions.truth(condition, live.seen(token), live.current().scope):
                taken.append(way)
        if not taken and not fallback:
            raise CannotAdvance("网关“{element}”没有条件成立，也没有默认流向", element=self.name)
        return tuple(taken or fallback)
