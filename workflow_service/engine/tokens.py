"""Tokens and the runs that hold them: SpiffWorkflow's tasks and workflows, kept flat, counted instead of random, without a clock.

Three habits of the stock classes are left out, each measured to be the costly one: predicted tasks (an AND join doubles
them, the tree grows with every loop), a copy of all data in every task (joins merge lists oddly), and random ids with
time stamps (nothing could be replayed). A run keeps its data once; a token only knows its scope.
"""

from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from typing import Any, Protocol

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.script_engine import BasePythonScriptEngineEnvironment, PythonScriptEngine
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflow_service.engine import expressions
from workflow_service.engine.view import Happened
from workflow_service.errors import CannotAdvance

_READY, _COMPLETED, _CANCELLED = TaskState.READY, TaskState.COMPLETED, TaskState.CANCELLED
OPEN = TaskState.FUTURE | TaskState.WAITING | _READY | TaskState.STARTED
_ENDED = TaskState.ANY_MASK & ~OPEN
ROOT = 0


class Step(Protocol):
    """What a run may ask of the step that moves it."""

    scope: expressions.Scope

    def spend(self) -> None:
        """Counts one move; raises CannotAdvance when the step has used up its budget."""

    def made(self) -> None:
        """Counts one new token; raises CannotAdvance likewise."""

    def noted(self, run: str, token: "Token", happened: Happened) -> None:
        """Records what happened to a token."""

    def publish(self, values: Mapping[str, Any]) -> None:
        """Merges values into what the case shows to all its runs."""

    def throw(self, run: str, kind: str, name: str, payload: Any) -> None:
        """Hands a message or signal to the case."""


class NoScripts(PythonScriptEngine):  # type: ignore[misc]
    """A script engine that runs nothing: every expression is FEEL and goes another way."""

    def __init__(self) -> None:
        super().__init__(BasePythonScriptEngineEnvironment())

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:
        """Refuses, whatever is asked."""
        raise CannotAdvance("环节“{element}”含有不允许的脚本表达式", element=str(task.task_spec.name))

    def execute(self, task: Any, script: str, external_context: Any = None) -> Any:
        """Refuses, whatever is asked."""
        raise CannotAdvance("环节“{element}”含有不允许的脚本", element=str(task.task_spec.name))


class Token(Task):  # type: ignore[misc]
    """One token: an element reached once.

    Attributes beside the stock ones: ``live`` the run it belongs to, ``visit`` how-maniest time the run opened its element (0: not counted),
    ``scope`` key of the multi-instance scope whose data it sees (empty: the run's), ``flow`` the sequence flow it
    came by, ``entered`` whether people or machines have seen it wait. ``internal_data`` holds plain JSON.
    """

    triggered = entered = False
    thread_id = visit = 0
    last_state_change = 0.0
    scope = flow = ""

    def __init__(self, workflow: Any, task_spec: Any, parent: "Token | None", number: int) -> None:
        self.id = number
        self.workflow = workflow
        self.live: Live = workflow.top_workflow
        self._parent = None if parent is None else parent.id
        self._children: list[int] = []
        self._state = TaskState.FUTURE
        self.task_spec = task_spec
        self.data: dict[str, Any] = {}
        self.internal_data: dict[str, Any] = {}
        workflow.tasks[number] = workflow.open[number] = self
        if parent is not None:
            self.scope = parent.scope
            parent._children.append(number)

    def beget(self, task_spec: Any, flow: str) -> "Token":
        """A new token that follows this one by a flow."""
        child = Token(self.workflow, task_spec, self, self.live.next_number())
        child.flow = flow
        return child

    def _set_state(self, value: int) -> None:
        if value != self._state:
            self._state = value
            if value & _ENDED:
                self.workflow.open.pop(self.id, None)
            self.live.moved(self, value)

    def is_open(self) -> bool:
        """Whether it can still move."""
        return bool(self._state & OPEN)

    def _ready(self) -> None:
        if self._state & OPEN:
            self._set_state(_READY)

    def run(self) -> bool | None:
        """Lets its element act; a token that was cancelled by its own act stays cancelled."""
        done: bool | None = self.task_spec._run(self)
        if not self.is_open():
            return None
        if done is None:
            self._set_state(TaskState.STARTED)
        else:
            self.complete()
        return done

    def cancel(self) -> None:
        """Ends it and the instances it holds, unless it has ended already."""
        if not self.is_open():
            return
        for child in self.children:
            if child is not None and child.triggered:
                child.cancel()
        self._set_state(TaskState.CANCELLED)
        self.task_spec._on_cancel(self)

    def vanish(self) -> None:
        """Takes it out of the run as if it had never come: a join has counted its arrival."""
        self._state = TaskState.COMPLETED
        self.workflow.open.pop(self.id, None)
        self.workflow.tasks.pop(self.id)
        self.parent._children.remove(self.id)

    def siblings(self) -> list["Token"]:
        """The other tokens its parent begot."""
        parent = self.parent
        return [] if parent is None else [one for one in parent.children if one is not None and one is not self]


class Flat:
    """What runs and nested scopes share: open tokens by number, no tree walks, ended when nothing is open."""

    tasks: dict[int, Token]
    open: dict[int, Token]
    completed: bool
    success: bool
    last_task: Token | None

    def plant(self, spec: Any, scope: str) -> Token:
        """The root token, already passed; tokens that need no parent any more hang under it."""
        root = Token(self, spec.start, None, ROOT)
        root._state = TaskState.COMPLETED
        root.scope = scope
        self.open.pop(ROOT)
        self.task_tree = root
        return root

    def get_tasks_iterator(self, first_task: Any = None, **kwargs: Any) -> Iterator[Token]:
        """All tokens, or those of ``state``, in the order of their making."""
        wanted = kwargs.get("state", TaskState.ANY_MASK)
        return iter([one for one in self.tasks.values() if one._state & wanted])

    def update_waiting_tasks(self) -> None:
        """Nothing: what waits for others is asked again once the run is quiet."""

    def is_completed(self) -> bool:
        """Whether nothing in it can move."""
        return self.completed

    def cancel(self, success: bool = False) -> list[Token]:
        """Ends all its tokens."""
        self.success, self.completed = success, True
        cancelled = list(self.open.values())
        for one in cancelled:
            one.cancel()
        return cancelled

    def _task_completed_notify(self, token: Token) -> None:
        self.last_task = token
        if not self.open and not self.completed:
            self.completed = True
            self.ended()

    def ended(self) -> None:
        """Called once when its last token has gone."""


class Nested(Flat, BpmnSubWorkflow):  # type: ignore[misc]
    """A called process or embedded sub-process within a run."""

    def __init__(self, spec: Any, parent_task_id: int, top_workflow: "Live") -> None:
        self.open = {}
        super().__init__(spec, parent_task_id, top_workflow, deserializing=True)

    def ended(self) -> None:
        """Lets the activity that holds it go on."""
        holder = self.top_workflow.token(self.parent_task_id)
        if holder is not None and holder.is_open():
            holder._ready()


class Live(Flat, BpmnWorkflow):  # type: ignore[misc]
    """A run in memory: its data, its scopes, its tokens.

    Args:
        program: the compiled bundle.
        process: the root process.

    ``facts`` is the run's data; ``scopes`` maps the key of a multi-instance scope to ``[outer key, data]``;
    ``visits`` counts the openings per element; ``last`` remembers the newest submission while it may be taken back;
    ``waiting`` is what its last step left waiting, by address.
    """

    def __init__(self, program: Any, process: str) -> None:
        self.open = {}
        self.program = program
        self.process = process
        self.name = ""
        self.step: Step | None = None
        self.facts: dict[str, Any] = {}
        self.scopes: dict[str, list[Any]] = {}
        self.visits: dict[str, int] = {}
        self.serial = 0
        self.last: dict[str, Any] | None = None
        self.waiting: dict[Any, Token] = {}
        self._ready_tokens: list[tuple[int, int]] = []
        super().__init__(program.specs[process], program.specs, script_engine=_NO_SCRIPTS, deserializing=True)

    def current(self) -> Step:
        """The step that moves it now."""
        if self.step is None:
            raise RuntimeError("a run moves only within a step")
        return self.step

    def next_number(self) -> int:
        """A number no token of the run has had."""
        self.current().made()
        self.serial += 1
        return self.serial

    def token(self, number: int) -> Token | None:
        """The token of a number."""
        if number in self.tasks:
            return self.tasks[number]
        return next((one.tasks[number] for one in self.subprocesses.values() if number in one.tasks), None)

    def get_task_from_id(self, task_id: int) -> Token:
        """The token of a number, as the stock classes ask for it."""
        found = self.token(task_id)
        if found is None:
            raise KeyError(task_id)
        return found

    def levels(self) -> list[Flat]:
        """The run itself and the nested scopes that are open."""
        return [self, *self.subprocesses.values()]

    def open_tokens(self) -> list[Token]:
        """Every open token, outer levels first, in the order of their making."""
        if not self.subprocesses:
            return list(self.open.values())
        return [one for level in self.levels() for one in level.open.values()]

    def find(self, element: str, visit: int) -> Token | None:
        """The open token at an address."""
        for token in self.open_tokens():
            if token.visit == visit and (meta := token.task_spec.meta) is not None and meta.id == element:
                return token
        return None

    def nest(self, token: Token, spec_name: str) -> Nested:
        """Opens the scope of a called process or sub-process and lets it begin."""
        nested = self.adopt(token.id, spec_name)
        nested.plant(nested.spec, token.scope)
        self.begin(nested, self.program.plain_start(spec_name))
        return nested

    def adopt(self, holder: int, spec_name: str) -> Nested:
        """An empty scope under a token, to be filled from stored rows."""
        if self.token(holder) is None:
            raise KeyError(holder)
        nested = Nested(self.program.specs[spec_name], holder, self)
        self.subprocesses[holder] = nested
        return nested

    def begin(self, level: Any, start_event: Any) -> None:
        """Places the first token of a level on a start event."""
        first = level.task_tree.beget(start_event, "")
        start_event._update(first)

    def moved(self, token: Token, state: int) -> None:
        """Notes a token's new state; automatic ones that are ready queue up, those of boundary events first."""
        spec = token.task_spec
        if state == _READY and not spec.manual:
            heappush(self._ready_tokens, (0 if spec.first else 1, token.id))
        if spec.meta is None or spec.container:
            return
        if state == _COMPLETED:
            self.current().noted(self.name, token, "passed")
        elif state == _CANCELLED:
            if token.entered:
                self.current().noted(self.name, token, "cancelled")
        elif spec.waits and not token.entered and (state != _READY or spec.manual):
            token.entered = True
            self.current().noted(self.name, token, "entered")

    def settle(self) -> None:
        """Moves every token that needs nobody, until all wait."""
        while True:
            while self._ready_tokens:
                token = self.token(heappop(self._ready_tokens)[1])
                if token is not None and token._state == TaskState.READY:
                    self.current().spend()
                    token.run()
            if not self._ask_again():
                return

    def _ask_again(self) -> bool:
        for token in self.open_tokens():
            if token._state == TaskState.WAITING and token.task_spec.restless:
                token.task_spec._update(token)
                if self._ready_tokens:
                    return True
        return False

    def seen(self, token: Token) -> Mapping[str, Any]:
        """The data a token sees: the run's, overlaid by its multi-instance scopes from the outside in."""
        if not token.scope:
            return self.facts
        layers, key = [], token.scope
        while key:
            outer, own = self.scopes[key]
            layers.append(own)
            key = outer
        merged = dict(self.facts)
        for own in reversed(layers):
            merged.update(own)
        return merged

    def write(self, token: Token, name: str, value: Any) -> None:
        """Sets a top-level name of the data a token sees."""
        self.facts_of(token.scope)[name] = value

    def facts_of(self, scope: str) -> dict[str, Any]:
        """The data of a scope; the run's for the empty key."""
        if not scope:
            return self.facts
        own: dict[str, Any] = self.scopes[scope][1]
        return own


_NO_SCRIPTS = NoScripts()
