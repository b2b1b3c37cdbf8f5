"""Draws small bundles for tests: processes as lists of shapes, without layout."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

import orjson

_OPEN = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" targetNamespace="urn:test" id="definitions_{id}">'
)


@dataclass(frozen=True)
class Shape:
    """A node: its BPMN kind, id, lane, properties and what stands inside."""

    kind: str
    id: str
    lane: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    inside: str = ""
    attributes: str = ""


def start(element: str, message: str = "", **properties: str) -> Shape:
    """A start event, of a message when one is named."""
    return Shape("startEvent", element, properties=properties, inside=_message(message))


def end(element: str) -> Shape:
    """An end event."""
    return Shape("endEvent", element)


def person(element: str, lane: str, inside: str = "", **properties: str) -> Shape:
    """A user task."""
    return Shape("userTask", element, lane, properties, inside)


def service(element: str, operation: str, **parameters: str) -> Shape:
    """A service task with FEEL parameters."""
    inner = "".join(
        f'<spiffworkflow:parameter id="{name}" type="any" value={quoteattr(value)}/>'
        for name, value in parameters.items()
    )
    operator = (
        f'<spiffworkflow:serviceTaskOperator id="{operation}" resultVariable="{element}">'
        f"<spiffworkflow:parameters>{inner}</spiffworkflow:parameters></spiffworkflow:serviceTaskOperator>"
    )
    return Shape("serviceTask", element, properties={"": operator})


def fork(element: str) -> Shape:
    """A parallel gateway."""
    return Shape("parallelGateway", element)


def choice(element: str, default: str) -> Shape:
    """An exclusive gateway with its default flow."""
    return Shape("exclusiveGateway", element, attributes=f' default="{default}"')


def throw(element: str, message: str, payload: str, **properties: str) -> Shape:
    """A message throw event with a FEEL payload."""
    extension = f"<bpmn:extensionElements><spiffworkflow:messagePayload>{_text(payload)}</spiffworkflow:messagePayload></bpmn:extensionElements>"
    inside = f'<bpmn:messageEventDefinition id="{element}_message" messageRef="{message}">{extension}</bpmn:messageEventDefinition>'
    return Shape("intermediateThrowEvent", element, properties=properties, inside=inside)


def timer(element: str, at: str) -> Shape:
    """A catch event that waits for a date given in FEEL."""
    return Shape("intermediateCatchEvent", element, inside=_timer(element, at))


def reminder(element: str, task: str, at: str, **properties: str) -> Shape:
    """A boundary timer that leaves its task open."""
    return Shape(
        "boundaryEvent",
        element,
        properties=properties,
        inside=_timer(element, at),
        attributes=f' attachedToRef="{task}" cancelActivity="false"',
    )


def _timer(element: str, at: str) -> str:
    return (
        f'<bpmn:timerEventDefinition id="{element}_timer"><bpmn:timeDate xsi:type="bpmn:tFormalExpression">{_text(at)}</bpmn:timeDate>'
        "</bpmn:timerEventDefinition>"
    )


def _message(name: str) -> str:
    return f'<bpmn:messageEventDefinition id="{name}_definition" messageRef="{name}"/>' if name else ""


def _text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;")


Flow = tuple[str, str] | tuple[str, str, str]


def process(process_id: str, shapes: Sequence[Shape], flows: Iterable[Flow], messages: Iterable[str] = ()) -> bytes:
    """A diagram with one process; a flow is (source, target) or (source, target, FEEL condition)."""
    lanes: dict[str, list[str]] = {}
    for shape in shapes:
        if shape.lane:
            lanes.setdefault(shape.lane, []).append(shape.id)
    drawn = [
        _OPEN.format(id=process_id),
        *(f'<bpmn:message id="{name}" name="{name}"/>' for name in messages),
        f'<bpmn:process id="{process_id}" name="{process_id}" isExecutable="true"><bpmn:laneSet id="lanes_{process_id}">',
        *(_lane(n, name, members) for n, (name, members) in enumerate(lanes.items())),
        "</bpmn:laneSet>",
        *(_shape(shape) for shape in shapes),
        *(_flow(*flow) for flow in flows),
        "</bpmn:process></bpmn:definitions>",
    ]
    return "".join(drawn).encode()


def _lane(n: int, name: str, members: list[str]) -> str:
    refs = "".join(f"<bpmn:flowNodeRef>{member}</bpmn:flowNodeRef>" for member in members)
    return f'<bpmn:lane id="lane_{n}" name="{name}">{refs}</bpmn:lane>'


def _shape(shape: Shape) -> str:
    properties = "".join(
        f"<spiffworkflow:property name={quoteattr(name)} value={quoteattr(value)}/>"
        for name, value in shape.properties.items()
        if name
    )
    inner = (
        f"<spiffworkflow:properties>{properties}</spiffworkflow:properties>" if properties else ""
    ) + shape.properties.get("", "")
    extension = f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>" if inner else ""
    return f'<bpmn:{shape.kind} id="{shape.id}" name="{shape.id}"{shape.attributes}>{extension}{shape.inside}</bpmn:{shape.kind}>'


def _flow(source: str, target: str, condition: str = "") -> str:
    inside = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{_text(condition)}</bpmn:conditionExpression>'
        if condition
        else ""
    )
    return f'<bpmn:sequenceFlow id="{source}_to_{target}" sourceRef="{source}" targetRef="{target}">{inside}</bpmn:sequenceFlow>'


def form(form_id: str, *fields: Mapping[str, object], **more: object) -> tuple[str, bytes]:
    """A form's file name and content."""
    content = {"id": form_id, "title": form_id, "title_en": form_id, "fields": list(fields), **more}
    return f"forms/{form_id}.json", orjson.dumps(content)


def text(name: str, **more: object) -> dict[str, object]:
    """A required line of text."""
    return {"name": name, "type": "text", "label": name, "label_en": name, "required": True, **more}


def yes_no(name: str, **more: object) -> dict[str, object]:
    """A yes-no field."""
    return {"name": name, "type": "boolean", "label": name, "label_en": name, **more}


ROLES = {
    "roles": {
        "applicant": {"name": "申请单位", "name_en": "Applicant"},
        "clerk": {"name": "经办", "name_en": "Clerk"},
        "chief": {"name": "负责人", "name_en": "Chief"},
    },
    "lanes": {"申请单位": "applicant", "经办": "clerk", "负责人": "chief", "系统": None},
}


def bundle(diagrams: Mapping[str, bytes], forms: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """The files of a bundle."""
    files = {f"{name}.bpmn": content for name, content in diagrams.items()}
    return {**files, **dict(forms), "roles.json": orjson.dumps(ROLES), "articles.json": b"{}"}
