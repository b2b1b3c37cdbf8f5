"""What a bundle's diagrams must fulfil to be run at all; the conventions beyond that are for the bundle's own check."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from workflow_service.engine.diagram import GATEWAYS, UNSUPPORTED, Diagram, Node
from workflow_service.engine.document import fault
from workflow_service.errors import Finding

MAX_NODES = 300

_RESERVED = ("Start", "End", "Root")
_CAUGHT = ("message", "signal", "timer", "conditional")
_ALLOWED: dict[str, tuple[str, ...]] = {
    "startEvent": ("", "message"),
    "endEvent": ("", "message", "error", "terminate"),
    "intermediateThrowEvent": ("", "message", "signal"),
    "intermediateCatchEvent": _CAUGHT,
    "boundaryEvent": (*_CAUGHT, "error"),
}


def faults(diagrams: Sequence[Diagram]) -> list[Finding]:
    """Every fault that would make the engine fail or misread a diagram, in the order of the files."""
    found: list[Finding] = []
    for diagram in diagrams:
        for rule in (_ids, _sizes, _flows, _conditions):
            found.extend(rule(diagram))
        for node in diagram.nodes:
            found.extend(_node(diagram.file, node))
    found.extend(_processes(diagrams))
    found.extend(_calls(diagrams))
    return found


def _at(file: str, node: Node, rule: str, message: tuple[str, str], fix: tuple[str, str]) -> Finding:
    return fault(rule, file, node.id, node.line, message, fix)


def _ids(diagram: Diagram) -> Iterator[Finding]:
    seen: set[str] = set()
    for element, line in diagram.ids:
        if element in seen:
            message = (f"编号“{element}”重复", f"the id “{element}” is used twice")
            yield fault(
                "BPMN-ID",
                diagram.file,
                element,
                line,
                message,
                ("为每个元素取不同的编号", "give every element an id of its own"),
            )
        seen.add(element)
        if element in _RESERVED or element.endswith(
            (" [child]", ".EndJoin", ".BoundaryEventSplit", ".BoundaryEventJoin")
        ):
            message = (f"编号“{element}”是引擎保留的", f"the id “{element}” is reserved")
            yield fault("BPMN-ID", diagram.file, element, line, message, ("换一个编号", "choose another id"))
    for node in diagram.nodes:
        if not node.id:
            message = (f"{node.kind} 没有编号", f"a {node.kind} has no id")
            yield _at(diagram.file, node, "BPMN-ID", message, ("为元素填写编号", "give the element an id"))


def _sizes(diagram: Diagram) -> Iterator[Finding]:
    if not diagram.processes:
        message = ("文件中没有流程", "the file holds no process")
        yield fault("BPMN-PROCESS", diagram.file, "", 0, message, ("加入一个 bpmn:process", "add a bpmn:process"))
    for process in diagram.processes:
        nodes = [one for one in diagram.nodes if one.process == process]
        if not process:
            yield fault(
                "BPMN-PROCESS",
                diagram.file,
                "",
                0,
                ("流程没有编号", "a process has no id"),
                ("为流程填写编号", "give the process an id"),
            )
        if len(nodes) > MAX_NODES:
            message = (
                f"流程有 {len(nodes)} 个节点，超过 {MAX_NODES} 个",
                f"the process has {len(nodes)} nodes, more than {MAX_NODES}",
            )
            yield fault(
                "BPMN-SIZE", diagram.file, process, 0, message, ("拆成被调用的流程", "split it into called processes")
            )
    scopes = {*diagram.processes, *(one.id for one in diagram.nodes if one.kind == "subProcess")}
    started = {one.scope for one in diagram.nodes if one.kind == "startEvent"}
    for scope in sorted(scopes - started):
        message = (f"“{scope}”没有开始事件", f"“{scope}” has no start event")
        yield fault("BPMN-START", diagram.file, scope, 0, message, ("加入一个开始事件", "add a start event"))


def _flows(diagram: Diagram) -> Iterator[Finding]:
    scope_of = {one.id: one.scope for one in diagram.nodes}
    for flow in diagram.flows:
        for end in (flow.source, flow.target):
            if scope_of.get(end) != flow.scope:
                message = (
                    f"流向“{flow.id}”连接的“{end}”不在同一流程中",
                    f"the flow “{flow.id}” leads to “{end}”, which is not in its scope",
                )
                yield fault(
                    "BPMN-FLOW", diagram.file, flow.id, flow.line, message, ("重新连接该流向", "connect the flow anew")
                )
    ids = {one.id for one in diagram.nodes}
    for node in diagram.nodes:
        if node.kind == "boundaryEvent" and node.host not in ids:
            message = (
                f"边界事件附着的“{node.host}”不存在",
                f"the boundary event is attached to “{node.host}”, which does not exist",
            )
            yield _at(
                diagram.file, node, "BPMN-FLOW", message, ("把事件附着到一个活动上", "attach the event to an activity")
            )


def _conditions(diagram: Diagram) -> Iterator[Finding]:
    for node in diagram.nodes:
        flows = [one for one in diagram.flows if one.source == node.id]
        deciding = node.kind in ("exclusiveGateway", "inclusiveGateway")
        if len(flows) > 1 and node.kind not in GATEWAYS:
            message = (f"“{node.id}”有多条流出的流向", f"“{node.id}” has several outgoing flows")
            yield _at(diagram.file, node, "BPMN-FORK", message, ("用网关分支", "fork with a gateway"))
        for flow in flows:
            bare = deciding and len(flows) > 1 and not flow.condition and flow.id != node.default
            if bare:
                message = (
                    f"流向“{flow.id}”既无条件也不是默认流向",
                    f"the flow “{flow.id}” has no condition and is not the default",
                )
                yield fault(
                    "BPMN-CONDITION",
                    diagram.file,
                    flow.id,
                    flow.line,
                    message,
                    ("填写条件或设为默认流向", "write a condition or make it the default"),
                )
            if flow.condition and not deciding:
                message = (
                    f"流向“{flow.id}”的条件不起作用，它不从网关流出",
                    f"the condition of “{flow.id}” has no effect: it leaves no gateway",
                )
                yield fault(
                    "BPMN-CONDITION",
                    diagram.file,
                    flow.id,
                    flow.line,
                    message,
                    ("在网关上设条件", "put the condition behind a gateway"),
                )


def _node(file: str, node: Node) -> Iterator[Finding]:
    for rule in _NODE_RULES:
        yield from rule(file, node)


def _kind(file: str, node: Node) -> Iterator[Finding]:
    if node.kind in UNSUPPORTED:
        message = (f"不支持 {node.kind}", f"{node.kind} is not supported")
        yield _at(
            file,
            node,
            "BPMN-KIND",
            message,
            ("用服务任务、决策或消息事件代替", "use a service task, a decision or a message event"),
        )
    if node.scripted:
        message = (f"“{node.id}”含有脚本", f"“{node.id}” carries a script")
        yield _at(
            file,
            node,
            "BPMN-SCRIPT",
            message,
            ("用 set 属性中的 FEEL 表达式代替", "use a FEEL expression in the property set"),
        )


def _events(file: str, node: Node) -> Iterator[Finding]:
    allowed = _ALLOWED.get(node.kind)
    if allowed is None:
        return
    kinds = [one.kind for one in node.events] or [""]
    if len(kinds) > 1 or kinds[0] not in allowed:
        shown = "、".join(kinds)
        message = (f"“{node.id}”不能使用事件类型 {shown}", f"“{node.id}” cannot be an event of kind {', '.join(kinds)}")
        if kinds == [""]:
            message = (f"“{node.id}”还没有选定事件类型", f"“{node.id}” has no kind of event yet")
        yield _at(file, node, "BPMN-EVENT", message, ("换成支持的事件类型", "use a supported kind of event"))
    for event in node.events:
        if event.kind in ("timer", "conditional") and not event.expression:
            message = (
                f"“{node.id}”没有日期或条件表达式（只支持 timeDate）",
                f"“{node.id}” has no date or condition (only timeDate is supported)",
            )
            yield _at(
                file,
                node,
                "BPMN-TIMER",
                message,
                ("填写给出日期时间的 FEEL 表达式", "write a FEEL expression that gives a date and time"),
            )
        if event.kind in ("message", "signal") and not event.name:
            message = (f"“{node.id}”没有指明消息或信号", f"“{node.id}” names no message or signal")
            yield _at(file, node, "BPMN-EVENT", message, ("选择消息或信号", "choose a message or signal"))


def _work(file: str, node: Node) -> Iterator[Finding]:
    if node.kind == "serviceTask" and not node.operation:
        message = (f"服务任务“{node.id}”没有操作", f"the service task “{node.id}” has no operation")
        yield _at(file, node, "BPMN-SERVICE", message, ("填写 serviceTaskOperator", "give it a serviceTaskOperator"))
    if node.kind == "businessRuleTask" and not node.called:
        message = (f"决策任务“{node.id}”没有指明决策", f"the business rule task “{node.id}” names no decision")
        yield _at(file, node, "BPMN-DECISION", message, ("填写 calledDecisionId", "give it a calledDecisionId"))
    many = node.many
    if many is None:
        return
    if many.loop or bool(many.collection) == bool(many.cardinality):
        message = (
            f"“{node.id}”的多实例须有且只有一个集合或数量",
            f"“{node.id}” needs exactly one collection or cardinality",
        )
        yield _at(
            file,
            node,
            "BPMN-MANY",
            message,
            (
                "填写对哪个列表逐项办理（loopDataInputRef），循环用网关画出",
                "write a loopDataInputRef; draw loops with a gateway",
            ),
        )


_NODE_RULES: tuple[Callable[[str, Node], Iterable[Finding]], ...] = (_kind, _events, _work)


def _processes(diagrams: Sequence[Diagram]) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for diagram in diagrams:
        for scope in (*diagram.processes, *(one.id for one in diagram.nodes if one.kind == "subProcess")):
            if scope in seen:
                message = (
                    f"流程“{scope}”在 {seen[scope]} 中已有",
                    f"the process “{scope}” stands in {seen[scope]} already",
                )
                yield fault(
                    "BPMN-PROCESS",
                    diagram.file,
                    scope,
                    0,
                    message,
                    ("为流程取不同的编号", "give the processes different ids"),
                )
            seen[scope] = diagram.file


def _calls(diagrams: Sequence[Diagram]) -> Iterator[Finding]:
    nodes = [(diagram.file, node) for diagram in diagrams for node in diagram.nodes if node.kind == "callActivity"]
    known = {process for diagram in diagrams for process in diagram.processes}
    calls: dict[str, set[str]] = {}
    for file, node in nodes:
        calls.setdefault(node.process, set()).add(node.called)
        if node.called not in known:
            message = (f"被调用的流程“{node.called}”不存在", f"the called process “{node.called}” does not exist")
            yield _at(file, node, "BPMN-CALL", message, ("加入该流程或更正名称", "add the process or correct the name"))
    for file, node in nodes:
        if node.process in _reachable(calls, node.called):
            message = (f"流程“{node.process}”直接或间接调用自己", f"the process “{node.process}” calls itself")
            yield _at(file, node, "BPMN-CALL", message, ("去掉循环调用", "remove the cycle of calls"))


def _reachable(calls: dict[str, set[str]], start: str) -> set[str]:
    found, todo = set(), [start]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo.extend(calls.get(one, ()))
    return found
