"""What is drawn: the nodes, flows and expressions of a diagram, read by our own pass over its XML."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from workflow_service.engine.document import BPMN, SPIFF

EVENTS = ("startEvent", "endEvent", "intermediateThrowEvent", "intermediateCatchEvent", "boundaryEvent")
GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway")
FORKING = ("parallelGateway", "inclusiveGateway")
TASKS = ("userTask", "manualTask", "serviceTask", "businessRuleTask", "task", "callActivity", "subProcess")
SUPPORTED = frozenset(EVENTS + GATEWAYS + TASKS)
UNSUPPORTED = frozenset(
    ("scriptTask", "sendTask", "receiveTask", "complexGateway", "adHocSubProcess", "transaction", "eventSubProcess")
)


@dataclass(frozen=True)
class Event:
    """What an event waits for or throws: kind ``message``, ``signal``, ``timer``, ``error``, ``conditional``, ``terminate`` or other."""

    kind: str = ""
    name: str = ""
    expression: str = ""
    variable: str = ""


@dataclass(frozen=True)
class Many:
    """Multi-instance or loop marks of an activity; every text is as drawn."""

    sequential: bool = False
    collection: str = ""
    item: str = ""
    output: str = ""
    output_item: str = ""
    cardinality: str = ""
    completion: str = ""
    loop: str = ""


@dataclass(frozen=True)
class Node:
    """A flow node as drawn.

    Args:
        id, kind, name: element id, tag name without namespace, label.
        process: the root process it stands in; ``scope`` the process or sub-process that directly holds it.
        file, line: where it is written.
        lane: label of the innermost lane, inherited by the nodes of a sub-process.
        properties: the spiffworkflow properties.
        called: id of the called process (call activity) or of the decision (business rule task).
        operation, result, parameters: of a service task.
        host, interrupting: of a boundary event.
        default: id of the default flow of a gateway.
        scripted: whether a pre- or post-script is attached, which is refused.
    """

    id: str
    kind: str
    name: str
    process: str
    scope: str
    file: str
    line: int
    lane: str
    properties: Mapping[str, str]
    events: tuple[Event, ...] = ()
    many: Many | None = None
    called: str = ""
    operation: str = ""
    result: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    host: str = ""
    interrupting: bool = True
    default: str = ""
    scripted: bool = False

    @property
    def event(self) -> Event:
        """The event's one definition; an empty one for a plain event."""
        return self.events[0] if self.events else Event()


@dataclass(frozen=True)
class Flow:
    """A sequence flow as drawn."""

    id: str
    source: str
    target: str
    condition: str
    scope: str
    line: int
    name: str = ""
    name_en: str = ""


@dataclass(frozen=True)
class Diagram:
    """All that is drawn in one file: processes by id with their names, nodes and flows in the order of the file."""

    file: str
    processes: Mapping[str, str]
    nodes: tuple[Node, ...]
    flows: tuple[Flow, ...]
    lanes: tuple[str, ...]
    ids: tuple[tuple[str, int], ...]
    processes_en: Mapping[str, str] = field(default_factory=dict)


def read(root: etree._Element, file: str) -> Diagram:
    """The contents of a diagram; never fails on a well-formed file, faults are for the checks to name."""
    reader = _Reader(root, file)
    processes, processes_en, nodes, flows = {}, {}, [], []
    for process in root.findall(f"{BPMN}process"):
        process_id = process.get("id", "")
        processes[process_id] = process.get("name") or process_id
        processes_en[process_id] = _properties(process.find(f"{BPMN}extensionElements")).get("name_en", "")
        for element, scope, lane in _walk(process, process_id, "", {}):
            kind = etree.QName(element).localname
            if kind == "sequenceFlow":
                flows.append(_flow(element, scope))
            elif kind in SUPPORTED or kind in UNSUPPORTED:
                nodes.append(reader.node(element, (process_id, scope), lane))
    lanes = tuple(one.get("name", "") for one in root.iter(f"{BPMN}lane"))
    ids = tuple((one.get("id", ""), one.sourceline or 0) for one in root.iter(f"{BPMN}*") if one.get("id"))
    return Diagram(file, processes, tuple(nodes), tuple(flows), lanes, ids, processes_en)


def _walk(
    holder: etree._Element, scope: str, lane: str, outer: Mapping[str, str]
) -> Iterator[tuple[etree._Element, str, str]]:
    """Flow elements with the scope that holds them and the lane that names them or that they inherit, sub-processes included."""
    own = {
        ref.text.strip(): one.get("name", "")
        for one in holder.iter(f"{BPMN}lane")
        for ref in one.findall(f"{BPMN}flowNodeRef")
        if ref.text
    }
    lanes = {**outer, **own}
    for element in holder:
        if not isinstance(element.tag, str) or not element.tag.startswith(BPMN):
            continue
        of_element = lanes.get(element.get("id", ""), lane)
        yield element, scope, of_element
        if element.tag in (f"{BPMN}subProcess", f"{BPMN}transaction", f"{BPMN}adHocSubProcess"):
            yield from _walk(element, element.get("id", ""), of_element, lanes)


def kind_of(element: etree._Element) -> str:
    """The tag's name; ``eventSubProcess`` for a sub-process that an event would start."""
    name = str(etree.QName(element).localname)
    return "eventSubProcess" if name == "subProcess" and element.get("triggeredByEvent") == "true" else name


def _flow(element: etree._Element, scope: str) -> Flow:
    condition = element.find(f"{BPMN}conditionExpression")
    return Flow(
        element.get("id", ""),
        element.get("sourceRef", ""),
        element.get("targetRef", ""),
        _text(condition),
        scope,
        element.sourceline or 0,
        element.get("name", ""),
        _properties(element.find(f"{BPMN}extensionElements")).get("name_en", ""),
    )


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


class _Reader:
    """Knows the file's messages, signals and errors while its nodes are read."""

    def __init__(self, root: etree._Element, file: str) -> None:
        self.file = file
        self.names = {
            one.get("id", ""): one.get("name") or one.get("id", "")
            for tag in ("message", "signal")
            for one in root.iter(f"{BPMN}{tag}")
        }
        self.codes = {one.get("id", ""): one.get("errorCode") or "" for one in root.iter(f"{BPMN}error")}

    def node(self, element: etree._Element, place: tuple[str, str], lane: str) -> Node:
        """One flow node as drawn."""
        extensions = element.find(f"{BPMN}extensionElements")
        operator = None if extensions is None else extensions.find(f"{SPIFF}serviceTaskOperator")
        kind = kind_of(element)
        return Node(
            id=element.get("id", ""),
            kind=kind,
            name=(element.get("name") or "").strip(),
            process=place[0],
            scope=place[1],
            file=self.file,
            line=element.sourceline or 0,
            lane=lane,
            properties=_properties(extensions),
            events=tuple(
                self._event(one) for one in element if isinstance(one.tag, str) and one.tag.endswith("EventDefinition")
            ),
            many=_many(element),
            called=element.get("calledElement")
            or ("" if extensions is None else _text(extensions.find(f"{SPIFF}calledDecisionId"))),
            operation="" if operator is None else operator.get("id", ""),
            result="" if operator is None else operator.get("resultVariable", ""),
            parameters={}
            if operator is None
            else {one.get("id", ""): one.get("value", "") for one in operator.iter(f"{SPIFF}parameter")},
            host=element.get("attachedToRef", ""),
            interrupting=element.get("cancelActivity", "true") == "true",
            default=element.get("default", ""),
            scripted=extensions is not None
            and any(extensions.find(f"{SPIFF}{tag}") is not None for tag in ("preScript", "postScript")),
        )

    def _event(self, element: etree._Element) -> Event:
        kind = etree.QName(element).localname.removesuffix("EventDefinition")
        ref = element.get(f"{kind}Ref", "")
        if kind == "timer":
            return Event("timer", "", _text(element.find(f"{BPMN}timeDate")))
        if kind == "conditional":
            return Event("conditional", "", _text(element.find(f"{BPMN}condition")))
        if kind == "error":
            return Event("error", self.codes.get(ref, ""))
        if kind not in ("message", "signal"):
            return Event(kind)
        extensions = element.find(f"{BPMN}extensionElements")
        if extensions is None:
            return Event(kind, self.names.get(ref, ""))
        payload, variable = (_text(extensions.find(f"{SPIFF}{tag}")) for tag in ("messagePayload", "messageVariable"))
        return Event(kind, self.names.get(ref, ""), payload, variable)


def _properties(extensions: etree._Element | None) -> dict[str, str]:
    if extensions is None:
        return {}
    return {
        one.get("name", ""): one.get("value", "")
        for holder in extensions.findall(f"{SPIFF}properties")
        for one in holder.findall(f"{SPIFF}property")
    }


def _many(element: etree._Element) -> Many | None:
    loop = element.find(f"{BPMN}standardLoopCharacteristics")
    if loop is not None:
        return Many(sequential=True, loop=_text(loop.find(f"{BPMN}loopCondition")) or "true")
    mark = element.find(f"{BPMN}multiInstanceLoopCharacteristics")
    if mark is None:
        return None
    item, output_item = mark.find(f"{BPMN}inputDataItem"), mark.find(f"{BPMN}outputDataItem")
    return Many(
        sequential=mark.get("isSequential") == "true",
        collection=_text(mark.find(f"{BPMN}loopDataInputRef")),
        item="" if item is None else item.get("name") or item.get("id") or "",
        output=_text(mark.find(f"{BPMN}loopDataOutputRef")),
        output_item="" if output_item is None else output_item.get("name") or output_item.get("id") or "",
        cardinality=_text(mark.find(f"{BPMN}loopCardinality")),
        completion=_text(mark.find(f"{BPMN}completionCondition")),
    )
