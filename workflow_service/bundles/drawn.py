"""A bundle as the rules look at it: every diagram read once, with its nodes, flows and ways found by id."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson
from lxml import etree

from workflow_service.bundles import names
from workflow_service.bundles.read import Bundle
from workflow_service.bundles.rules import Place, fault
from workflow_service.engine import diagram, document
from workflow_service.engine.diagram import Diagram, Flow, Node
from workflow_service.errors import BadBundle, Finding

#: beyond this a diagram is refused unexamined: rules that follow every way would take too long
MOST_NODES = 600


@dataclass(frozen=True)
class Seen:
    """What could be read of a bundle.

    Args:
        bundle: the files. roots: XML roots by file name. diagrams: what is drawn. data: contents of the JSON files.
        faults: why the other files could not be read.
    """

    bundle: Bundle
    roots: Mapping[str, etree._Element]
    diagrams: tuple[Diagram, ...]
    data: Mapping[str, Any]
    faults: tuple[Finding, ...] = field(default_factory=tuple)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes of all diagrams."""
        return tuple(node for one in self.diagrams for node in one.nodes)

    @cached_property
    def processes(self) -> dict[str, str]:
        """File name by process id."""
        return {process: one.file for one in self.diagrams for process in one.processes}

    @cached_property
    def ways(self) -> dict[str, "Ways"]:
        """The ways through each diagram by file name."""
        return {one.file: Ways.of(one) for one in self.diagrams}

    def of(self, process: str) -> list[Node]:
        """The nodes of a process, those of its sub-processes included."""
        return [node for node in self.nodes if node.process == process]

    def role(self, lane: str) -> str:
        """The role that works in a lane; empty when roles.json does not say."""
        data = self.data.get("roles.json")
        lanes = data.get("lanes") if isinstance(data, dict) else None
        found = lanes.get(lane) if isinstance(lanes, dict) else None
        return found if isinstance(found, str) else ""


@dataclass(frozen=True)
class Ways:
    """The ways through a diagram: who follows and precedes whom.

    A boundary event follows its activity; a way into a sub-process leads through its inside and out at its ends.

    Args:
        after: node id → ids that follow. before: node id → ids that precede.
        outgoing: node id → its flows. joins: parallel gateways, which need every way that leads to them.
    """

    after: Mapping[str, tuple[str, ...]]
    before: Mapping[str, tuple[str, ...]]
    outgoing: Mapping[str, tuple[Flow, ...]]
    joins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, drawn: Diagram, closed: str = "") -> "Ways":
        """The ways through what is drawn in one file; flows whose condition holds the text ``closed`` are left out."""
        known = {node.id for node in drawn.nodes}
        inner = _inner(drawn)
        pairs = []
        for flow in drawn.flows:
            if flow.source in known and flow.target in known and not (closed and closed in flow.condition):
                leaving = inner[flow.source][1] if flow.source in inner else [flow.source]
                pairs += [(one, flow.target) for one in leaving]
        pairs += [(sub, start) for sub, (starts, _) in inner.items() for start in starts]
        pairs += [(node.host, node.id) for node in drawn.nodes if node.kind == "boundaryEvent" and node.host in known]
        outgoing = {node.id: tuple(flow for flow in drawn.flows if flow.source == node.id) for node in drawn.nodes}
        joins = frozenset(node.id for node in drawn.nodes if node.kind == "parallelGateway")
        return cls(_grouped(pairs), _grouped((target, source) for source, target in pairs), outgoing, joins)

    def reached(self, starts: Iterable[str], without: frozenset[str] = frozenset()) -> set[str]:
        """Ids that can be reached from some, themselves included, without passing through others."""
        return _walk(self.after, starts, without)

    def passed(self, starts: Iterable[str], without: frozenset[str]) -> set[str]:
        """Ids that a token can reach although some elements are never passed; a parallel join waits for all its ways."""
        found: set[str] = set()
        todo = [one for one in starts if one not in without]
        while todo:
            one = todo.pop()
            if one in found or (one in self.joins and not found.issuperset(self.before.get(one, ()))):
                continue
            found.add(one)
            todo.extend(other for other in self.after.get(one, ()) if other not in without)
        return found

    def leading(self, ends: Iterable[str]) -> set[str]:
        """Ids from which some can be reached, themselves included."""
        return _walk(self.before, ends, frozenset())


def _inner(drawn: Diagram) -> dict[str, tuple[list[str], list[str]]]:
    """Sub-process → its start events and its end events; those without a start event are left out."""
    found = {}
    for sub in drawn.nodes:
        within = [node for node in drawn.nodes if node.scope == sub.id]
        starts = [node.id for node in within if node.kind == "startEvent"]
        if sub.kind == "subProcess" and starts:
            found[sub.id] = (starts, [node.id for node in within if node.kind == "endEvent"])
    return found


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for one, other in pairs:
        found.setdefault(one, []).append(other)
    return {one: tuple(others) for one, others in found.items()}


def _walk(edges: Mapping[str, tuple[str, ...]], starts: Iterable[str], without: frozenset[str]) -> set[str]:
    todo, found = [one for one in starts if one not in without], set[str]()
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo.extend(other for other in edges.get(one, ()) if other not in without)
    return found


def look(bundle: Bundle) -> Seen:
    """Reads every file of a bundle; what cannot be read becomes a fault."""
    roots: dict[str, etree._Element] = {}
    data: dict[str, Any] = {}
    faults: list[Finding] = []
    for name in sorted(bundle.files):
        kind = names.kind(name)
        if kind == "diagram":
            faults.extend(_diagram(name, bundle.files[name], roots))
        elif name.endswith(".json"):
            faults.extend(_json(name, bundle.files[name], data))
        elif kind != "table":
            faults.append(_unknown(name))
    if not roots and not faults and not bundle.partial:
        faults.append(_empty())
    diagrams = [diagram.read(root, name) for name, root in roots.items()]
    for drawn in [one for one in diagrams if len(one.nodes) > MOST_NODES or len(one.flows) > 2 * MOST_NODES]:
        faults.append(_too_large(drawn))
        diagrams.remove(drawn)
    return Seen(bundle, roots, tuple(diagrams), data, tuple(faults))


def _too_large(drawn: Diagram) -> Finding:
    message = (
        f"图中有 {len(drawn.nodes)} 个节点、{len(drawn.flows)} 条流向，没有再往下检查",
        f"the diagram has {len(drawn.nodes)} nodes and {len(drawn.flows)} flows and was not examined further",
    )
    return fault("S03", Place(drawn.file, "", 1), message, ("拆成几个被调用的流程", "split it into called processes"))


def _diagram(name: str, content: bytes, roots: dict[str, etree._Element]) -> Iterator[Finding]:
    try:
        roots[name] = document.load(content, name)
    except BadBundle as bad:
        for one in bad.findings:
            place = Place(name, one.element, one.line or 1)
            yield fault("X01", place, (one.message, one.message_en), (one.fix, one.fix_en))


def _json(name: str, content: bytes, data: dict[str, Any]) -> Iterator[Finding]:
    try:
        found = orjson.loads(content)
    except ValueError as problem:
        line = getattr(problem, "lineno", 1)
        message = (f"不是格式正确的 JSON：第 {line} 行附近", f"not well-formed JSON, near line {line}")
        fix = (
            "改正该处的括号、引号或逗号，文件用 UTF-8",
            "correct the bracket, quote or comma there; the file is UTF-8",
        )
        yield fault("X02", Place(name, "", line), message, fix)
        return
    data[name] = found


def _unknown(name: str) -> Finding:
    message = (f"“{name[:80]}”不是流程包的文件", f"“{name[:80]}” is no file of a bundle")
    fix = (
        "只放 .bpmn、.dmn、roles.json、articles.json、forms/ 与 scenarios/",
        "keep .bpmn, .dmn, roles.json, articles.json, forms/ and scenarios/ only",
    )
    return fault("X05", Place(name[:120], "", 1), message, fix)


def _empty() -> Finding:
    message = ("流程包内没有流程图", "the bundle holds no diagram")
    return fault("X04", Place("", "", 1), message, ("加入至少一个 .bpmn 文件", "add at least one .bpmn file"))
