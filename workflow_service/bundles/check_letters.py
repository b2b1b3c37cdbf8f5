"""Whether the letters that diagrams issue get what their templates demand."""

from collections.abc import Iterator, Mapping
from typing import Any

from workflow_service import feel
from workflow_service.bundles.check_references import nearest
from workflow_service.bundles.check_structure import place, shown
from workflow_service.bundles.drawn import Seen
from workflow_service.bundles.rules import fault
from workflow_service.engine.diagram import Node
from workflow_service.errors import Finding
from workflow_service.feel import nodes

ISSUES = "notification.issue_letter"
#: what the service itself puts into every letter
_GIVEN = frozenset({"matter", "issuer", "case_number", "remaining"})


def faults(seen: Seen) -> Iterator[Finding]:
    """Every letter that could not be issued for want of a field, or is handed something it does not know."""
    for node in seen.nodes:
        if node.kind == "serviceTask" and node.operation == ISSUES:
            template = _template(seen, node)
            given = _names(node.parameters.get("fields", ""))
            if template is not None and given is not None:
                yield from _compared(node, template, given)


def _template(seen: Seen, node: Node) -> Mapping[str, Any] | None:
    """The template that a call names; None where it is computed, or cannot be read: others say so."""
    named = node.parameters.get("template", "").strip().strip('"')
    found = seen.data.get(f"forms/letters/{named}.json")
    if not isinstance(found, dict) or not isinstance(found.get("fields"), dict):
        return None
    return found if isinstance(found.get("mandatory", []), list) else None


def _names(text: str) -> frozenset[str] | None:
    """The fields that a call hands over by name; None where they are computed."""
    if not text.strip():
        return frozenset()
    try:
        tree = feel.compile(text.strip().removeprefix("=").strip()).ast
    except feel.FeelError:
        return None
    if not isinstance(tree, nodes.ContextOf):
        return None
    return frozenset(one.key for one in tree.entries if one.value != nodes.Literal(None))


def _compared(node: Node, template: Mapping[str, Any], given: frozenset[str]) -> Iterator[Finding]:
    letter, known = template.get("name") or template.get("id"), template["fields"]
    for name in template.get("mandatory", ()):
        if isinstance(name, str) and name not in given | _GIVEN:
            message = (
                f"“{shown(node)}”没有给出《{letter}》必填的“{_label(known, name)}”（{name}），公文将无法印发",
                f"“{node.id}” does not give “{name}”, which {template.get('name_en')} demands: it could not be issued",
            )
            fix = (
                "在参数 fields 中给出，或在模板的 mandatory 中删去",
                "give it in the parameter fields, or take it out of the template's mandatory",
            )
            yield fault("R07", place(node), message, fix)
    for name in sorted(given - set(known) - _GIVEN):
        message = (
            f"“{shown(node)}”给出的“{name}”，《{letter}》没有这一项，不会写进公文",
            f"“{node.id}” gives “{name}”, which {template.get('name_en')} does not have: it would not be printed",
        )
        yield fault("R07", place(node), message, nearest(name, known), severity="warning")


def _label(fields: Mapping[str, Any], name: str) -> str:
    about = fields.get(name)
    return str(about.get("label") or name) if isinstance(about, dict) else name
