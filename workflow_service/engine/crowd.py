"""Multi-instance activities: one token per item, results in the order of the items whatever the order of completion."""

from typing import Any

from SpiffWorkflow.util.task import TaskState

from workflow_service.engine import expressions
from workflow_service.engine.diagram import Many
from workflow_service.engine.specs import Element
from workflow_service.engine.tokens import Token


class Crowd(Element):
    """The container of the instances; each sees the run's data through a scope of its own."""

    container = True
    inner: Any

    @property
    def marks(self) -> Many:
        """The multi-instance marks as drawn."""
        assert self.meta is not None and self.meta.many is not None
        return self.meta.many

    def _update_hook(self, token: Token) -> bool:
        items = self.items(token)
        token.internal_data["waiting"] = items
        token.internal_data["made"] = 0
        token.internal_data["results"] = {}
        token._set_state(TaskState.STARTED)
        if not items:
            self.finish(token)
            return False
        for _ in range(1 if self.marks.sequential else len(items)):
            self.open_next(token)
        return False

    def items(self, token: Token) -> list[Any]:
        """The items of the collection, or numbers from 1 for a cardinality."""
        live = token.live
        scope, seen = live.current().scope, live.seen(token)
        if not self.marks.collection:
            expression = self.needed("cardinality")
            count = expressions.plain(expressions.evaluate(expression, seen, scope))
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise expressions.refusal(expression, "结果不是非负整数")
            if count > LARGEST:
                raise expressions.refusal(expression, f"超过 {LARGEST} 个实例")
            return list(range(1, count + 1))
        expression = self.needed("collection")
        items = expressions.plain(expressions.evaluate(expression, seen, scope))
        if not isinstance(items, list):
            raise expressions.refusal(expression, "结果不是列表")
        if len(items) > LARGEST:
            raise expressions.refusal(expression, f"超过 {LARGEST} 个实例")
        return items

    def open_next(self, token: Token) -> None:
        """Opens the instance of the next item that waits."""
        info, live = token.internal_data, token.live
        item, info["waiting"] = info["waiting"][0], info["waiting"][1:]
        child = token.beget(self.inner, token.flow)
        child.triggered = True
        child.scope = f"s{child.id}"
        live.scopes[child.scope] = [token.scope, {self.marks.item: item} if self.marks.item else {}]
        child.internal_data["item"] = item
        child.internal_data["index"] = info["made"]
        info["made"] += 1
        child.task_spec._update(child)

    def gather(self, token: Token, child: Token) -> None:
        """Takes the result of an instance that is done and goes on."""
        info, live = token.internal_data, token.live
        own = live.scopes[child.scope][1]
        done = self.enough(token, child)
        if self.marks.output:
            info["results"][str(child.internal_data["index"])] = own.get(self.marks.output_item or self.inner.meta.id)
        else:
            live.facts_of(token.scope).update({name: value for name, value in own.items() if name != self.marks.item})
        del live.scopes[child.scope]
        if done:
            info["waiting"] = []
            for other in self.instances(token):
                other.cancel()
        if info["waiting"]:
            self.open_next(token)
        elif not self.instances(token):
            self.finish(token)

    def enough(self, token: Token, child: Token) -> bool:
        """Whether the completion condition ends it, asked over the data of the instance just done."""
        expression = self.uses("completion")
        if expression is None:
            return False
        live, info = token.live, token.internal_data
        active, waiting = len(self.instances(token)), len(info["waiting"])
        counts = {
            "nrOfInstances": info["made"] + waiting,
            "nrOfActiveInstances": active,
            "nrOfCompletedInstances": info["made"] - active,
        }
        return expressions.truth(expression, {**live.seen(child), **counts}, live.current().scope)

    def instances(self, token: Token) -> list[Token]:
        """The instances that are open."""
        return [one for one in token.children if one is not None and one.triggered and one.is_open()]

    def finish(self, token: Token) -> None:
        """Writes the results in the order of the items and lets the token go on."""
        results = token.internal_data.pop("results", {})
        if self.marks.output:
            token.live.write(token, self.marks.output, [results[index] for index in sorted(results, key=int)])
        for name in ("waiting", "made"):
            token.internal_data.pop(name, None)
        token._ready()


LARGEST = 500
