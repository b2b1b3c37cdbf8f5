"""Random small processes, moved at random: living on, reading back after every step, and replaying all agree."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.cases import Case, Weekdays
from tests.engine.drawing import Drawing, compiled, each
from workflow_service import engine
from workflow_service.engine import inputs, view

LEAVES = st.sampled_from(["user", "service", "round", "row", "signal", "timed", "message"])


def _inner(blocks: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(blocks, min_size=1, max_size=3)
    return st.one_of(
        st.tuples(st.sampled_from(["line", "choice", "fork", "some", "loop", "late", "stop", "sub", "call"]), some),
    )


BLOCKS = st.recursive(LEAVES, _inner, max_leaves=8)


class Sketch:
    """Turns a random block into drawings."""

    def __init__(self) -> None:
        self.count = 0
        self.called: list[Drawing] = []

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def whole(self, block: Any) -> list[Drawing]:
        main = self.process("main", block)
        answering = Drawing("answering")
        answering.start("hear_it", message="m")
        answering.user("answer_it")
        answering.throw("stop_it", signal="stop")
        answering.end("end_answer")
        answering.way("hear_it", "answer_it", "stop_it", "end_answer")
        return [main, answering, *self.called]

    def process(self, process: str, block: Any) -> Drawing:
        drawing = Drawing(process)
        begin, end = self.name("begin"), self.name("finish")
        drawing.start(begin)
        drawing.end(end)
        first, last = self.draw(drawing, block)
        drawing.way(begin, first)
        drawing.way(last, end)
        return drawing

    def draw(self, drawing: Drawing, block: Any) -> tuple[str, str]:
        if isinstance(block, str):
            return self.leaf(drawing, block)
        kind, inside = block
        return getattr(self, "_" + kind)(drawing, inside)

    def leaf(self, drawing: Drawing, kind: str) -> tuple[str, str]:
        name = self.name(kind)
        if kind == "service":
            drawing.service(name, n="count(members)", result="served")
        elif kind in ("round", "row"):
            drawing.user(
                name, many=each("members", output="results", output_item=name, sequential=kind == "row"), due="today()"
            )
        elif kind == "signal":
            drawing.throw(name, signal="stop")
        elif kind == "message":
            drawing.throw(name, message="m", payload='[{key: "a"}, {key: "b"}]')
        elif kind == "timed":
            drawing.catch(name, timer="end of day(working days after(today(), 2))")
        else:
            drawing.user(name, set="{n: n + 1}", publish=f"{{last: {name}.go}}")
        return name, name

    def _line(self, drawing: Drawing, inside: list[Any]) -> tuple[str, str]:
        ends = [self.draw(drawing, one) for one in inside]
        for (_, last), (first, _) in zip(ends, ends[1:], strict=False):
            drawing.way(last, first)
        return ends[0][0], ends[-1][1]

    def _gates(self, drawing: Drawing, inside: list[Any], kind: str, conditions: list[str]) -> tuple[str, str]:
        opening, closing = self.name("open"), self.name("close")
        drawing.gate(opening, kind)
        drawing.gate(closing, kind)
        for number, one in enumerate(inside):
            first, last = self.draw(drawing, one)
            drawing.flow(
                opening,
                first,
                when=conditions[number] if conditions and number else "",
                default=bool(conditions) and not number,
            )
            drawing.way(last, closing)
        if len(inside) == 1 and kind != "parallel":
            drawing.flow(opening, closing, when="n > 2")
        return opening, closing

    def _choice(self, drawing: Drawing, inside: list[Any]) -> tuple[str, str]:
        return self._gates(drawing, inside, "exclusive", ["", "modulo(n, 2) = 0", "modulo(n, 3) = 0"])

    def _some(self, drawing: Drawing, inside: list[Any]) -> tuple[str, str]:
        return self._gates(drawing, inside, "inclusive", ["", "modulo(n, 2) = 0", "n > 1"])

    def _fork(self, drawing: Drawing, inside: list[Any]) -> tuple[str, str]:
        return self._gates(drawing, inside, "parallel", []) if len(inside) > 1 else self._line(drawing, inside)

    def _loop(self, drawing: Drawing, inside: list[Any]) -> tuple[str, str]:
        into, counter, out = self.name("into"), self.name("user"), self.name("leave")
        drawing.gate(into)
        drawing.gate(out)
        drawing.user(counter, set="{n: n + 1}")
        first, last = self._line(drawing, inside)
        drawing.way(into, first)
        drawing.way(last, counter, out)
        drawing.flow(out, into, when="modulo(n, 2) = 1 and n < 12")
        after = self.name("user")
        drawing.user(after)
        drawing.flow(out, after, default=True)
        return into, after

    def _guarded(self, drawing: Drawing, inside: list[Any], cancel: bool, **event: str) -> tuple[str, str]:
        name, on, then, end = self.name("sub"), self.name("on"), self.name("user"), self.name("end")
        drawing.sub(name, self.process(self.name("inner"), ("line", inside)))
        drawing.boundary(on, name, cancel=cancel, **event)
        drawing.user(then)
        if not cancel:
            drawing.end(end)
            drawing.way(on, then, end)
            return name, name
        drawing.gate(end)
        drawing.way(name, end)
        drawing.way(on, then, end)
        return name, end

    def _late(self, drawing: Drawing, inside: list[Any]) -> tuple[str, str]:
        return self._guarded(drawing, inside, False, timer="end of day(today())")

    def _stop(self, drawing: Drawing, inside: list[Any]) -> tuple[str, str]:
        return self._guarded(drawing, inside, True, signal="stop")

    def _sub(self, drawing: Drawing, inside: list[Any]) -> tuple[str, str]:
        name = self.name("sub")
        drawing.sub(
            name,
            self.process(self.name("inner"), ("line", inside)),
            many=each("members", output="all", output_item="n"),
        )
        return name, name

    def _call(self, drawing: Drawing, inside: list[Any]) -> tuple[str, str]:
        name, process = self.name("call"), self.name("called")
        self.called.append(self.process(process, ("line", inside)))
        drawing.call(name, process)
        return name, name


def _choose(case: Case, number: int) -> inputs.Input | None:
    """One of the moves that are possible now, by a number."""
    waiting = engine.pending(case.program, case.family)
    moves: list[inputs.Input] = [
        inputs.Submitted(one.at, {"go": number % 3 == 0}, f"p{number % 2}") for one in waiting.tasks
    ]
    moves += [inputs.Returned(one.at, {"n": number}) for one in waiting.calls]
    moves += [inputs.Elapsed(one.at) for one in waiting.timers]
    for one in waiting.tasks[:2]:
        moves += [
            inputs.SentBack(one.at, to, "why", "x") for to in engine.returnable(case.program, case.family, one.at)[:1]
        ]
        if (
            one.instance is not None
            and len([other for other in waiting.tasks if other.at.element == one.at.element]) > 1
        ):
            moves.append(inputs.Countersigned(one.at, (f"new{len(case.history)}",), (), "x"))
    for run in case.family.runs.values():
        last = engine.last_submission(case.program, case.family, run.id) if run.open else None
        if last is not None:
            moves.append(inputs.Withdrawn(inputs.Address(run.id, last["element"], last["visit"]), last["by"]))
    return moves[number % len(moves)] if moves else None


def _tracked(standing: set[inputs.Address], moved: inputs.Input, done: view.Advanced) -> set[inputs.Address]:
    """What a keeper of rows would believe to be waiting after a step."""
    gone = {where for where, _ in done.closed} | set(done.dropped_calls) | set(done.dropped_timers)
    if isinstance(moved, inputs.Returned | inputs.Elapsed):
        gone.add(moved.at)
    fresh = {one.at for one in (*done.opened, *done.calls, *done.timers)}
    assert not fresh & standing
    assert gone <= standing
    return (standing - gone) | fresh


def _play(case: Case, numbers: list[int]) -> None:
    standing = _tracked(set(), inputs.Started("main"), case.start("main", members=["a", "b"], n=0))
    for number in numbers:
        case.now = case.now + timedelta(days=5)
        moved = _choose(case, number)
        if moved is None:
            return
        standing = _tracked(standing, moved, case.move(moved))
        assert standing == {inputs.Address(*_parts(one)) for one in case.open()}


def _parts(address: str) -> tuple[str, str, int]:
    run, element, visit = address.split(".")
    return run, element, int(visit)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(BLOCKS, st.lists(st.integers(0, 1000), max_size=25))
def test_living_reading_back_and_replaying_agree(block: Any, numbers: list[int]) -> None:
    drawings = Sketch().whole(block)
    program = compiled(*drawings)
    lived, read = Case(program), Case(program, fresh=True)

    _play(lived, numbers)
    _play(read, numbers)
    replayed = engine.begin(lived.shared)
    fresh_program = compiled(*Sketch().whole(block))
    again = []
    for moved, now, _ in lived.history:
        body = inputs.from_body(moved.kind, inputs.to_body(moved))
        done = engine.advance(fresh_program, replayed, body, now, Weekdays())
        replayed = done.family
        again.append(done.fingerprint)

    assert [one[2] for one in lived.history] == [one[2] for one in read.history] == again
    assert lived.family.case == read.family.case == replayed.case
    for run in replayed.runs.values():
        assert run.state == lived.family.runs[run.id].state


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(BLOCKS, st.lists(st.integers(0, 1000), max_size=12))
def test_every_random_process_comes_to_its_end_however_often_it_was_sent_back(block: Any, numbers: list[int]) -> None:
    case = Case(compiled(*Sketch().whole(block)))
    _play(case, numbers)

    for _ in range(600):
        case.now = case.now + timedelta(days=5)
        waiting = engine.pending(case.program, case.family)
        if waiting.tasks:
            case.move(inputs.Submitted(waiting.tasks[0].at, {"go": True}, "x"))
        elif waiting.calls:
            case.move(inputs.Returned(waiting.calls[0].at, None))
        elif waiting.timers:
            case.move(inputs.Elapsed(waiting.timers[0].at))
        else:
            break

    assert not any(run.open for run in case.family.runs.values())
