"""A bundle's diagrams compiled once: specs, expressions, entrances; shared by all cases that run on the bundle."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflow_service import dmn, feel
from workflow_service.engine import diagram, document, expressions, parse, structure
from workflow_service.engine.diagram import Diagram, Node
from workflow_service.engine.expressions import Expression
from workflow_service.engine.meta import Meta
from workflow_service.engine.regions import Chart
from workflow_service.engine.view import Element, Entrance
from workflow_service.errors import BadBundle, CannotAdvance, Finding

Decide = Callable[[str, dict[str, Any], feel.Env], Any]


@dataclass(frozen=True)
class Program:
    """All that can run in a bundle.

    Args:
        process_names, process_names_en: labels by process id. lanes: labels of all lanes.
        entrances: how people and messages start runs or reach waiting ones.
        specs: engine specs by process and sub-process id. metas: nodes by (scope, element).
        starts: (process, start event) by message. flows: per scope, (source, target) pairs in the order of the file.
        decide: asks a decision: its id, the inputs, the FEEL surroundings.
        joins: (process, element) of the gateways that wait for several flows.
        allowed: conditions of entrances by their element.
        charts: flow graphs by scope, kept once they were asked for.
    """

    process_names: Mapping[str, str]
    process_names_en: Mapping[str, str]
    lanes: tuple[str, ...]
    entrances: tuple[Entrance, ...]
    specs: Mapping[str, Any]
    metas: Mapping[tuple[str, str], Meta]
    starts: Mapping[str, tuple[tuple[str, str], ...]]
    flows: Mapping[str, tuple[tuple[str, str], ...]]
    decide: Decide
    joins: frozenset[tuple[str, str]] = frozenset()
    allowed: Mapping[str, Expression] = field(default_factory=dict)
    charts: dict[str, Chart] = field(default_factory=dict, repr=False, compare=False)

    def elements(self, process: str) -> list[Element]:
        """The nodes drawn in a process, those of its sub-processes included."""
        return [_element(meta.node) for meta in self.metas.values() if meta.node.process == process]

    def expressions(self) -> Iterator[Expression]:
        """Every expression of the bundle with its place."""
        for meta in self.metas.values():
            yield from meta.uses.values()
            yield from meta.parameters.values()

    def called(self, process: str) -> list[str]:
        """Ids of the processes that a process calls, each once."""
        return sorted(
            {
                meta.node.called
                for meta in self.metas.values()
                if meta.node.process == process and meta.node.kind == "callActivity"
            }
        )

    def plain_start(self, scope: str) -> Any:
        """The spec of the start event by which a called process or a sub-process begins."""
        return self._start(scope, lambda node: not node.events)

    def start(self, process: str, element: str) -> Any:
        """The spec of a start event of a process."""
        return self._start(process, lambda node: node.id == element)

    def _start(self, scope: str, fits: Callable[[Node], bool]) -> Any:
        for (where, element), meta in self.metas.items():
            if where == scope and meta.node.kind == "startEvent" and fits(meta.node):
                return self.specs[scope].task_specs[element]
        raise CannotAdvance("流程“{element}”没有可用的开始事件", element=scope)


def _element(node: Node) -> Element:
    properties = node.properties
    person = node.kind in ("userTask", "manualTask")
    form = properties.get("form") or (node.id if person else "")
    return Element(
        node.id,
        node.process,
        node.kind,
        node.name,
        properties.get("name_en", ""),
        node.lane,
        properties.get("article", ""),
        form,
        dict(properties),
    )


def compile_program(files: Mapping[str, bytes], decide: Decide | Mapping[str, Any]) -> Program:
    """Compiles every ``.bpmn`` of a bundle.

    Args:
        files: contents by file name; other kinds of files are left alone.
        decide: asks a decision by id, or the DMN models by decision id.

    Raises:
        BadBundle: with every fault found by our own reading, else the one that the stock parser met.
    """
    roots, diagrams = _read({name: files[name] for name in sorted(files) if name.endswith(".bpmn")})
    found = structure.faults(diagrams)
    metas: dict[tuple[str, str], Meta] = {}
    for drawn in diagrams:
        for node in drawn.nodes:
            metas[node.scope, node.id] = _meta(drawn, node, found)
    if found:
        raise BadBundle(found)
    specs = parse.spec_sets(roots)
    for scope, spec in specs.items():
        own = {element: meta for (where, element), meta in metas.items() if where == scope}
        parse.adopt(spec, own, [flow for drawn in diagrams for flow in drawn.flows if flow.scope == scope])
    reached = {key: meta for key, meta in metas.items() if key[0] in specs and key[1] in specs[key[0]].task_specs}
    return Program(
        process_names={process: name for drawn in diagrams for process, name in drawn.processes.items()},
        process_names_en={process: name for drawn in diagrams for process, name in drawn.processes_en.items()},
        lanes=tuple(dict.fromkeys(lane for drawn in diagrams for lane in drawn.lanes)),
        entrances=tuple(_entrances(diagrams)),
        specs=specs,
        metas=reached,
        starts=_starts(diagrams),
        flows=_edges(diagrams),
        decide=decide if callable(decide) else _asking(decide),
        joins=frozenset(_joins(diagrams)),
        allowed={meta.id: meta.uses["allowed"] for meta in reached.values() if "allowed" in meta.uses},
    )


def _read(files: Mapping[str, bytes]) -> tuple[dict[str, Any], list[Diagram]]:
    roots: dict[str, Any] = {}
    found: list[Finding] = []
    for name, content in files.items():
        try:
            roots[name] = document.load(content, name)
        except BadBundle as bad:
            found.extend(bad.findings)
    if found:
        raise BadBundle(found)
    return roots, [diagram.read(root, name) for name, root in roots.items()]


_PROPERTIES = ("due", "assignee", "set", "publish", "inputs", "allowed")


def _meta(drawn: Diagram, node: Node, found: list[Finding]) -> Meta:
    """A node with its texts compiled; what can't be compiled is added to the findings."""
    texts = {name: node.properties[name] for name in _PROPERTIES if node.properties.get(name)}
    if node.event.expression:
        texts["payload" if node.event.kind in ("message", "signal") else node.event.kind] = node.event.expression
    if node.many is not None:
        marks = {
            "collection": node.many.collection,
            "cardinality": node.many.cardinality,
            "completion": node.many.completion,
        }
        texts.update({name: text for name, text in marks.items() if text})
    for flow in drawn.flows:
        if flow.source == node.id and flow.condition and flow.id != node.default:
            texts["condition " + flow.id] = flow.condition
    uses = _compiled(node, texts, found)
    return Meta(node, uses, _compiled(node, dict(node.parameters), found))


def _compiled(node: Node, texts: Mapping[str, str], found: list[Finding]) -> dict[str, Expression]:
    compiled = {}
    for name, text in texts.items():
        try:
            compiled[name] = expressions.compile_text(node.process, node.id, name.split(" ", 1)[0], text)
        except feel.FeelError as problem:
            message = (
                f"“{node.id}”的表达式 {text}：{problem.message_zh}",
                f"expression {text} of “{node.id}”: {problem.message_en}",
            )
            fix = ("按提示改正 FEEL 表达式", "correct the FEEL expression")
            found.append(document.fault("FEEL", node.file, node.id, node.line, message, fix))
    return compiled


def _starts(diagrams: list[Diagram]) -> dict[str, tuple[tuple[str, str], ...]]:
    starts: dict[str, list[tuple[str, str]]] = {}
    for drawn in diagrams:
        for node in drawn.nodes:
            if node.kind == "startEvent" and node.event.kind == "message" and node.scope == node.process:
                starts.setdefault(node.event.name, []).append((node.process, node.id))
    return {message: tuple(sorted(found)) for message, found in starts.items()}


def _edges(diagrams: list[Diagram]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Where tokens go from node to node, per scope; a boundary event follows its activity."""
    edges: dict[str, list[tuple[str, str]]] = {}
    for drawn in diagrams:
        for flow in drawn.flows:
            edges.setdefault(flow.scope, []).append((flow.source, flow.target))
        for node in drawn.nodes:
            if node.kind == "boundaryEvent":
                edges.setdefault(node.scope, []).append((node.host, node.id))
    return {scope: tuple(pairs) for scope, pairs in edges.items()}


def _joins(diagrams: list[Diagram]) -> Iterator[tuple[str, str]]:
    for drawn in diagrams:
        targets = Counter(flow.target for flow in drawn.flows)
        yield from (
            (node.process, node.id) for node in drawn.nodes if node.kind in diagram.FORKING and targets[node.id] > 1
        )


def _entrances(diagrams: list[Diagram]) -> Iterator[Entrance]:
    for drawn in diagrams:
        for node in drawn.nodes:
            roles = tuple(one.strip() for one in node.properties.get("roles", "").split(",") if one.strip())
            catching = node.kind in ("startEvent", "intermediateCatchEvent", "boundaryEvent")
            if roles and catching and (node.event.kind == "message" or (node.kind == "startEvent" and not node.events)):
                yield _entrance(drawn, node, roles)


def _entrance(drawn: Diagram, node: Node, roles: tuple[str, ...]) -> Entrance:
    properties = node.properties
    first = _first_task(drawn, node)
    message = node.event.name if node.event.kind == "message" else ""
    form = properties.get("form") or ("" if message or first is None else first.properties.get("form") or first.id)
    return Entrance(
        process=node.process,
        element=node.id,
        name=node.name or drawn.processes[node.process],
        name_en=properties.get("name_en", ""),
        message=message,
        roles=roles,
        form=form,
        allowed=properties.get("allowed", ""),
        refusal=properties.get("refusal", ""),
        refusal_en=properties.get("refusal_en", ""),
        first_task="" if first is None else first.id,
    )


def _first_task(drawn: Diagram, node: Node) -> Node | None:
    """The first user task that a token from a start event meets."""
    nodes = {one.id: one for one in drawn.nodes}
    todo, seen = [node.id], set()
    while todo:
        at = todo.pop(0)
        if nodes[at].kind == "userTask":
            return nodes[at]
        seen.add(at)
        todo.extend(flow.target for flow in drawn.flows if flow.source == at and flow.target not in seen)
    return None


def _asking(models: Mapping[str, dmn.Model]) -> Decide:
    """Asks the DMN models of a bundle; a failed decision stops the step with its reason."""

    def decide(decision: str, inputs: dict[str, Any], env: feel.Env) -> Any:
        model = models.get(decision)
        if model is None:
            raise CannotAdvance("流程包中没有决策“{element}”", element=decision)
        try:
            trace = model.decide_traced(decision, inputs, env)
        except (dmn.DmnError, feel.FeelError) as problem:
            raise _undecided(decision, problem.message_zh, problem.message_en) from None
        if trace.failure is not None:
            raise _undecided(decision, trace.failure.message_zh, trace.failure.message_en)
        return trace.value

    return decide


def _undecided(decision: str, why: str, why_en: str) -> CannotAdvance:
    return CannotAdvance("决策“{element}”不能作出：{why}", element=decision, why=why, why_en=why_en)
