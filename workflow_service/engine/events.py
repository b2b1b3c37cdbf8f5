"""How events behave: those that wait, those that send, those that end a scope or break into an activity."""

from typing import Any

from SpiffWorkflow.util.task import TaskState

from workflow_service.engine import expressions, specs
from workflow_service.engine.tokens import Token
from workflow_service.errors import CannotAdvance


class Race(specs.Element):
    """An event gateway: its events wait together, the first to be caught ends the others."""

    binding = True

    def release(self, token: Token) -> None:
        """A gateway frees nothing."""


class Catch(specs.Element):
    """An event that waits: for a message, a signal, a condition or a date."""

    waits = True
    asks, when = "timer", TaskState.WAITING
    bound = True

    def _update_hook(self, token: Token) -> bool:
        assert self.meta is not None
        live, kind = token.live, self.meta.event.kind
        if kind == "conditional":
            if expressions.truth(self.needed("conditional"), live.seen(token), live.current().scope):
                return True
        elif kind == "timer" and "due" not in token.internal_data:
            expression = self.needed("timer")
            if specs.date_due(token, expression) is None:
                raise expressions.refusal(expression, "结果为空")
        token._set_state(TaskState.WAITING)
        return False

    def waits_for(self, token: Token, kind: str, name: str) -> bool:
        """Whether a token waits here for such an event."""
        return (
            token._state == TaskState.WAITING
            and self.meta is not None
            and (self.meta.event.kind, self.meta.event.name) == (kind, name)
        )

    def fire(self, token: Token, payload: Any) -> None:
        """Lets the event happen: its payload becomes data, the token goes on at once."""
        assert self.meta is not None
        if self.meta.event.variable:
            token.live.write(token, self.meta.event.variable, payload)
        token._ready()
        token.run()


class Conditional(Catch):
    """A catch event whose condition is asked again whenever the run is quiet."""

    restless = True


class Boundary(Catch):
    """An event on the border of an activity, which it may interrupt."""

    first = True
    interrupting: bool

    def _on_complete(self, token: Token) -> None:
        assert self.meta is not None
        if self.interrupting:
            for other in token.siblings():
                other.cancel()
        elif self.meta.event.kind in ("message", "signal"):
            # It may come again while the activity is open; the stock event is deaf after the first time.
            again = token.parent.beget(self, "")
            self._update(again)
        super()._on_complete(token)

    def release(self, token: Token) -> None:
        """What it ends it has ended already."""


class Throw(specs.Element):
    """An event that sends a message or a signal to the runs of the case."""

    def _run_hook(self, token: Token) -> bool | None:
        self.throw(token)
        return True

    def throw(self, token: Token) -> None:
        """Evaluates the payload and hands the event to the case; a list is sent item by item."""
        live = token.live
        event = self.meta.event if self.meta is not None else None
        if event is None or event.kind not in ("message", "signal"):
            return
        payload: Any = {}
        expression = self.uses("payload")
        if expression is not None:
            payload = expressions.plain(expressions.evaluate(expression, live.seen(token), live.current().scope))
        for one in payload if isinstance(payload, list) else [payload]:
            if not isinstance(one, dict) and expression is not None:
                raise expressions.refusal(expression, "消息内容不是一组数据（context）")
            live.current().throw(live.name, event.kind, event.name, one)


class End(Throw):
    """An end event; an error goes to the boundary event of its code, a terminate end empties its scope."""

    def _run_hook(self, token: Token) -> bool | None:
        assert self.meta is not None
        if self.meta.event.kind == "error":
            self.record(token)
            token.live.current().noted(token.live.name, token, "passed")
            if not raise_error(token, self.meta.event.name):
                raise CannotAdvance(
                    "环节“{element}”抛出的错误“{code}”没有边界事件接住", element=self.name, code=self.meta.event.name
                )
        else:
            self.throw(token)
        return True

    def release(self, token: Token) -> None:
        """A terminate end cancels all other tokens of its scope."""
        assert self.meta is not None
        if self.meta.event.kind == "terminate":
            for other in list(token.workflow.open.values()):
                if other is not token:
                    other.cancel()


def raise_error(token: Token, code: str) -> bool:
    """Fires the innermost boundary event that catches an error code; False when there is none."""
    at: Token | None = token
    while at is not None:
        if at.triggered:
            at = at.parent
            continue
        for event in at.siblings() if at.parent is not None and isinstance(at.parent.task_spec, specs.Split) else []:
            if _catches(event, code):
                event.task_spec.fire(event, {"code": code})
                return True
        at = None if at.workflow is at.live else at.live.token(at.workflow.parent_task_id)
    return False


def _catches(token: Token, code: str) -> bool:
    spec = token.task_spec
    if not isinstance(spec, Boundary) or token._state != TaskState.WAITING or spec.meta is None:
        return False
    return spec.meta.event.kind == "error" and spec.meta.event.name in ("", code)
