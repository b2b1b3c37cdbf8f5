"""Which variables an expression needs from outside."""

from collections.abc import Iterator

from workflow_service.feel import nodes
from workflow_service.feel.builtins import BUILTINS


def of(node: nodes.Node, declared: frozenset[str]) -> frozenset[str]:
    """The free variables as paths.

    Names in the brackets of a filter may be entries of the filtered items; they count only when declared.
    """
    found: set[str] = set()
    waiting: list[tuple[nodes.Node, frozenset[str], bool]] = [(node, frozenset(), False)]
    while waiting:
        current, bound, filtered = waiting.pop()
        path = _path(current)
        if path is not None:
            if _free(_root(current), bound, filtered, declared):
                found.add(path)
            continue
        waiting.extend(_parts(current, bound, filtered))
    return frozenset(found)


def mentioned(node: nodes.Node) -> frozenset[str]:
    """Every name but those of built-in functions that an expression may look up, bound or not: enough data for it is the data of these names."""
    found: set[str] = set()
    waiting: list[nodes.Node] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, nodes.Name) and current.name not in BUILTINS:
            found.add(current.name)
        waiting.extend(nodes.children(current))
    return frozenset(found)


def _root(node: nodes.Node) -> str:
    while isinstance(node, nodes.Path):
        node = node.source
    return node.name if isinstance(node, nodes.Name) else ""


def _path(node: nodes.Node) -> str | None:
    names: list[str] = []
    while isinstance(node, nodes.Path):
        names.append(node.name)
        node = node.source
    if not isinstance(node, nodes.Name):
        return None
    return ".".join([node.name, *reversed(names)])


def _free(name: str, bound: frozenset[str], filtered: bool, declared: frozenset[str]) -> bool:
    if name in bound:
        return False
    if name in declared:
        return True
    return not filtered and name not in BUILTINS


_Part = tuple[nodes.Node, frozenset[str], bool]


def _parts(node: nodes.Node, bound: frozenset[str], filtered: bool) -> Iterator[_Part]:
    if isinstance(node, nodes.Filter):
        yield node.source, bound, filtered
        yield node.condition, bound | {"item"}, True
    elif isinstance(node, nodes.Lambda):
        yield node.body, bound | {param.name for param in node.params}, filtered
    elif isinstance(node, nodes.ContextOf):
        for entry in node.entries:
            yield entry.value, bound, filtered
            bound = bound | {entry.key}
    elif isinstance(node, (nodes.For, nodes.Quantified)):
        yield from _loop(node, bound, filtered)
    else:
        for child in nodes.children(node):
            yield child, bound, filtered


def _loop(node: nodes.For | nodes.Quantified, bound: frozenset[str], filtered: bool) -> Iterator[_Part]:
    for each in node.iterators:
        yield each.source, bound, filtered
        if each.end is not None:
            yield each.end, bound, filtered
        bound = bound | {each.name}
    if isinstance(node, nodes.For):
        yield node.body, bound | {"partial"}, filtered
    else:
        yield node.condition, bound, filtered
