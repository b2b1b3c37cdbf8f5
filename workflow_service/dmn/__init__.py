"""DMN: decision models that are read once, checked, and asked often, with a trace of what decided."""

from collections.abc import Mapping
from typing import Any

from workflow_service.dmn import answers, cells, elements, model
from workflow_service.dmn.check import check
from workflow_service.dmn.errors import NOWHERE, DmnError, Place
from workflow_service.dmn.findings import Finding
from workflow_service.dmn.trace import Trace
from workflow_service.feel import errors, values
from workflow_service.feel.alone import ALONE
from workflow_service.feel.limits import Env
from workflow_service.feel.values import Value

__all__ = ["DmnError", "Env", "Finding", "Model", "Place", "Trace", "check", "read"]


def read(xml: bytes, imports: Mapping[str, bytes] | None = None) -> "Model":
    """Reads and compiles a model; raises DmnError when the file is unsafe, is no DMN or goes in a circle.

    A part that can't be compiled (a cell with a wrong expression) does not stop the rest: it answers null, and
    ``Model.faults`` and the checks name it.

    Args:
        imports: the XML of imported models by their namespace.
    """
    return Model(model.compile_parts(xml, imports or {}))


class Model:
    """A decision model. What it answers depends on what is given alone; it can be shared between threads."""

    def __init__(self, parts: model.Parts) -> None:
        self.parts = parts
        self._types = parts.type_tests()

    @property
    def name(self) -> str:
        """The model's name."""
        return self.parts.own.name

    @property
    def faults(self) -> tuple[DmnError, ...]:
        """What could not be compiled."""
        return tuple(self.parts.faults)

    @property
    def decisions(self) -> dict[str, str]:
        """The names of the decisions by id; every verb takes either."""
        return {one.id: one.name for one in self.parts.own.decisions}

    @property
    def inputs(self) -> dict[str, str]:
        """The names of the inputs by id."""
        return {one.id: one.variable.name for one in self.parts.own.inputs}

    @property
    def services(self) -> dict[str, str]:
        """The names of the decision services and business knowledge models by id."""
        return {one.id: one.name for one in self.parts.own.functions}

    def decide(self, name: str, inputs: Mapping[str, Any], env: Env = ALONE) -> Value:
        """The value of a decision, null when it has none.

        Args:
            name: the decision's name or id.
            inputs: what is given, by the inputs' names or ids.
            env: clock and calendar for the expressions that ask for them; without it the machine's clock counts.

        Raises:
            DmnError: there is no such decision.
            FeelLimitError: the decision takes more than an expression may use.
        """
        frame, _ = self._frame(inputs, env, listening=env.problems is not None)
        value = _asked(lambda: frame.decide(self._decision(name).id))
        _tell(env, frame)
        return value

    def decide_traced(self, name: str, inputs: Mapping[str, Any], env: Env = ALONE) -> Trace:
        """The value of a decision with what led to it; ``Trace.failure`` is the broken rule of a table, if any."""
        frame, session = self._frame(inputs, env, listening=True)
        decision = self._decision(name)
        value = _asked(lambda: frame.decide(decision.id))
        _tell(env, frame)
        return Trace(decision.name, value, tuple(frame.log), session.failure)

    def invoke(self, service_or_bkm: str, arguments: Mapping[str, Any], env: Env = ALONE) -> Value:
        """What a decision service or business knowledge model returns; null when the arguments don't fit.

        Args:
            service_or_bkm: its name or id.
            arguments: by parameter names; what isn't given is null.

        Raises:
            DmnError: there is no such function.
        """
        frame, session = self._frame({}, env, listening=env.problems is not None)
        function = frame.function(self._callable(service_or_bkm))
        if not isinstance(function, values.Function):
            return None
        unknown = arguments.keys() - set(function.params)
        if unknown:
            return None
        args = [values.from_python(arguments.get(param)) for param in function.params]
        value = _asked(lambda: _invoked(function, session, args))
        _tell(env, frame)
        return value

    def _frame(self, given: Mapping[str, Any], env: Env, *, listening: bool) -> tuple[answers.Frame, cells.Session]:
        own = env._replace(problems=[] if listening else None, types=self._types)
        session = cells.Session(own, env.limits or cells.BOUNDS, listening)
        return answers.Frame(self.parts, given, session, []), session

    def _decision(self, name: str) -> elements.Decision:
        found = self.parts.decisions.get(name)
        if found is not None:
            return found.source
        wanted = " ".join(name.split())
        for one in self.parts.own.decisions:
            if wanted in (one.name, one.variable.name):
                return one
        names = "、".join(one.name for one in self.parts.own.decisions)
        raise DmnError(
            f"没有决策“{name}”；有：{names}", f"there is no decision {name!r}; there is: {names}", kind="unknown"
        )

    def _callable(self, name: str) -> str:
        every = self.parts.own.functions
        for one in every:
            if name in (one.id, one.name, one.variable.name):
                return one.id
        names = "、".join(one.name for one in every)
        zh, en = f"没有决策服务“{name}”；有：{names}", f"there is no decision service {name!r}; there is: {names}"
        raise DmnError(zh, en, kind="unknown")


def _invoked(function: values.Function, session: cells.Session, args: list[Value]) -> Value:
    try:
        return function.call(session, args)
    except errors.Refused as refused:
        return cells.note(session, NOWHERE, refused.zh, refused.en)


def _asked(ask: Any) -> Value:
    try:
        return ask()
    except RecursionError:
        zh, en = "决策嵌套过深，请检查递归的终止条件", "the decision is nested too deeply; check where a recursion ends"
        raise DmnError(zh, en, kind="limit") from None


def _tell(env: Env, frame: answers.Frame) -> None:
    """Tells the caller's own list of problems what was noted."""
    if env.problems is not None:
        for made in frame.log:
            env.problems.extend(errors.Problem(one.message, one.message_en) for one in made.problems)
