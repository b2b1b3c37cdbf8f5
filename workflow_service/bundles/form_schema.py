"""Compiles a form to JSON Schema (Draft 2020-12), for the programs that prepare submissions and for the API's description."""

from collections.abc import Callable, Mapping
from typing import Any

from workflow_service.bundles.form_model import PATTERNS, Field, Form, carrying
from workflow_service.bundles.form_values import LINE, LONG_TEXT, MOST_NAMES, MOST_ROWS

_FILE: Mapping[str, Any] = {
    "anyOf": [
        {"type": "string", "minLength": 1, "maxLength": 80},
        {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    ]
}


def to_schema(form: Form) -> dict[str, Any]:
    """What a submission of a form must look like; conditions and rules over several fields are judged by ``check``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": form.title,
        **_object(form.fields),
    }


def _object(fields: tuple[Field, ...]) -> dict[str, Any]:
    sent = [one for one in carrying(fields) if one.access != "hidden"]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {one.name: _field(one) for one in sent},
        "additionalProperties": False,
    }
    needed = [
        one.name
        for one in sent
        if one.required is True and one.when is None and one.default is None and one.access == "write"
    ]
    return {**schema, "required": needed} if needed else schema


def _field(one: Field) -> dict[str, Any]:
    schema = {"title": one.label, **_SHAPES[one.type](one)}
    if one.help:
        schema["description"] = one.help
    if one.access == "read":
        schema["readOnly"] = True
    return schema


def _text(one: Field, usual: int = LINE) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "maxLength": one.bounds.longest or usual}
    if one.bounds.shortest:
        schema["minLength"] = one.bounds.shortest
    if one.pattern:
        schema["pattern"] = f"^{PATTERNS[one.pattern][0]}$"
    return schema


def _number(one: Field, kind: dict[str, Any]) -> dict[str, Any]:
    if one.bounds.least is not None:
        kind["minimum"] = float(one.bounds.least)
    if one.bounds.most is not None:
        kind["maximum"] = float(one.bounds.most)
    return kind


def _choice(one: Field) -> dict[str, Any]:
    spelled = list(one.spellings)
    return {"enum": spelled} if spelled else {"type": "string", "maxLength": LINE}


def _list(one: Field, items: dict[str, Any], usual: int = MOST_NAMES) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "array", "items": items, "maxItems": one.bounds.most_rows or usual}
    return {**schema, "minItems": one.bounds.fewest} if one.bounds.fewest else schema


def _rows(one: Field) -> dict[str, Any]:
    row = _object(one.fields)
    if one.row_id:
        row["properties"] = {
            **row["properties"],
            "id": {"type": "string", "pattern": f"^{one.row_id}[1-9][0-9]{{0,3}}$"},
        }
    bare = one.inner(one.bare) if one.bare else None
    rows = _list(one, {"anyOf": [row, _field(bare)]} if bare else row, MOST_ROWS)
    return {"anyOf": [rows, {"type": "string"}]} if bare and not any(inner.required for inner in one.fields) else rows


_SHAPES: Mapping[str, Callable[[Field], dict[str, Any]]] = {
    "text": _text,
    "longtext": lambda one: _text(one, LONG_TEXT),
    "boolean": lambda _one: {"type": "boolean"},
    "tristate": lambda _one: {"enum": ["yes", "no", "unknown", True, False]},
    "integer": lambda one: _number(one, {"type": "integer"}),
    "decimal": lambda one: {
        "type": ["string", "number"],
        "pattern": r"^-?[0-9]{1,18}(\.[0-9]{1," + str(one.places or 1) + "})?$",
    },
    "date": lambda _one: {"type": "string", "format": "date"},
    "datetime": lambda _one: {"type": "string", "format": "date-time"},
    "choice": _choice,
    "choices": lambda one: _list(one, _choice(one)),
    "person": lambda _one: {"type": "string", "maxLength": LINE},
    "people": lambda one: _list(one, {"type": "string", "maxLength": LINE}),
    "texts": lambda one: _list(one, {"type": "string", "maxLength": LONG_TEXT}),
    "file": lambda _one: dict(_FILE),
    "files": lambda one: _list(one, dict(_FILE)),
    "rows": _rows,
    "group": lambda one: _object(one.fields),
}
