"""What the diagrams hand to each decision: the names of its inputs and, where these are a form's answers, what is in them."""

from collections.abc import Iterable, Mapping

from workflow_service import feel
from workflow_service.bundles.drawn import Seen
from workflow_service.bundles.known_names import Known
from workflow_service.feel import nodes, types

Inputs = tuple[tuple[str, types.Type], ...]


def of(seen: Seen, known: Known) -> dict[str, Inputs]:
    """The inputs by decision; a decision is missing when nothing calls it or a call does not list what it gives."""
    found: dict[str, dict[str, types.Type]] = {}
    open_ones: set[str] = set()
    for node in seen.nodes:
        if node.kind != "businessRuleTask":
            continue
        given = _entries(node.properties.get("inputs", ""))
        if given is None:
            open_ones.add(node.called)
            continue
        own = found.setdefault(node.called, {})
        for name, value in given:
            handed = _type(value, known)
            own[name] = handed if own.get(name, handed) == handed else types.ANY
    return {decision: tuple(sorted(own.items())) for decision, own in found.items() if decision not in open_ones}


def together(decisions: Iterable[str], given: Mapping[str, Inputs]) -> Inputs | None:
    """All that is handed to the decisions of one file, ``None`` when that is unknown."""
    called = [given[one] for one in decisions if one in given]
    return tuple(dict(pair for own in called for pair in own).items()) if called else None


def _entries(text: str) -> list[tuple[str, nodes.Node]] | None:
    try:
        tree = feel.compile(text.strip().removeprefix("=").strip()).ast
    except feel.FeelError:
        return None
    return [(entry.key, entry.value) for entry in tree.entries] if isinstance(tree, nodes.ContextOf) else None


def _type(value: nodes.Node, known: Known) -> types.Type:
    if isinstance(value, nodes.Name) and value.name in known.fields:
        return types.ContextType(tuple((name, types.ANY) for name in sorted(known.fields[value.name])))
    return types.ANY
