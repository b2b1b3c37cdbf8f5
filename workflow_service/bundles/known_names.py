"""Which names expressions may use: what forms, services, decisions, messages and elements put into the data of a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from workflow_service import feel
from workflow_service.bundles import forms
from workflow_service.bundles.check_references import form_of
from workflow_service.bundles.drawn import Seen
from workflow_service.engine.diagram import Node
from workflow_service.errors import BadBundle, Finding
from workflow_service.feel import nodes

#: what the case always has or what the service itself adds to it
CASE = frozenset(
    ["number", "place", "opened_at", "opened_by", "runs", "status", "title", "subjects", "situation_codes", "outcomes", "end", "window_open", "decision", "path", "investigation", "members_due", "asked"]
)  # fmt: skip


#: what the data of every run may hold without any element providing it
RUN = frozenset({"case", "actors", "key", "message_key", "received", "sender", "duties"})


@dataclass(frozen=True)
class Known:
    """Names in sight of a bundle's expressions.

    Args:
        top: names at top level. case: names under ``case``.
        fields: field names by the task whose answers stand under its id.
    """

    top: frozenset[str]
    case: frozenset[str]
    fields: Mapping[str, frozenset[str]]


def of(seen: Seen, read: Mapping[str, forms.Form]) -> Known:
    """The names that a bundle's elements can provide."""
    top, case = set(RUN), set(CASE)
    fields: dict[str, frozenset[str]] = {}
    for node in seen.nodes:
        top.update(_own(node))
        top.update(_keys(node.properties.get("set", "")))
        case.update(_keys(node.properties.get("publish", "")))
        if node.event.kind == "message":
            top.update(_keys(node.event.expression))
        form = read.get(form_of(node))
        if form is not None and node.kind == "userTask":
            fields[node.id] = frozenset({*form.answers, "member_id", "commitment"})
        elif form is not None:
            top.update(form.answers)
    return Known(frozenset(top), frozenset(case), fields)


def _own(node: Node) -> Iterator[str]:
    yield from (name for name in (node.event.variable, node.result, node.properties.get("result", "")) if name)
    if node.many is not None:
        yield from (name for name in (node.many.item, node.many.output, node.many.output_item) if name)
    if node.kind in ("userTask", "manualTask", "serviceTask", "businessRuleTask"):
        yield node.id


def _keys(text: str) -> set[str]:
    """The keys of every context literal in an expression; a payload may be a list or a choice of contexts."""
    try:
        tree = feel.compile(text).ast if text.strip() else None
    except feel.FeelError:
        return set()
    found: set[str] = set()
    todo: list[object] = [tree]
    while todo:
        one = todo.pop()
        if isinstance(one, nodes.ContextOf):
            found.update(entry.key for entry in one.entries)
        elif isinstance(one, nodes.Node):
            todo.extend(getattr(one, name) for name in one.__dataclass_fields__)
        elif isinstance(one, tuple):
            todo.extend(one)
    return found


def readable_forms(seen: Seen) -> dict[str, forms.Form]:
    """The forms of a bundle that can be read, by id."""
    read = {name[6:-5]: read_form(content, name) for name, content in seen.bundle.named("form").items()}
    return {form: found for form, found in read.items() if isinstance(found, forms.Form)}


@lru_cache(maxsize=512)
def read_form(content: bytes, name: str) -> forms.Form | tuple[Finding, ...]:
    """A form, or what keeps it from being read; kept, because a draft is checked again after each change."""
    try:
        return forms.read_form(content, name)
    except BadBundle as bad:
        return bad.findings
