"""The page on which an operator repairs an incident: what stands there now, what is to stand there, what will be done."""

from collections.abc import Iterator, Mapping
from typing import Any

import flask
import orjson

from workflow_service import errors
from workflow_service.cases import mending, reasons
from workflow_service.identity.permissions import Permission
from workflow_service.web import api_operations, guard, problems, visit
from workflow_service.web import pages as shared

pages = flask.Blueprint("mending_pages", __name__, url_prefix="/operations/incidents")

_TEXTS = ("str", "str | None")


@pages.get("/<int:incident_id>")
@guard.needs(Permission.INCIDENT_RESOLVE)
def show(incident_id: int) -> str:
    """An open incident with what can be repaired of it."""
    return _page(_found(incident_id))


def _found(incident_id: int) -> mending.Mending:
    with visit.reading() as session:
        return mending.of(session, visit.actor(), visit.now(), incident_id)


def _page(found: mending.Mending, refused: Mapping[str, Any] | None = None) -> str:
    return flask.render_template("mending.html", found=found, written=_written, refused=refused or {})


@pages.post("/<int:incident_id>/repair")
@guard.needs(Permission.INCIDENT_RESOLVE)
def repair(incident_id: int) -> flask.typing.ResponseReturnValue:
    """Shows what a repair would do, and does it once that was agreed to; what is wrong is said beside its field."""
    form, found = flask.request.form, _found(incident_id)
    reason, step = form.get("reason", "").strip()[:4000], form.get("step", "look")
    if step == "edit":
        return _page(found, {"faults": {}, "typed": form})
    try:
        data = _values(found)
        reasons.require(reason)
        if step == "do":
            api_operations.resolved(incident_id, mending.repair, data, reason)
            return shared.go("operator.desk", "resolved")
        return _foreseen(found, data, reason)
    except errors.Invalid as invalid:
        return _page(found, problems.refused(invalid)), 422


def _foreseen(found: mending.Mending, data: Mapping[str, Any], reason: str) -> str:
    with visit.reading() as session:
        seen = mending.foreseen(session, visit.actor(), visit.now(), found, data)
    form = flask.request.form
    return flask.render_template(
        "mending_agreed.html",
        found=found,
        seen=seen,
        stuck=problems.text(seen.stuck) if seen.stuck else "",
        reason=reason,
        written=_written,
        typed=[(name, text) for name, text in form.items() if name not in ("csrf", "step")],
    )


def _values(found: mending.Mending) -> dict[str, Any]:
    """The values that were typed, each read as its parameter wants it; raises Invalid naming the wrong ones."""
    faults: list[errors.FieldError] = []
    values = dict(_read(found, faults))
    if not found.kind and not faults:
        values |= _record(faults)
    if not faults and not values:
        faults = [errors.FieldError("data", "required", "请至少改一项；不改只是再试，请返回用“重试”")]
    if faults:
        raise errors.Invalid(faults)
    return values


def _read(found: mending.Mending, faults: list[errors.FieldError]) -> Iterator[tuple[str, Any]]:
    """The parameters that are to have another value; a field left empty, or as it was, changes nothing."""
    for part in found.fields if found.kind else ():
        name = f"value.{part.name}"
        text = flask.request.form.get(name, "").replace("\r\n", "\n").strip()
        if flask.request.form.get(f"gone.{part.name}"):
            yield part.name, None
        elif text:
            try:
                value = _value(part, text)
            except orjson.JSONDecodeError as fault:
                faults.append(problems.unreadable(name, fault))
                continue
            if not (part.given and part.shown and part.value == value):
                yield part.name, value


def _value(part: mending.Part, text: str) -> Any:
    """A value as it was typed: texts as they are, everything else as JSON; raises JSONDecodeError."""
    structured = text[0] in '[{"'
    try:
        return text if _is_text(part) and not text.startswith('"') and text != "null" else orjson.loads(text)
    except orjson.JSONDecodeError:
        if structured:
            raise
        return text


def _record(faults: list[errors.FieldError]) -> dict[str, Any]:
    """The values of a run, typed as one JSON object."""
    text = flask.request.form.get("data", "").strip() or "{}"
    try:
        given = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        faults.append(problems.unreadable("data", fault))
        return {}
    if not isinstance(given, dict):
        faults.append(errors.FieldError("data", "json", '请写成 JSON 对象，如 {"名称": "值"}'))
        return {}
    return given


def _is_text(part: mending.Part) -> bool:
    """Whether a parameter takes a text, which people write without quotation marks."""
    return part.about is not None and part.about.type in _TEXTS


def _written(part: mending.Part, value: Any) -> str:
    """A value as it is written in the field of its part."""
    is_plain = isinstance(value, str) and value[:1] not in ("", "[", "{", '"')
    if is_plain and (_is_text(part) or not _is_json(value)):
        return str(value)
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _is_json(text: str) -> bool:
    """Whether a text would be read as something else: a number, true, null."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
