"""Whether diagrams say what the engine will do: nothing dropped silently, nothing that never ends."""

from collections.abc import Iterator
from dataclasses import replace

from workflow_service.bundles.drawn import Seen, Ways
from workflow_service.bundles.rules import Place, fault
from workflow_service.engine import structure
from workflow_service.engine.diagram import Diagram, Node
from workflow_service.errors import Finding

#: the engine's codes → ours
_CODES = {
    "BPMN-ID": "S01",
    "BPMN-PROCESS": "S02",
    "BPMN-SIZE": "S03",
    "BPMN-START": "S04",
    "BPMN-FLOW": "S05",
    "BPMN-FORK": "S06",
    "BPMN-CONDITION": "S07",
    "BPMN-KIND": "S08",
    "BPMN-SCRIPT": "S09",
    "BPMN-EVENT": "S10",
    "BPMN-TIMER": "S11",
    "BPMN-SERVICE": "S12",
    "BPMN-DECISION": "S13",
    "BPMN-MANY": "S14",
    "BPMN-CALL": "R01",
    "BPMN-XML": "X01",
    "FEEL": "E01",
}

#: kinds at which a token rests until somebody or something moves it on
_WAITING = frozenset({"userTask", "manualTask", "serviceTask", "intermediateCatchEvent", "callActivity", "subProcess"})


def faults(seen: Seen) -> Iterator[Finding]:
    """Every fault of structure, the engine's own rules first."""
    lines = {node.id: node.line for node in seen.nodes}
    for one in structure.faults(seen.diagrams):
        yield translated(replace(one, line=one.line or lines.get(one.element, 1)))
    for drawn in seen.diagrams:
        ways = seen.ways[drawn.file]
        yield from _unreached(drawn, ways)
        yield from _endless(drawn, ways)
        yield from _restless(drawn, ways)
        for node in drawn.nodes:
            yield from _defaultless(node, ways)
            yield from _event_gateway(drawn, node, ways)
        yield from _one_process(drawn)


def translated(one: Finding) -> Finding:
    """A finding of the engine under our code."""
    return replace(one, rule=_CODES.get(one.rule, "P01"))


def place(node: Node) -> Place:
    """Where a node is written."""
    return Place(node.file, node.id, node.line)


def shown(node: Node) -> str:
    """A node as people know it."""
    return f"{node.name}（{node.id}）" if node.name else node.id


def _unreached(drawn: Diagram, ways: Ways) -> Iterator[Finding]:
    starts = [node.id for node in drawn.nodes if node.kind == "startEvent" and node.scope in drawn.processes]
    reached = ways.reached(starts)
    for node in drawn.nodes:
        if node.id not in reached:
            message = (f"“{shown(node)}”从开始事件走不到", f"“{node.id}” cannot be reached from a start event")
            fix = ("用流向把它接上，或删除它", "connect it with a flow, or delete it")
            yield fault("S15", place(node), message, fix)


def _endless(drawn: Diagram, ways: Ways) -> Iterator[Finding]:
    ends = [node.id for node in drawn.nodes if node.kind == "endEvent" and node.scope in drawn.processes]
    leading = ways.leading(ends)
    for node in drawn.nodes:
        if node.id not in leading:
            message = (f"从“{shown(node)}”走不到结束事件", f"no end event can be reached from “{node.id}”")
            fix = ("接上流出的流向，最后接到结束事件", "give it an outgoing flow that leads to an end event")
            yield fault("S16", place(node), message, fix)


def _restless(drawn: Diagram, ways: Ways) -> Iterator[Finding]:
    waiting = frozenset(node.id for node in drawn.nodes if node.kind in _WAITING)
    for node in drawn.nodes:
        if node.id in waiting or "Gateway" not in node.kind:
            continue
        around = ways.reached(ways.after.get(node.id, ()), without=waiting)
        if node.id in around:
            message = (
                f"经过“{shown(node)}”的循环中没有等待的步骤，会无休止地转",
                f"the loop through “{node.id}” holds no step that waits and would turn for ever",
            )
            fix = ("在循环中放一个任务或捕获事件", "put a task or a catch event into the loop")
            yield fault("S21", place(node), message, fix)


def _defaultless(node: Node, ways: Ways) -> Iterator[Finding]:
    flows = ways.outgoing.get(node.id, ())
    if node.kind not in ("exclusiveGateway", "inclusiveGateway") or len(flows) < 2:
        return
    if node.default not in {flow.id for flow in flows}:
        message = (
            f"网关“{shown(node)}”没有默认流向，条件都不成立时无路可走",
            f"the gateway “{node.id}” has no default flow: nowhere to go when no condition holds",
        )
        fix = ("把其中一条流出的流向设为默认", "make one of its outgoing flows the default")
        yield fault("S17", place(node), message, fix)


def _event_gateway(drawn: Diagram, node: Node, ways: Ways) -> Iterator[Finding]:
    if node.kind != "eventBasedGateway":
        return
    targets = [one for one in drawn.nodes if one.id in ways.after.get(node.id, ())]
    timers = sum(one.event.kind == "timer" for one in targets)
    if timers > 1 or len(targets) < 2 or any(one.kind != "intermediateCatchEvent" for one in targets):
        message = (
            f"事件网关“{shown(node)}”须接两个以上捕获事件，其中至多一个定时器",
            f"the event gateway “{node.id}” leads to two or more catch events, one timer at most",
        )
        fix = ("调整其后的事件", "change the events behind it")
        yield fault("S20", place(node), message, fix)


def _one_process(drawn: Diagram) -> Iterator[Finding]:
    if len(drawn.processes) > 1:
        message = (f"文件中有 {len(drawn.processes)} 个流程", f"the file holds {len(drawn.processes)} processes")
        fix = ("每个文件只放一个流程，用调用活动相连", "keep one process per file and join them by call activities")
        yield fault("S02", Place(drawn.file, sorted(drawn.processes)[1], 1), message, fix)
    for process in drawn.processes:
        if process and drawn.file != f"{process}.bpmn" and len(drawn.processes) == 1:
            message = (f"文件名与流程编号“{process}”不一致", f"the file is not named after its process “{process}”")
            fix = (
                f"把文件命名为 {process}.bpmn，或改流程编号",
                f"name the file {process}.bpmn, or change the process's id",
            )
            yield fault("S18", Place(drawn.file, process, 1), message, fix)
