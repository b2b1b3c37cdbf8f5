"""Whether the conditions of flows can turn out either way: none is constant, none compares what nobody can fill in."""

from collections.abc import Iterator, Mapping

from workflow_service import feel
from workflow_service.bundles import forms
from workflow_service.bundles.check_references import form_of, nearest
from workflow_service.bundles.drawn import Seen
from workflow_service.bundles.rules import Place, fault
from workflow_service.engine.diagram import Diagram, Flow
from workflow_service.errors import Finding
from workflow_service.feel import nodes, types
from workflow_service.feel.infer import infer

_TYPES: Mapping[str, types.Type] = {
    **dict.fromkeys(("text", "longtext", "tristate", "choice", "person", "date", "datetime"), types.STRING),
    **dict.fromkeys(("integer", "decimal"), types.NUMBER),
    "boolean": types.BOOLEAN,
}


def faults(seen: Seen, read: Mapping[str, forms.Form]) -> Iterator[Finding]:
    """Every condition of a flow that can turn out one way only, or gives neither yes nor no."""
    known = _answers(seen, read)
    scope: dict[str, types.Type] = {name: _type_of(form) for name, form in known.items()}
    for drawn in seen.diagrams:
        for flow in drawn.flows:
            tree = _tree(flow)
            if tree is not None:
                yield from _faults(drawn, flow, tree, scope, known)


def _answers(seen: Seen, read: Mapping[str, forms.Form]) -> dict[str, forms.Form]:
    """The tasks whose answers stand under their id, each with its form; where several may do one it holds a list."""
    found = {node.id: read.get(form_of(node)) for node in seen.nodes if node.kind == "userTask" and node.many is None}
    return {name: form for name, form in found.items() if form is not None}


def _type_of(form: forms.Form) -> types.Type:
    extra = (("member_id", types.ANY), ("commitment", types.ANY))
    return types.ContextType((*((name, _TYPES.get(one.type, types.ANY)) for name, one in form.answers.items()), *extra))


def _tree(flow: Flow) -> nodes.Node | None:
    """A condition as it is read; nothing where there is none, or it cannot be read: others say so."""
    try:
        return feel.compile(flow.condition.strip().removeprefix("=").strip()).ast if flow.condition else None
    except feel.FeelError:
        return None


def _faults(
    drawn: Diagram, flow: Flow, tree: nodes.Node, scope: Mapping[str, types.Type], known: Mapping[str, forms.Form]
) -> Iterator[Finding]:
    where, text = Place(drawn.file, flow.id, flow.line), flow.condition.strip()[:60]
    found, wrong = infer(tree, scope, flow.condition)
    for one in wrong:
        if one.code != "unknown-name":
            message = (f"条件“{text}”：{one.zh}", f"the condition “{text}”: {one.en}")
            yield fault("E05", where, message, ("改为能成立的比较", "compare things that can be equal"))
    if isinstance(found, types.Simple) and found not in (types.BOOLEAN, types.ANY, types.NULL) and not _is_plain(tree):
        message = (f"条件“{text}”给不出“是”或“否”", f"the condition “{text}” gives neither true nor false")
        yield fault("E03", where, message, ("写成比较或判断，如 a = true", "write a comparison, such as a = true"))
    if not any(isinstance(one, nodes.Name) for one in nodes.walk(tree)) and not _is_plain(tree):
        message = (
            f"条件“{text}”与案件无关，结果总是一样，有的流向永远走不到",
            f"the condition “{text}” has nothing to do with the case: it always turns out the same",
        )
        yield fault(
            "E05", where, message, ("写明取决于案件的什么", "say what of the case it depends on"), severity="warning"
        )
    yield from _options(tree, where, text, known)


def _is_plain(tree: nodes.Node) -> bool:
    """A number, a text, a calculation: the rule on conditions that decide nothing names it already."""
    literal = isinstance(tree, nodes.Literal) and not isinstance(tree.value, bool)
    return literal or isinstance(tree, (nodes.ContextOf, nodes.Arithmetic))


def _options(tree: nodes.Node, where: Place, text: str, known: Mapping[str, forms.Form]) -> Iterator[Finding]:
    """Comparisons of an answer with something that is none of its options."""
    for one in nodes.walk(tree):
        if not isinstance(one, nodes.Compare) or one.op not in ("=", "!="):
            continue
        for side, other in ((one.left, one.right), (one.right, one.left)):
            field = _field(side, known)
            if field is None or not isinstance(other, nodes.Literal) or not isinstance(other.value, str):
                continue
            allowed = [str(option.value) for option in field.options]
            if other.value not in allowed:
                message = (
                    f"条件“{text}”：“{field.label}”没有选项“{other.value}”，比较永远不成立",
                    f"the condition “{text}”: “{field.label_en}” has no option “{other.value}”, nothing can equal it",
                )
                yield fault("E05", where, message, nearest(other.value, allowed))


def _field(node: nodes.Node, known: Mapping[str, forms.Form]) -> forms.Field | None:
    """The field with fixed options that ``task.field`` names."""
    if not isinstance(node, nodes.Path) or not isinstance(node.source, nodes.Name) or node.source.name not in known:
        return None
    field = known[node.source.name].answers.get(node.name)
    return field if field is not None and field.type == "choice" and field.options and not field.options_from else None
