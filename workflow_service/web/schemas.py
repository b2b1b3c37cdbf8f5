"""JSON Schemas of what the API takes and gives."""

from collections.abc import Mapping
from typing import Any

INTRODUCTION = (
    "容错纠错认定流程服务的接口。时间为 RFC 3339，带 +08:00；列表为 {items, total, next}，以 after 与 size 翻页；"
    "错误为 application/problem+json（RFC 9457），Accept-Language: en 时为英文。"
)

TEXT: Mapping[str, Any] = {"type": "string"}
NAME: Mapping[str, Any] = {"type": "string", "maxLength": 200}
LONG: Mapping[str, Any] = {"type": "string", "maxLength": 20000}
BOOLEAN: Mapping[str, Any] = {"type": "boolean"}
WHOLE: Mapping[str, Any] = {"type": "integer"}
TIME: Mapping[str, Any] = {"type": "string", "format": "date-time"}
MAYBE: Mapping[str, Any] = {"type": ["string", "null"]}
MAYBE_TIME: Mapping[str, Any] = {"type": ["string", "null"], "format": "date-time"}
DATA: Mapping[str, Any] = {"type": "object"}
ANYTHING: Mapping[str, Any] = {}
UPLOAD: Mapping[str, Any] = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}},
    "required": ["file"],
}


def array(of: Mapping[str, Any]) -> dict[str, Any]:
    """A list of something."""
    return {"type": "array", "items": of}


def record(required: tuple[str, ...] = (), **properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object that is given: exactly these properties, some of them required."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def told(**properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object that is answered; more properties may come later."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def ref(name: str) -> dict[str, Any]:
    """A reference to a component."""
    return {"$ref": f"#/components/schemas/{name}"}


def page(of: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a list."""
    return told(items=array(of), total=WHOLE, next=MAYBE)


TASK = told(
    id=TEXT, case=TEXT, title=TEXT, process=TEXT, element=TEXT, name=TEXT, name_en=TEXT, lane=TEXT, role=TEXT,
    place=TEXT, status=TEXT, holder=MAYBE, opened_at=TIME, done_at=MAYBE_TIME, done_by=MAYBE, due_at=MAYBE_TIME,
    due_explained=MAYBE, overdue=BOOLEAN, priority=WHOLE, form=TEXT, article=TEXT, sealed=BOOLEAN, instance=ANYTHING,
)  # fmt: skip

CASE_LINE = told(
    number=TEXT, title=TEXT, status=TEXT, process=TEXT, place=TEXT, opened_at=TIME, opened_by=TEXT,
    closed_at=MAYBE_TIME, bundle=TEXT,
)  # fmt: skip

COMPONENTS: Mapping[str, Mapping[str, Any]] = {
    "Problem": told(
        type=TEXT, title=TEXT, status=WHOLE, detail=TEXT, errors=array(told(field=TEXT, code=TEXT, message=TEXT))
    ),
    "Task": TASK,
    "CaseLine": CASE_LINE,
    "Case": {
        "allOf": [
            ref("CaseLine"),
            told(
                variant=ANYTHING, elements=array(DATA), subjects=array(DATA), deadlines=array(DATA), tasks=array(ref("Task")),
                runs=array(DATA), documents=array(DATA), attachments=array(DATA), related=array(ANYTHING),
                messages=array(DATA), comments=array(DATA), incidents=array(DATA),
            ),
        ]
    },
    "Field": told(name=TEXT, type=TEXT, label=TEXT, required=BOOLEAN, access=TEXT, visible=BOOLEAN),
    "Entry": told(
        number=WHOLE, at=TIME, actor=TEXT, on_behalf_of=MAYBE, kind=TEXT, element=MAYBE, diff=array(DATA), body_hash=TEXT,
        salt=MAYBE, previous=TEXT, hash=TEXT
    ),
    "Finding": told(
        rule=TEXT, severity=TEXT, file=TEXT, element=TEXT, line=WHOLE, message=TEXT, fix=TEXT
    ),
    "Bundle": told(
        id=WHOLE, hash=TEXT, place=TEXT, version={"type": ["integer", "null"]}, status=TEXT, author=TEXT,
        created_at=TIME, note=TEXT,
    ),
    "Standing": told(
        place=TEXT, name=TEXT, bundle=MAYBE, version={"type": ["integer", "null"]}, variant=ANYTHING, parent=MAYBE,
        parent_version={"type": ["integer", "null"]}, current=BOOLEAN, changes=array(DATA), conflicts=array(ref("Finding")),
    ),
    "Incident": told(
        id=WHOLE, case=TEXT, run=TEXT, element=TEXT, cause=TEXT, trace=TEXT, attempts=WHOLE, opened_at=TIME
    ),
}  # fmt: skip
