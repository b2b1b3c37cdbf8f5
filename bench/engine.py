"""The engine's own share: one completion of a user task, beside stock SpiffWorkflow in memory and with full JSON each step.

A process of 40 elements: ten user tasks (five of them one parallel round), three services, gateways, a boundary date, a
called process. Conditions and dates are written so that Python and FEEL read them alike. Times are CPU time.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer import DEFAULT_CONFIG
from SpiffWorkflow.util.task import TaskState

from workflow_service import engine
from workflow_service.engine import inputs, step, view

NOW = datetime(2026, 9, 18, 4, 0, tzinfo=UTC)
ANSWERS = {"total": 20, "text": "几句说明" * 10, "members": ["a", "b", "c", "d", "e"]}

_HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core">'
)
_ROUND = (
    "<multiInstanceLoopCharacteristics><loopDataInputRef>members</loopDataInputRef>"
    '<loopDataOutputRef>opinions</loopDataOutputRef><inputDataItem id="member" name="member"/>'
    '<outputDataItem id="opinion" name="evaluate"/></multiInstanceLoopCharacteristics>'
)


def _service(name: str) -> str:
    operator = (
        f'<spiffworkflow:serviceTaskOperator id="act" resultVariable="{name}_result"><spiffworkflow:parameters>'
        '<spiffworkflow:parameter id="n" type="any" value="total + 1"/></spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>'
    )
    return f'<serviceTask id="{name}"><extensionElements>{operator}</extensionElements></serviceTask>'


def _user(name: str, inside: str = "", keep: str = "") -> str:
    kept = (
        f'<extensionElements><spiffworkflow:properties><spiffworkflow:property name="set" value="{keep}"/></spiffworkflow:properties></extensionElements>'
        if keep
        else ""
    )
    return f'<userTask id="{name}" name="{name}">{kept}{inside}</userTask>'


def _flows(prefix: str, *pairs: tuple[str, str] | tuple[str, str, str]) -> str:
    found = []
    for number, (source, target, *when) in enumerate(pairs):
        condition = f"<conditionExpression>{when[0]}</conditionExpression>" if when else ""
        found.append(
            f'<sequenceFlow id="{prefix}{number}" sourceRef="{source}" targetRef="{target}">{condition}</sequenceFlow>'
        )
    return "".join(found)


def _line(*names: str) -> list[tuple[str, str]]:
    return list(zip(names, names[1:], strict=False))


def diagram() -> bytes:
    """The 40-element process."""
    main = (
        '<startEvent id="begin_main"/>'
        + _user("fill_in", keep="{total: fill_in.total, members: fill_in.members}")
        + _service("check_it")
        + '<exclusiveGateway id="is_large" default="m3"/>'
        + _user("look_closer")
        + _user("look_once")
        + '<exclusiveGateway id="looked"/><parallelGateway id="fork"/>'
        + _user("ask_one")
        + _service("tell_one")
        + '<parallelGateway id="join"/>'
        + _user("evaluate", _ROUND)
        + '<callActivity id="call_inner" calledElement="inner"/>'
        + _user("sign_it")
        + '<boundaryEvent id="on_late" attachedToRef="sign_it" cancelActivity="false"><timerEventDefinition>'
        + '<timeDate>"2096-01-01T00:00:00+00:00"</timeDate></timerEventDefinition></boundaryEvent>'
        + _user("hurry_up")
        + '<endEvent id="end_late"/><endEvent id="end_main"/>'
        + _flows(
            "m",
            *_line("begin_main", "fill_in", "check_it", "is_large"),
            ("is_large", "look_once"),
            ("is_large", "look_closer", "total > 10"),
            *_line("look_closer", "looked", "fork", "ask_one", "join", "evaluate", "call_inner", "sign_it", "end_main"),
            ("look_once", "looked"),
            *_line("fork", "tell_one", "join"),
            *_line("on_late", "hurry_up", "end_late"),
        )
    )
    inner = (
        '<startEvent id="begin_inner"/>'
        + _user("draft_it")
        + '<exclusiveGateway id="is_ready" default="i2"/>'
        + _service("print_it")
        + '<task id="skip_it"/><exclusiveGateway id="merged"/>'
        + '<endEvent id="end_inner"/>'
        + _flows(
            "i",
            *_line("begin_inner", "draft_it", "is_ready", "print_it"),
            ("is_ready", "skip_it", "total > 1000"),
            *_line("print_it", "merged", "end_inner"),
            ("skip_it", "merged"),
        )
    )
    processes = f'<process id="main" isExecutable="true">{main}</process><process id="inner" isExecutable="true">{inner}</process>'
    return f"{_HEAD}{processes}</definitions>".replace("total > ", "total &gt; ").encode()


def loop_diagram() -> bytes:
    """A task that is done over and over, with a boundary date each time."""
    body = (
        '<startEvent id="begin_loop"/><exclusiveGateway id="again"/>'
        + _user("try_it", keep="{done: try_it.done}")
        + '<boundaryEvent id="on_late" attachedToRef="try_it" cancelActivity="false"><timerEventDefinition>'
        + '<timeDate>"2096-01-01T00:00:00+00:00"</timeDate></timerEventDefinition></boundaryEvent><endEvent id="end_late"/>'
        + '<exclusiveGateway id="is_done" default="l3"/><endEvent id="end_loop"/>'
        + _flows(
            "l",
            *_line("begin_loop", "again", "try_it", "is_done"),
            ("is_done", "again"),
            ("is_done", "end_loop", "done"),
            ("on_late", "end_late"),
        )
    )
    return f'{_HEAD}<process id="loop" isExecutable="true">{body}</process></definitions>'.encode()


class _Services(PythonScriptEngine):
    """The stock script engine with services that answer at once."""

    def __init__(self) -> None:
        super().__init__(TaskDataEnvironment())

    def call_service(self, task: Any, **_: Any) -> str:
        return "{}"


def _specs(data: bytes, process: str) -> tuple[Any, Any]:
    parser = SpiffBpmnParser()
    parser.add_bpmn_xml(etree.fromstring(data).getroottree())
    return parser.get_spec(process), parser.get_subprocess_specs(process)


def stock(rounds: int, persist: bool) -> float:
    """CPU seconds per user task of stock SpiffWorkflow; with ``persist`` the whole workflow goes through JSON each time."""
    spec, inner = _specs(diagram(), "main")
    serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure(DEFAULT_CONFIG), version="1.5")
    tasks, script_engine = 0, _Services()
    began = time.process_time()
    for _ in range(rounds):
        workflow = BpmnWorkflow(spec, inner, script_engine=script_engine)
        workflow.do_engine_steps()
        while ready := workflow.get_tasks(state=TaskState.READY, manual=True):
            task = ready[0]
            if persist:
                workflow = serializer.deserialize_json(serializer.serialize_json(workflow))
                workflow.script_engine = script_engine
                task = workflow.get_task_from_id(task.id)
            task.data.update(_stock_answers(task.task_spec.bpmn_id))
            task.run()
            workflow.do_engine_steps()
            tasks += 1
    return (time.process_time() - began) / tasks


def _stock_answers(element: str) -> dict[str, Any]:
    if element == "fill_in":
        return ANSWERS
    return {"opinion" if element == "evaluate" else element: {"text": ANSWERS["text"]}}


def ours(rounds: int, reload: bool) -> tuple[float, float, int]:
    """CPU seconds per submission, per service result, and the largest state in bytes; each step is encoded."""
    program = engine.compile_program({"main.bpmn": diagram()}, lambda name, values, env: None)
    spent = {"task": 0.0, "call": 0.0}
    counts = {"task": 0, "call": 0}
    largest = 0
    for _ in range(rounds):
        done = engine.advance(
            program, engine.begin({"number": "RC-2026-00001"}), inputs.Started("main"), NOW, _NoDates()
        )
        family, todo = done.family, _todo(done)
        while todo:
            kind, moved = todo.pop(0)
            if reload:
                step.CACHE.clear()
            began = time.process_time()
            done = engine.advance(program, family, moved, NOW, _NoDates())
            spent[kind] += time.process_time() - began
            counts[kind] += 1
            family = done.family
            largest = max(largest, len(family.runs["r1"].state))
            todo += _todo(done)
    return spent["task"] / counts["task"], spent["call"] / counts["call"], largest


def _todo(done: view.Advanced) -> list[tuple[str, inputs.Input]]:
    found: list[tuple[str, inputs.Input]] = [
        ("task", inputs.Submitted(one.at, ANSWERS if one.form == "fill_in" else {"text": ANSWERS["text"]}, "clerk"))
        for one in done.opened
    ]
    return found + [("call", inputs.Returned(one.at, {"ok": True})) for one in done.calls]


class _NoDates:
    """A calendar that is never asked."""

    version = "none"


def loop(upto: int = 1000, window: int = 100) -> tuple[float, float]:
    """CPU seconds of a looping case's step around step 10 and at the end, read back from bytes each time."""
    program = engine.compile_program({"loop.bpmn": loop_diagram()}, lambda name, values, env: None)
    family = engine.advance(program, engine.begin({}), inputs.Started("loop"), NOW, _NoDates()).family
    times = []
    for visit in range(1, upto + 1):
        step.CACHE.clear()
        moved = inputs.Submitted(inputs.Address("r1", "try_it", visit), {"done": False}, "clerk")
        began = time.process_time()
        family = engine.advance(program, family, moved, NOW, _NoDates()).family
        times.append(time.process_time() - began)
    early, late = sorted(times[5 : 5 + window]), sorted(times[-window:])
    return early[window // 2], late[window // 2]


def _best(measure: Callable[[], float], times: int = 3) -> float:
    return min(measure() for _ in range(times))


def run(rounds: int = 40) -> dict[str, float]:
    """All figures: milliseconds of CPU per step, rates per second, and the ratios that are goals."""
    ours(5, reload=False)
    stock(3, persist=False)
    in_memory = _best(lambda: stock(rounds, persist=False))
    naive = _best(lambda: stock(max(2, rounds // 10), persist=True))
    warm, call, size = min(ours(rounds, reload=False) for _ in range(3))
    cold, _, _ = min(ours(rounds, reload=True) for _ in range(3))
    early, late = loop()
    return {
        "stock_in_memory_ms": in_memory * 1000,
        "naive_full_json_ms": naive * 1000,
        "ours_warm_ms": warm * 1000,
        "ours_reading_bytes_ms": cold * 1000,
        "ours_service_result_ms": call * 1000,
        "ours_of_stock": in_memory / warm,
        "ours_of_naive": naive / warm,
        "largest_state_bytes": size,
        "loop_step_10_ms": early * 1000,
        "loop_step_1000_ms": late * 1000,
        "loop_ratio": late / early,
    }


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name:26} {value:10.3f}")
