"""The HTTP API's frame: every operation is declared once, and routes, checks and the OpenAPI text come from that."""

import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import flask
import jsonschema_rs
import orjson

from workflow_service import errors
from workflow_service.web import guard, problems, schemas
from workflow_service.web.guard import Entry

PREFIX = "/api/v1"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_PATH = re.compile(r"<(?:(\w+):)?(\w+)>")

Schema = Mapping[str, Any]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Query:
    """A parameter of the query string."""

    name: str
    summary: str
    schema: Schema = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True)
class Op:
    """One operation of the API.

    Args:
        method, path: the path in Flask's notation, below ``/api/v1``.
        summary: one sentence. area: the group in the description.
        entry: who may enter. query: parameters. demo: exists in demo mode only.
        body: JSON Schema of the body; None for none. upload: the body is files instead.
        gives: JSON Schema of the answer, None for an empty one; file: the answer's media type when it is no JSON.
    """

    method: str
    path: str
    area: str
    summary: str
    gives: Schema | None = None
    body: Schema | None = None
    query: tuple[Query, ...] = ()
    entry: Entry = guard.SIGNED_IN
    status: int = 200
    demo: bool = False
    upload: bool = False
    idempotent: bool = False
    file: str = ""


OPERATIONS: dict[str, tuple[Op, Callable[..., Any]]] = {}
"""Every operation by its view's name, filled while the ``api_*`` modules are imported."""


def idempotency_key() -> str:
    """The key that a client chose for this request, so that it can ask again; empty without one."""
    return flask.request.headers.get("Idempotency-Key", "")[:120]


def offer(op: Op) -> Callable[[View], View]:
    """Offers a view as an operation: its JSON body is checked and handed over first, its answer becomes JSON."""

    validator = None if op.body is None else _validator_of(op.body)

    def declared(view: View) -> View:
        def run(**values: Any) -> Any:
            given = (_checked(validator),) if validator is not None else ()
            return _answer(op, view(*given, **values))

        run.__name__ = view.__name__
        run.__doc__ = view.__doc__
        OPERATIONS[view.__name__] = (op, guard.declare(run, op.entry))
        return view

    return declared


def blueprint(*, demo: bool) -> flask.Blueprint:
    """All operations as routes; those of demo mode only when asked for."""
    made = flask.Blueprint("api", __name__, url_prefix=PREFIX)
    for name, (op, run) in OPERATIONS.items():
        if demo or not op.demo:
            made.add_url_rule(op.path, name, run, methods=[op.method])
    made.add_url_rule("/openapi.json", "openapi", _openapi)
    return made


def _answer(op: Op, result: Any) -> flask.Response:
    if isinstance(result, flask.Response):
        return result
    if op.gives is None:
        return flask.Response(status=204)
    return as_json(result, op.status)


def as_json(result: Any, status: int = 200) -> flask.Response:
    """A JSON answer."""
    return flask.Response(orjson.dumps(result, default=str), status, mimetype="application/json")


def _validator_of(schema: Schema) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(orjson.loads(orjson.dumps(schema)))  # it knows plain dictionaries only


def _checked(validator: jsonschema_rs.Draft202012Validator) -> dict[str, Any]:
    """The request's JSON object; raises Invalid, which names each wrong field and a name that occurs twice."""
    if "json" not in (flask.request.mimetype or "application/json"):
        raise _refusal("", "media_type", "请以 application/json 发送内容")
    given = parsed(flask.request.get_data(cache=True) or b"{}")
    found = [_field_error(one) for one in itertools.islice(validator.iter_errors(given), _MOST_FAULTS)]
    if found:
        raise errors.Invalid(sorted(found, key=lambda one: one.field))
    return given


def parsed(raw: bytes) -> dict[str, Any]:
    """A JSON object; raises Invalid for anything else, and for names that occur twice."""
    try:
        given = orjson.loads(raw)
        _NAMES.decode(raw.decode())
    except orjson.JSONDecodeError as fault:
        raise errors.Invalid([problems.unreadable("", fault)]) from None
    except (ValueError, RecursionError):
        raise _refusal("", "json", _BEYOND) from None
    if _is_deeper(given, _DEEPEST):
        raise _refusal("", "json", _BEYOND)
    if not isinstance(given, dict) or _NUL.search(raw):
        raise _refusal(_blamed(given), "json", "内容须为 JSON 对象，且不含空字符")
    return given


_BEYOND = "内容不是有效的 JSON：数字过大或嵌套过深"
_DEEPEST = 64
"""Forms nest a few levels; not everything that reads JSON can write, check or store it nested hundreds deep."""


def _is_deeper(value: object, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value
    return isinstance(value, dict | list) and (levels == 0 or any(_is_deeper(one, levels - 1) for one in inner))  # type: ignore[attr-defined]  # it is one of the two


def _blamed(value: object) -> str:
    """The path of the first text with a null character, as a field of the form is named; empty where there is none."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in pairs:
        if isinstance(one, str) and "\0" in one:
            return str(name)
        if inner := _blamed(one):
            return inner if name == "data" else f"{name}.{inner}"
    return ""


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _value in pairs]
    if len(set(names)) != len(names):
        twice = next(one for one in names if names.count(one) > 1)[:80]
        raise _refusal(twice, "duplicate", "名称“{name}”出现了两次", (("name", twice),))


_NAMES = json.JSONDecoder(object_pairs_hook=_distinct)


def _refusal(name: str, code: str, template: str, params: tuple[tuple[str, object], ...] = ()) -> errors.Invalid:
    return errors.Invalid([errors.FieldError(name, code, template, params)])


_MOST_FAULTS = 50
_SENTENCES = {
    "required": "缺少“{name}”",
    "additionalProperties": "没有名为“{name}”的项目",
    "type": "“{name}”的类型不对，应为 {wanted}",
}


def _field_error(fault: jsonschema_rs.ValidationError) -> errors.FieldError:
    path, kind, said = [str(one) for one in fault.instance_path], fault.kind.name, fault.kind.as_dict()
    if kind == "required":
        path.append(said["property"])
    elif kind == "additionalProperties":
        path.append(said["unexpected"][0][:80])
    name = ".".join(path)
    params = (("name", name), ("wanted", "、".join(said.get("types", ()))))
    code = "unknown_field" if kind == "additionalProperties" else kind
    return errors.FieldError(name, code, _SENTENCES.get(kind, "“{name}”的取值不对"), params)


@guard.public
def _openapi() -> flask.Response:
    demo = bool([rule for rule in flask.current_app.url_map.iter_rules() if rule.endpoint == "api.set_clock"])
    return as_json(description(demo=demo))


def description(*, demo: bool = False) -> dict[str, Any]:
    """The OpenAPI 3.1 description of every operation."""
    paths: dict[str, dict[str, Any]] = {}
    for name, (op, run) in OPERATIONS.items():
        if demo or not op.demo:
            paths.setdefault(_PATH.sub(r"{\2}", op.path), {})[op.method.lower()] = _operation(name, op, run)
    return {
        "openapi": "3.1.0",
        "info": {"title": "workflow-service", "version": "1", "description": schemas.INTRODUCTION},
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": dict(schemas.COMPONENTS),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "session"},
            },
        },
    }


def _operation(name: str, op: Op, run: Callable[..., Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": name,
        "tags": [op.area],
        "summary": op.summary,
        "description": (run.__doc__ or "").strip(),
        "parameters": [*_path_parameters(op), *_query_parameters(op)],
        "responses": {str(_status(op)): _success(op), "default": _FAILURE},
    }
    if op.body is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": op.body}}}
    if op.upload:
        told["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": schemas.UPLOAD}}}
    if op.entry.public:
        told["security"] = []
    return told


_FAILURE = {
    "description": "Problem (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _status(op: Op) -> int:
    return 204 if op.gives is None and not op.file else op.status


def _success(op: Op) -> dict[str, Any]:
    if op.file:
        return {"description": "File", "content": {op.file: {"schema": {"type": "string", "format": "binary"}}}}
    if op.gives is None:
        return {"description": "Done"}
    return {"description": "Answer", "content": {"application/json": {"schema": op.gives}}}


def _path_parameters(op: Op) -> list[dict[str, Any]]:
    return [
        {
            "name": match[2],
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if match[1] == "int" else "string"},
        }
        for match in _PATH.finditer(op.path)
    ]


def _query_parameters(op: Op) -> list[dict[str, Any]]:
    found = [{"name": one.name, "in": "query", "description": one.summary, "schema": one.schema} for one in op.query]
    if op.idempotent:
        key = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 120}}
        found.append({**key, "description": "The same key with the same data gives the same answer"})
    return found
