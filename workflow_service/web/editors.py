"""Editing the files of a draft in the browser: diagrams and tables in their modellers, everything else as checked text."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import flask
import orjson
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from workflow_service import dispatch, dmn, errors, feel
from workflow_service.bundles import check, forms, names, publish, read, variant_file
from workflow_service.cases import scope
from workflow_service.identity.permissions import Permission
from workflow_service.storage import reference
from workflow_service.web import (
    api,
    guard,
    headers,
    i18n,
    letter_preview,
    owner,
    problems,
    task_pages,
    visit,
)
from workflow_service.web import pages as shared

pages = flask.Blueprint("editors", __name__, url_prefix="/bundles")

Found = list[dict[str, Any]]
TEMPLATES = {"diagram": "edit_diagram.html", "table": "edit_table.html"}


@pages.get("/<int:bundle_id>/files/<path:name>")
@guard.needs(Permission.BUNDLE_READ)
def edit(bundle_id: int, name: str) -> str:
    """The editor of a file; read only for a version that is no draft any more."""
    with visit.reading() as session:
        bundle = publish.by_id(session, bundle_id)
        content = publish.file_of(session, visit.actor(), bundle, name)
        text, found = content.decode("utf-8", "replace"), _of_all(session, bundle, name)
        return _page(session, bundle, name, text, found, editable=owner.may_change(session, bundle, name))


def _page(  # noqa: PLR0913  a file, what was typed, and how it stands
    session: Session,
    bundle: reference.Bundle,
    name: str,
    text: str,
    found: Found,
    *,
    editable: bool,
    overtaken: bool = False,
    kept: bool = False,
) -> str:
    kind = names.kind(name)
    version = read.digest(publish.file_of(session, visit.actor(), bundle, name))
    headers.for_editors()
    return flask.render_template(
        TEMPLATES.get(kind, "edit_text.html"),
        bundle=bundle,
        name=name,
        kind=kind,
        kinds=owner.kind_names(),
        version=version,
        text=text,
        title=owner.title_of(name, text.encode()),
        findings=_here(found, name),
        elsewhere=_errors(one for one in found if not _concerns(one, name)),
        editable=editable,
        lanes=owner.lanes(publish.files_of(session, bundle)) if kind == "diagram" else {},
        overtaken=overtaken,
        kept=kept,
    )


def _of_all(session: Session, bundle: reference.Bundle, name: str) -> Found:
    """What is wrong with a file's bundle; of a variant, whose files follow from its operations, with the publication as well."""
    if name == variant_file.NAME:
        return [problems.finding(one) for one in publish.findings(session, bundle)]
    return [problems.finding(one) for one in check.check(owner.as_bundle(session, bundle))]


def _concerns(one: Mapping[str, Any], name: str) -> bool:
    """Whether a finding concerns a file; a variant's operations answer for all its files."""
    return name in (one["file"], variant_file.NAME)


def _here(found: Found, name: str) -> Found:
    return [one for one in found if _concerns(one, name)]


def _errors(found: Iterable[dict[str, Any]]) -> Found:
    return [one for one in found if one["severity"] == "error"]


@pages.get("/<int:bundle_id>/raw/<path:name>")
@guard.needs(Permission.BUNDLE_READ)
def raw(bundle_id: int, name: str) -> flask.Response:
    """A file of a version or draft, byte for byte."""
    with visit.reading() as session:
        bundle = publish.by_id(session, bundle_id)
        content = publish.file_of(session, visit.actor(), bundle, name)
        answer = headers.download(content, name.rpartition("/")[2], "application/octet-stream")
        answer.headers["X-Bundle-Hash"] = bundle.hash
    return answer


@pages.put("/<int:bundle_id>/raw/<path:name>")
@guard.needs(Permission.BUNDLE_EDIT)
def save(bundle_id: int, name: str) -> flask.Response:
    """Keeps a file of a draft, faults or not; 409 when somebody else changed it meanwhile."""
    change = publish.Change(name, flask.request.get_data(), flask.request.headers.get("If-Match", "").strip('"'))
    with visit.writing() as session:
        draft = publish.change(session, visit.actor(), visit.now(), bundle_id, change)
        found = _here(_of_all(session, draft, name), name)
        return api.as_json({"hash": draft.hash, "version": read.digest(change.content or b""), "findings": found})


@pages.post("/<int:bundle_id>/text/<path:name>")
@guard.needs(Permission.BUNDLE_EDIT)
def save_text(bundle_id: int, name: str) -> flask.typing.ResponseReturnValue:
    """Keeps a file that was edited as text; what cannot be read at all comes back as it was typed."""
    form = flask.request.form
    text = form.get("text", "").replace("\r\n", "\n")
    with visit.writing() as session:
        draft = publish.by_id(session, bundle_id)
        change = publish.Change(name, text.encode(), form.get("expected", ""))
        if owner.may_change(session, draft, name) and publish.is_overtaken(session, draft, change):
            return _page(session, draft, name, text, [], editable=True, overtaken=True), 409
        draft = publish.change(session, visit.actor(), visit.now(), bundle_id, change)
        found = _of_all(session, draft, name)
        if _errors(_here(found, name)):
            return _page(session, draft, name, text, found, editable=True, kept=True), 422
    return shared.go("editors.edit", "saved", bundle_id=bundle_id, name=name)


@pages.get("/<int:bundle_id>/preview/<path:name>")
@guard.needs(Permission.BUNDLE_READ)
def preview(bundle_id: int, name: str) -> str:
    """A form as people will see it, empty; a letter as it will be read, with the names of its fields."""
    with visit.reading() as session:
        bundle = publish.by_id(session, bundle_id)
        if names.kind(name) == "letter":
            return _letter(session, bundle, name)
        form = forms.read_form(publish.file_of(session, visit.actor(), bundle, name))
        known = scope.before_case(visit.actor(), visit.now())
        return flask.render_template(
            "preview.html",
            bundle=bundle,
            name=name,
            described=forms.describe(form, known),
            values=forms.prefill(form, known),
            people=task_pages.people_for(session, visit.actor().place, form),
        )


def _letter(session: Session, bundle: reference.Bundle, name: str) -> str:
    content = publish.file_of(session, visit.actor(), bundle, name)
    found = [one for one in _errors(_of_all(session, bundle, name)) if one["file"] == name]
    return flask.render_template(
        "letter_preview.html",
        bundle=bundle,
        name=name,
        title=owner.title_of(name, content) or name,
        found=found,
        paper=None if found else letter_preview.paper(orjson.loads(content)),
    )


@pages.post("/<int:bundle_id>/new")
@guard.needs(Permission.BUNDLE_EDIT)
def new_file(bundle_id: int) -> flask.typing.ResponseReturnValue:
    """Adds an empty form, diagram or table to a draft."""
    kind, stem = flask.request.form.get("kind", ""), flask.request.form.get("name", "").strip()
    blank = _BLANK.get(kind)
    if blank is None:
        raise errors.NotFound("没有这项操作")
    name, text = blank[0].format(id=stem), blank[1].replace("{id}", stem)
    read.require_name(name)
    with visit.writing() as session:
        bundle = publish.by_id(session, bundle_id)
        if name in publish.files_of(session, bundle):
            raise errors.Conflict("流程包中已有文件“{name}”", name=name)
        publish.change(session, visit.actor(), visit.now(), bundle_id, publish.Change(name, text.encode()))
    return shared.go("editors.edit", bundle_id=bundle_id, name=name)


_BLANK = {
    "form": (
        "forms/{id}.json",
        '{\n  "id": "{id}",\n  "title": "新表单",\n  "title_en": "New form",\n  "fields": [\n    {"name": "note", '
        '"type": "longtext", "label": "说明", "label_en": "Note", "required": true}\n  ]\n}\n',
    ),
    "diagram": (
        "{id}.bpmn",
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" '
        'targetNamespace="urn:workflow">\n'
        '  <bpmn:process id="{id}" name="新流程" isExecutable="true"><bpmn:startEvent id="begin" /></bpmn:process>\n'
        '  <bpmndi:BPMNDiagram id="{id}_diagram"><bpmndi:BPMNPlane id="{id}_plane" bpmnElement="{id}">'
        '<bpmndi:BPMNShape id="begin_shape" bpmnElement="begin"><dc:Bounds x="160" y="120" width="36" height="36" />'
        "</bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>\n</bpmn:definitions>\n",
    ),
    "table": (
        "{id}.dmn",
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="{id}_definitions" name="{id}" '
        'namespace="urn:workflow">\n  <decision id="{id}" name="{id}"><decisionTable id="{id}_table" hitPolicy="UNIQUE">'
        '<input id="input_1" label="输入"><inputExpression id="input_expression_1" typeRef="boolean"><text>value</text>'
        '</inputExpression></input><output id="output_1" name="result" typeRef="string" /></decisionTable></decision>\n'
        "</definitions>\n",
    ),
}


@pages.post("/<int:bundle_id>/check/<path:name>")
@guard.needs(Permission.BUNDLE_READ)
def findings(bundle_id: int, name: str) -> flask.Response:
    """What is wrong with a file as it stands in the editor, and what that breaks in the others; nothing is kept."""
    read.require_name(name)
    with visit.reading() as session:
        base = owner.as_bundle(session, publish.by_id(session, bundle_id))
    looked = read.Bundle.of({**base.files, name: flask.request.get_data()})
    found = [problems.finding(one) for one in check.check(looked)]
    return api.as_json({"findings": [one for one in found if one["severity"] == "error" or _concerns(one, name)]})


@pages.get("/<int:bundle_id>/catalog.json")
@guard.needs(Permission.BUNDLE_READ)
def catalog(bundle_id: int) -> flask.Response:
    """What a diagram can refer to: forms, operations with parameters, processes, decisions, articles, lanes."""
    with visit.reading() as session:
        files = publish.files_of(session, publish.by_id(session, bundle_id))
    roles, articles = _json(files.get("roles.json")), _json(files.get("articles.json"))
    diagrams = [content for name, content in files.items() if name.endswith(".bpmn")]
    return api.as_json(
        {
            "forms": [_titled(name, files[name]) for name in files if names.kind(name) == "form"],
            "letters": [_titled(name, files[name]) for name in files if names.kind(name) == "letter"],
            "processes": [_called(name, files[name]) for name in files if names.kind(name) == "diagram"],
            "decisions": [_called(name, files[name]) for name in files if names.kind(name) == "table"],
            "articles": [{"id": one, "summary": i18n.either(told, "summary")} for one, told in articles.items()],
            "lanes": [{"name": one, "role": role} for one, role in _record(roles, "lanes").items()],
            "roles": [{"id": one, "name": i18n.either(told, "name")} for one, told in _record(roles, "roles").items()],
            "messages": _declared(diagrams, b"message"),
            "signals": _declared(diagrams, b"signal"),
            "operations": [
                {
                    "name": name,
                    "title": i18n.either(signature, "title"),
                    "summary": i18n.either(signature, "summary"),
                    "errors": list(signature.errors),
                    "parameters": [
                        {"name": one.name, "required": one.required, "type": one.type, "doc": i18n.either(one, "doc")}
                        for one in signature.parameters
                    ],
                }
                for name, signature in sorted(dispatch.operations().items())
            ],
        }
    )


def _declared(diagrams: Sequence[bytes], kind: bytes) -> list[str]:
    """Names of the messages or signals that the diagrams declare; their id is their name."""
    pattern = re.compile(rb"<(?:\w+:)?" + kind + rb'\s[^>]*\bid="([a-z_0-9]+)"')
    return sorted({found.decode() for content in diagrams for found in pattern.findall(content)})


def _stem(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0]


def _json(content: bytes | None) -> dict[str, Any]:
    try:
        found = orjson.loads(content or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _record(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An entry of a file in the making, if it is a record."""
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def _called(name: str, content: bytes) -> dict[str, str]:
    return {"id": _stem(name), "name": owner.title_of(name, content) or _stem(name)}


def _titled(name: str, content: bytes) -> dict[str, str]:
    told = _json(content)
    return {"id": _stem(name), "title": str(told.get("title") or ""), "title_en": str(told.get("title_en") or "")}


@pages.get("/try")
@guard.needs(Permission.BUNDLE_READ)
def try_page() -> str:
    """Where FEEL expressions are tried."""
    return flask.render_template("try.html", outcome=None, expression="", context="{}")


@pages.post("/try")
@guard.needs(Permission.BUNDLE_READ)
def try_expression() -> str:
    """The value of a FEEL expression, or why it has none."""
    form = flask.request.form
    expression, context = form.get("expression", "")[:20_000], form.get("context", "") or "{}"
    return flask.render_template(
        "try.html", outcome=_evaluated(expression, context), expression=expression, context=context
    )


def _evaluated(expression: str, context: str) -> Mapping[str, Any]:
    try:
        given = orjson.loads(context)
    except orjson.JSONDecodeError as fault:
        return {"fault": problems.said(problems.unreadable("context", fault))}
    if not isinstance(given, dict):
        return {"fault": _('数据须为 JSON 对象，如 {"a": 2}')}
    try:
        seen: list[feel.Problem] = []
        compiled = feel.compile(expression, given)
        value = compiled.evaluate(given, env=feel.Env(visit.now, None, seen))
    except feel.FeelError as fault:
        return {"fault": problems.either_message(fault)}
    return {
        "value": feel.text(value),
        "problems": list(dict.fromkeys(one.en if i18n.is_english() else one.zh for one in seen)),
    }


@pages.post("/<int:bundle_id>/try/<path:name>")
@guard.needs(Permission.BUNDLE_READ)
def try_decision(bundle_id: int, name: str) -> flask.Response:
    """The outcome of a decision for given inputs, with the rules that matched and their articles."""
    given = api.parsed(flask.request.get_data() or b"{}")
    inputs = given.get("inputs") or {}
    if not isinstance(inputs, dict):
        raise errors.Invalid([errors.FieldError("inputs", "type", "“{name}”的取值不对", (("name", "inputs"),))])
    with visit.reading() as session:
        content = _content(session, bundle_id, name, given)
    try:
        model = dmn.read(content)
        decision = str(given.get("decision") or _stem(name))
        trace = model.decide_traced(decision, inputs, feel.Env(visit.now)).to_json()
        return api.as_json({"result": trace.get("value"), "trace": trace})
    except (dmn.DmnError, feel.FeelError) as fault:
        refusal = errors.FieldError("inputs", "decision", "{message}", (("message", problems.either_message(fault)),))
        raise errors.Invalid([refusal], "决策表不能得出结果") from None


def _content(session: Session, bundle_id: int, name: str, given: Mapping[str, Any]) -> bytes:
    if isinstance(given.get("xml"), str):
        return str(given["xml"]).encode()
    return publish.file_of(session, visit.actor(), publish.by_id(session, bundle_id), name)
