"""From stock specs to our own: the stock parser reads the diagram, then every spec it made takes on our behaviour."""

from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import BusinessRuleTaskParser, SpiffTaskParser
from SpiffWorkflow.spiff.specs.defaults import NoneTask

from workflow_service.engine import events, specs
from workflow_service.engine.crowd import Crowd
from workflow_service.engine.diagram import Flow, Node
from workflow_service.engine.document import fault
from workflow_service.engine.meta import Meta
from workflow_service.errors import BadBundle, Finding

BEHAVIOUR: dict[str, type[specs.Element]] = {
    "startEvent": specs.Element,
    "endEvent": events.End,
    "intermediateThrowEvent": events.Throw,
    "intermediateCatchEvent": events.Catch,
    "boundaryEvent": events.Boundary,
    "exclusiveGateway": specs.Choice,
    "parallelGateway": specs.Join,
    "inclusiveGateway": specs.Inclusive,
    "eventBasedGateway": events.Race,
    "userTask": specs.Person,
    "manualTask": specs.Person,
    "serviceTask": specs.Service,
    "businessRuleTask": specs.Decision,
    "task": specs.Element,
    "callActivity": specs.Holder,
    "subProcess": specs.Holder,
}


class DecisionParser(BusinessRuleTaskParser):  # type: ignore[misc]
    """Reads a business rule task without asking for its table."""

    def create_task(self) -> Any:
        """A plain task; it takes on its behaviour when it is adopted."""
        return SpiffTaskParser.create_task(self)


class DiagramParser(SpiffBpmnParser):  # type: ignore[misc]
    """The stock parser, but that decisions are ours: their tables are not looked for beside the diagrams."""

    OVERRIDE_PARSER_CLASSES = {
        **SpiffBpmnParser.OVERRIDE_PARSER_CLASSES,
        full_tag("businessRuleTask"): (DecisionParser, NoneTask),
    }


def spec_sets(roots: Mapping[str, etree._Element]) -> dict[str, Any]:
    """The stock specs of all processes and sub-processes by id; whatever the parser raises becomes a finding."""
    parser = DiagramParser()
    found: dict[str, Any] = {}
    file, where = "", ""
    try:
        for file, root in roots.items():
            parser.add_bpmn_xml(root.getroottree(), filename=file)
        for process_id in list(parser.process_parsers):
            file, where = parser.process_parsers[process_id].filename or file, process_id
            found[process_id] = parser.get_spec(process_id)
            found.update(parser.get_subprocess_specs(process_id, specs=found, require_call_activity_specs=False))
    except PARSER_FAULTS as problem:
        raise BadBundle([_parser_fault(problem, file, where)]) from None
    return {name: spec for name, spec in found.items() if spec is not None}


# What the stock parser is known to raise on diagrams from the world; internal slips come as any of these.
PARSER_FAULTS = (
    SpiffWorkflowException,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)


def _parser_fault(problem: BaseException, file: str, where: str) -> Finding:
    element = str(getattr(problem, "id", "") or where)
    node = getattr(problem, "node", None)
    line = int(getattr(node, "sourceline", 0) or 1)
    why = str(problem).splitlines()[0][:200] if str(problem) else type(problem).__name__
    message = (f"流程图无法解析：{why}", f"the diagram cannot be parsed: {why}")
    return fault(
        "BPMN-PARSE",
        file,
        element,
        line,
        message,
        ("检查该元素的连线和定义", "check the element's flows and definitions"),
    )


def adopt(spec: Any, metas: Mapping[str, Meta], flows: Iterable[Flow]) -> None:
    """Gives every spec of a process our behaviour, its drawn node and the ways out of it."""
    outgoing: dict[str, list[Flow]] = {}
    incoming: dict[str, list[Flow]] = {}
    for flow in flows:
        outgoing.setdefault(flow.source, []).append(flow)
        incoming.setdefault(flow.target, []).append(flow)
    for one in list(spec.task_specs.values()):
        _adopt_one(one, metas)
    for one in spec.task_specs.values():
        meta = one.meta
        if meta is None or one.name != meta.id:
            continue
        one.follow = tuple(
            (flow.id, _entry(spec, flow.target)) for flow in outgoing.get(meta.id, ()) if flow.target in spec.task_specs
        )
        if isinstance(one, specs.Join):
            one.arrivals = frozenset(flow.id for flow in incoming.get(meta.id, ()))
    for one in spec.task_specs.values():
        if isinstance(one, specs.Inclusive):
            one.sources = {flow.id: _sources(spec, one, flow.source) for flow in incoming.get(one.name, ())}


def _adopt_one(one: Any, metas: Mapping[str, Meta]) -> None:
    split, crowd = isinstance(one, BoundaryEventSplit), isinstance(one, MultiInstanceTask)
    inner = one.name.removesuffix(" [child]")
    outputs = one.outputs
    one.meta = metas.get(inner)
    one.follow = ()
    if split:
        one.__class__ = specs.Split
        one.follow = tuple(("", other) for other in outputs)
    elif one.meta is None:
        one.__class__ = specs.Element
    elif crowd:
        child = one.task_spec
        one.__class__ = Crowd
        one.inner = one._wf_spec.task_specs[child]
    else:
        _behave(one, one.meta.node)


def _behave(one: Any, node: Node) -> None:
    one.__class__ = BEHAVIOUR[node.kind]
    if node.kind == "intermediateCatchEvent" and node.event.kind == "conditional":
        one.__class__ = events.Conditional
    one.manual = node.kind in ("userTask", "manualTask")
    if node.kind == "callActivity":
        one.called = node.called
    elif node.kind == "subProcess":
        one.called = node.id
    elif node.kind == "boundaryEvent":
        one.interrupting = node.interrupting
        one.restless = node.event.kind == "conditional"


def _entry(spec: Any, target: str) -> Any:
    return spec.task_specs.get(f"{target}.BoundaryEventSplit") or spec.task_specs[target]


def _sources(spec: Any, join: Any, last: str) -> frozenset[str]:
    """Names of the specs from which a token can still come to a join over its last node without passing the join."""
    before: dict[str, set[str]] = {}
    for one in spec.task_specs.values():
        for _, after in one.follow:
            before.setdefault(after.name, set()).add(one.name)
    found: set[str] = set()
    todo = [last]
    while todo:
        name = todo.pop()
        if name not in found and name != join.name:
            found.add(name)
            todo.extend(before.get(name, ()))
    return frozenset(found)
