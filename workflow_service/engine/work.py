"""One step of a case in the making: the runs it touches, the events between them, and what comes of it."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

import orjson

from workflow_service.engine import events, expressions, specs, standing, state
from workflow_service.engine.expressions import Calendar
from workflow_service.engine.inputs import Address
from workflow_service.engine.program import Program
from workflow_service.engine.tokens import Live, Token
from workflow_service.engine.view import Advanced, Family, Happened, Run, Step, Thrown
from workflow_service.errors import CannotAdvance, Conflict

MAX_MOVES = 1000
MAX_TOKENS = 5000
SETTLED = "case_settled"


class Work:
    """Everything one step changes, kept apart from the family it began with until it is done."""

    def __init__(self, program: Program, family: Family, now: datetime, calendar: Calendar, cache: state.Cache) -> None:
        self.program = program
        self.family = family
        self.cache = cache
        self.case: dict[str, Any] = dict(family.case)
        self.scope = expressions.Scope(now, expressions.Recorder(calendar), self.shown)
        self.runs: dict[str, Run] = dict(family.runs)
        self.closed: list[tuple[str, str, str]] = list(family.closed)
        self.lives: dict[str, Live] = {}
        self.before: dict[str, dict[Address, Token]] = {}
        self.opened_runs: set[str] = set()
        self.steps: list[Step] = []
        self.thrown: list[Thrown] = []
        self.outbox: deque[tuple[str, str, str, Any]] = deque()
        self.answered: set[Address] = set()
        self.moves = 0
        self.tokens = 0
        self._shown: dict[str, Any] | None = None

    def spend(self) -> None:
        """Counts one move of a token; a step that goes on for ever is ended here."""
        self.moves += 1
        if self.moves > MAX_MOVES:
            self._exhausted(MAX_MOVES)

    def made(self) -> None:
        """Counts one new token; a step that multiplies itself is ended here."""
        self.tokens += 1
        if self.tokens > MAX_TOKENS:
            self._exhausted(MAX_TOKENS)

    def _exhausted(self, limit: int) -> None:
        element = self.steps[-1].element if self.steps else ""
        raise CannotAdvance(
            "流程在一步之内移动超过 {limit} 次，可能是死循环（停在“{element}”）", limit=limit, element=element
        )

    def noted(self, run: str, token: Token, happened: Happened) -> None:
        """Records what happened to a token."""
        meta = token.task_spec.meta
        self.steps.append(Step(run, meta.node.process, meta.id, token.visit, happened, token.flow))

    def publish(self, values: Mapping[str, Any]) -> None:
        """Merges values into what the case shows to all its runs."""
        self.case.update(values)
        self._shown = None

    def throw(self, run: str, kind: str, name: str, payload: Any) -> None:
        """Keeps an event until the run that throws it is quiet."""
        self.outbox.append((run, kind, name, payload))

    def shown(self) -> Mapping[str, Any]:
        """The case as expressions see it: what is published, and its runs."""
        if self._shown is None:
            self._shown = {**self.case, "runs": self._listed()}
        return self._shown

    def _listed(self) -> list[dict[str, Any]]:
        known = {one[0]: {"run": one[0], "process": one[1], "key": one[2], "open": False} for one in self.closed}
        for run in self.runs.values():
            known[run.id] = {"run": run.id, "process": run.process, "key": run.key, "open": run.open}
        return [known[run_id] for run_id in sorted(known, key=_number)]

    def live(self, run_id: str) -> Live:
        """The run of an id, loaded; raises Conflict when it is not open."""
        if run_id in self.lives:
            return self.lives[run_id]
        run = self.runs.get(run_id)
        if run is None or not run.open:
            raise Conflict("运行“{run}”已经结束", run=run_id)
        if run.process not in self.program.specs:
            raise state.CorruptState("流程不在流程包中", run.process)
        live = self.cache.take(run.process, run.state)
        if live is None or live.program is not self.program:
            live = state.decode(self.program, run.process, run.state)
        known = live.name == run_id  # kept since its last step, and not by a run of another number in the same state
        self._attach(run_id, live)
        self.before[run_id] = live.waiting if known else standing.waiting(run_id, live)
        return live

    def open_at(self, at: Address, kind: type[specs.Element]) -> tuple[Live, Token]:
        """The run and the open token at an address; raises Conflict when none of that kind waits there."""
        live = self.live(at.run)
        token = self.before[at.run].get(at)
        if token is None or not isinstance(token.task_spec, kind):
            raise standing.gone(at)
        return live, token

    def _attach(self, run_id: str, live: Live) -> None:
        live.name, live.step = run_id, self
        self.lives[run_id] = live

    def begin(self, process: str, start: str, data: Mapping[str, Any], key: str) -> Live:
        """A new run that begins at a start event (empty: the plain one) with its data."""
        run_id = f"r{1 + max((_number(one) for one in [*self.runs, *(one[0] for one in self.closed)]), default=0)}"
        live = Live(self.program, process)
        live.facts = {"actors": {}, **data}
        self._attach(run_id, live)
        self.before[run_id] = {}
        self.opened_runs.add(run_id)
        self.runs[run_id] = Run(run_id, process, key, True, b"")
        self._shown = None
        live.plant(live.spec, "")
        live.begin(live, self.program.start(process, start) if start else self.program.plain_start(process))
        return live

    def deliver(self, kind: str, name: str, payload: Any, sender: str = "") -> tuple[tuple[str, str], ...]:
        """Gives an event to the runs that wait for it, and starts those a message starts.

        Returns:
            (run, element that took it), in the order of the runs; a message never reaches its sender.
        """
        reached = []
        for run_id in sorted((one.id for one in self.runs.values() if one.open), key=_number):
            if (kind == "signal" or run_id != sender) and self._waits(run_id, f"{kind}:{name}"):
                reached += [(run_id, element) for element in self._hand(run_id, kind, name, payload)]
        for process, start in self.program.starts.get(name, ()) if kind == "message" else ():
            key = str(payload.get("key") or "")
            reached.append((self.begin(process, start, payload, key).name, start))
        return tuple(reached)

    def _waits(self, run_id: str, event: str) -> bool:
        return run_id in self.lives or event in self.runs[run_id].waits

    def _hand(self, run_id: str, kind: str, name: str, payload: Any) -> list[str]:
        caught = []
        for token in self.live(run_id).open_tokens():
            spec = token.task_spec
            if isinstance(spec, events.Catch) and spec.waits_for(token, kind, name):
                spec.fire(token, payload)
                caught.append(spec.name)
        return caught

    def settle(self) -> None:
        """Moves everything until the whole case is quiet: runs, events between them, and the archive when all is over."""
        archived = False
        while True:
            for run_id in sorted(self.lives, key=_number):
                self._quieten(run_id)
            if self.outbox:
                run, kind, name, payload = self.outbox.popleft()
                self.spend()
                reached = tuple(dict.fromkeys(one for one, _ in self.deliver(kind, name, payload, run)))
                self.thrown.append(Thrown(run, "message" if kind == "message" else "signal", name, reached))
            elif not archived and self._is_over():
                archived = True
                self.outbox.append(("", "message", SETTLED, {}))
            else:
                return

    def _quieten(self, run_id: str) -> None:
        live = self.lives[run_id]
        live.settle()
        run = self.runs[run_id]
        if run.open and not live.open:
            self.runs[run_id] = Run(run_id, run.process, run.key, False, b"")
            self._shown = None

    def _is_over(self) -> bool:
        if SETTLED not in self.program.starts or any(run.open for run in self.runs.values()):
            return False
        archives = {process for process, _ in self.program.starts[SETTLED]}
        ended = {run.process for run in self.runs.values() if run.id in self.lives}
        return self.case.get("status") != "archived" and not ended & archives

    def done(self) -> Advanced:
        """The outcome: new states, what now waits and what no longer does."""
        digests = {run_id: self._store(run_id) for run_id in sorted(self.lives, key=_number)}
        known = {one[0] for one in self.closed}
        for run in self.runs.values():
            if not run.open and run.id not in known:
                self.closed.append((run.id, run.process, run.key))
        case = dict(self.shown())
        family = Family(case, self.runs, tuple(sorted(self.closed, key=lambda one: _number(one[0]))))
        outcome = self._outcome(family, fingerprint(case, digests))
        self._keep()
        return outcome

    def _store(self, run_id: str) -> str:
        run, live = self.runs[run_id], self.lives[run_id]
        if not run.open:
            return "closed"
        state.compact(live)
        encoded, digest = state.encode(live)
        self.runs[run_id] = Run(run_id, run.process, run.key, True, encoded, standing.waits(live))
        return digest

    def _keep(self) -> None:
        """Leaves the open runs to whoever comes next: from here on another thread may have them, whose case is in the same state."""
        for run_id, live in self.lives.items():
            run = self.runs[run_id]
            if run.open:
                live.step = None
                self.cache.keep(run.process, run.state, live)

    def _outcome(self, family: Family, mark: str) -> Advanced:
        passed = {(one.run, one.element, one.visit) for one in self.steps if one.happened == "passed"}
        opened: dict[Address, Token] = {}
        closed: list[tuple[Address, Literal["completed", "cancelled"]]] = []
        dropped: dict[str, list[Address]] = {"call": [], "timer": []}
        changed = sorted(self.lives, key=_number)
        for run_id in changed:
            live = self.lives[run_id]
            before, after = self.before[run_id], standing.waiting(run_id, live)
            live.waiting = after
            for at, token in after.items():
                if at not in before:
                    opened[at] = token
            for at, token in before.items():
                if at in after:
                    continue
                kind, is_passed = token.task_spec.asks, at in passed
                if kind == "task":
                    closed.append((at, "completed" if is_passed else "cancelled"))
                elif not is_passed and at not in self.answered:
                    dropped[kind].append(at)
        new = standing.of(opened)
        return Advanced(
            family=family,
            changed=tuple(changed),
            opened=new.tasks,
            closed=tuple(closed),
            calls=new.calls,
            dropped_calls=tuple(dropped["call"]),
            timers=new.timers,
            dropped_timers=tuple(dropped["timer"]),
            steps=tuple(self.steps),
            thrown=tuple(self.thrown),
            fingerprint=mark,
        )


def fingerprint(case: Mapping[str, Any], digests: Mapping[str, str]) -> str:
    """The digest of the shared data and of the states of runs."""
    return sha256(orjson.dumps([case, digests], option=orjson.OPT_SORT_KEYS)).hexdigest()


def _number(run_id: str) -> int:
    return int(run_id[1:])
