"""Judges a submission against its form: what is wrong is named field by field, what is right comes out normalised."""

import re
from collections.abc import Mapping
from typing import Any

from workflow_service.bundles import form_scope
from workflow_service.bundles.form_model import CHOOSING, NESTED, Field, Form, People, carrying
from workflow_service.bundles.form_scope import Seen
from workflow_service.bundles.form_values import Judgement, counted, is_empty, typed
from workflow_service.errors import FieldError, Invalid


def check(
    form: Form,
    answers: Any,
    scope: Mapping[str, Any],
    *,
    files: Mapping[str, Any],
    people: People | None = None,
) -> dict[str, Any]:
    """Judges the answers to a form and gives them back in the form in which they are stored.

    Absent fields take their default; fields that do not apply are left out; empty ones are left out.

    Args:
        answers: what was sent, JSON. scope: what the expressions see (``form_scope.seen``).
        files: file id → reference of the files that may be used; asked only for ids that occur.
        people: to refuse unknown, disabled and unsuitable people; None: accounts are not checked.

    Raises:
        Invalid: fields are wrong; each is named by its path, in the order of the form.
    """
    if not isinstance(answers, dict):
        raise Invalid([FieldError("", "type", "提交的内容应为 JSON 对象")])
    judged = Judgement(files)
    own = _typed_object(judged, "", form.fields, answers)
    sight = form_scope.seen(own, scope)
    _settle(judged, "", form.fields, own, sight)
    if people is not None and judged.named:
        _eligible(judged, people)
    if not judged.errors:
        _cross_check(judged, form, sight)
    if judged.errors:
        raise Invalid(sorted(judged.errors, key=lambda one: _place(form, one.field)))
    stored: dict[str, Any] = _filled(own)
    return stored


def _eligible(judged: Judgement, people: People) -> None:
    """Refuses the people who cannot be named where they were: all are looked up together."""
    known = people.find({name for _path, _one, name in judged.named})
    for path, one, name in judged.named:
        found = known.get(name)
        if found is None:
            judged.refuse(path, one, "unknown_person", "“{label}”：没有账号为“{name}”的人员", name=name)
        elif not found.active:
            judged.refuse(path, one, "disabled_person", "“{label}”：“{name}”的账号已停用，请改填他人", name=name)
        elif one.roles and not found.roles & set(one.roles):
            wanted = [people.titles.get(role, {}) for role in one.roles]
            judged.refuse(
                path,
                one,
                "unsuitable_person",
                "“{label}”：“{name}”不是{roles}，请改填他人",
                name=name,
                roles="、".join(said.get("name", "") for said in wanted),
                roles_en=" or ".join(said.get("name_en", "") for said in wanted),
            )


def _place(form: Form, path: str) -> tuple[int, tuple[int, ...]]:
    steps = path.split(".")
    rows = tuple(int(step) for step in steps[1:] if step.isdecimal())
    return (form.order.get(steps[0], -1 if path == "" else len(form.order)), rows)


def _typed_object(
    judged: Judgement, path: str, fields: tuple[Field, ...], raw: Mapping[str, Any], allowed: str | None = None
) -> dict[str, Any]:
    """Every value of an object in its stored form, None for what is absent; names nobody knows are refused."""
    known = {one.name: one for one in carrying(fields)}
    for name, value in raw.items():
        if name in known:
            judged.given[path + name] = value
        elif name != allowed:
            shown = str(name)[:64]
            judged.errors.append(
                FieldError(path + shown, "unknown_field", "没有名为“{name}”的项目", (("name", shown),))
            )
    return {
        name: _typed(judged, path + name, one, raw.get(name)) if one.access == "write" else None
        for name, one in known.items()
    }


def _typed(judged: Judgement, path: str, one: Field, value: Any) -> Any:
    if one.type not in NESTED:
        return typed(judged, path, one, value)
    if is_empty(value):
        return None
    return _rows(judged, path, one, value) if one.type == "rows" else _group(judged, path, one, value)


def _group(judged: Judgement, path: str, one: Field, value: Any) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return _typed_object(judged, f"{path}.", one.fields, value)
    judged.refuse(path, one, "type", "“{label}”应为一组项目")
    return None


def _rows(judged: Judgement, path: str, one: Field, value: Any) -> list[dict[str, Any]] | None:
    if one.bare and isinstance(value, str) and not any(inner.required for inner in one.fields):
        value = [value]  # evidence told in one sentence
    if not isinstance(value, list):
        judged.refuse(path, one, "type", "“{label}”应为列表")
        return None
    kept = [(at, entry) for at, entry in enumerate(value) if not is_empty(entry)]
    if not counted(judged, path, one, kept):
        return None
    judged.places[path] = [at for at, _entry in kept]
    found = [_row(judged, f"{path}.{at}", one, entry) for at, entry in kept]
    if one.row_id:
        _number_rows(judged, path, one, found)
    return found


def _row(judged: Judgement, path: str, one: Field, entry: Any) -> dict[str, Any]:
    if one.bare and not isinstance(entry, dict | list):
        entry = {one.bare: entry}
    if not isinstance(entry, dict):
        judged.refuse(path, one, "type", "“{label}”的每一行应为一组项目")
        return {}
    row = _typed_object(judged, f"{path}.", one.fields, entry, "id" if one.row_id else None)
    if one.row_id and not is_empty(entry.get("id")):
        row["id"] = entry["id"]
    return row


def _number_rows(judged: Judgement, path: str, one: Field, rows: list[dict[str, Any]]) -> None:
    """Rows keep the id they have; the others take the next free number, in order."""
    pattern = re.compile(one.row_id + r"[1-9][0-9]{0,3}")
    taken: set[str] = set()
    for at, row in zip(judged.places[path], rows, strict=True):
        given = row.get("id")
        if given is None:
            continue
        if not isinstance(given, str) or not pattern.fullmatch(given) or given in taken:
            judged.refuse(f"{path}.{at}.id", one, "row_id", "“{label}”第 {row} 行的编号无效或重复", row=at + 1)
            return
        taken.add(given)
    free = (number for number in range(1, 10_000) if f"{one.row_id}{number}" not in taken)
    for row in rows:
        if row and row.get("id") is None:  # an empty one was refused
            row["id"] = f"{one.row_id}{next(free)}"


def _settle(judged: Judgement, path: str, fields: tuple[Field, ...], own: dict[str, Any], sight: Seen) -> None:
    """Fills in defaults, then judges what depends on other answers: conditions, duties, choices."""
    carried = carrying(fields)
    for one in carried:
        _default(judged, path + one.name, one, own, sight)
    for one in carried:
        if one.access == "write":
            _applies(judged, path + one.name, one, own, sight)


def _default(judged: Judgement, path: str, one: Field, own: dict[str, Any], sight: Seen) -> None:
    if one.access != "write":
        own[one.name] = sight.value(one.default) if one.default else None
        _untouched(judged, path, one, own[one.name])
    elif one.default is not None and path not in judged.given:
        own[one.name] = _typed(judged, path, one, sight.value(one.default))


def _untouched(judged: Judgement, path: str, one: Field, stands: Any) -> None:
    given = judged.given.get(path)
    if is_empty(given) or (one.access == "read" and _agrees(given, stands)):
        return
    if one.access == "read":
        judged.refuse(path, one, "read_only", "“{label}”在此环节不能修改")
    else:
        judged.errors.append(FieldError(path, "unknown_field", "没有名为“{name}”的项目", (("name", one.name),)))


def _agrees(given: Any, stands: Any) -> bool:
    """Whether what was sent along says nothing else than what stands there."""
    if isinstance(given, dict) and isinstance(stands, dict):
        return all(_agrees(value, stands.get(name)) for name, value in given.items())
    if isinstance(given, list) and isinstance(stands, list):
        return len(given) == len(stands) and all(map(_agrees, given, stands))
    return bool(given == stands) or (is_empty(given) and is_empty(stands))


def _applies(judged: Judgement, path: str, one: Field, own: dict[str, Any], sight: Seen) -> None:
    value = own[one.name]
    if one.when is not None and not sight.holds(one.when):
        if not _is_blank(value) and value is not False and one.default is None:
            judged.refuse(path, one, "not_applicable", "按您的其他选择，“{label}”无须填写，请清空")
        own[one.name] = None
        return
    if is_empty(value):
        if form_scope.required(one, sight) and not _refused(judged, path):
            _missing(judged, path, one)
        elif one.bounds.fewest and one.type == "rows" and one.required is not False and not _refused(judged, path):
            judged.refuse(
                path, one, "too_few", "“{label}”至少需要 {least} 项，现有 {count} 项", least=one.bounds.fewest, count=0
            )
        return
    _inside(judged, path, one, value, sight)


def _is_blank(value: Any) -> bool:
    """Whether nothing was filled in, a group of empty fields included."""
    return all(map(_is_blank, value.values())) if isinstance(value, dict) else is_empty(value)


def _missing(judged: Judgement, path: str, one: Field) -> None:
    if one.type in ("file", "files"):
        judged.refuse(path, one, "required", "请上传“{label}”")
    elif one.type in CHOOSING or one.type in ("boolean", "tristate"):
        judged.refuse(path, one, "required", "请选择“{label}”")
    else:
        judged.refuse(path, one, "required", "请填写“{label}”")


def _refused(judged: Judgement, path: str) -> bool:
    return any(one.field == path or one.field.startswith(f"{path}.") for one in judged.errors)


def _inside(judged: Judgement, path: str, one: Field, value: Any, sight: Seen) -> None:
    if one.type in CHOOSING:
        _chosen(judged, path, one, value, sight)
    elif one.type == "group":
        _settle(judged, f"{path}.", one.fields, value, sight.within(value))
    elif one.type == "rows":
        for at, row in zip(judged.places[path], value, strict=True):
            if row:
                _settle(judged, f"{path}.{at}.", one.fields, row, sight.within(row))


def _chosen(judged: Judgement, path: str, one: Field, value: Any, sight: Seen) -> None:
    allowed = {entry.value for entry in form_scope.options(one, sight)}
    given = value if isinstance(value, list) else [value]
    for wrong in [entry for entry in given if entry not in allowed][:1]:
        judged.refuse(path, one, "option", "“{label}”没有“{value}”这个选项", value=str(wrong)[:64])


def _cross_check(judged: Judgement, form: Form, sight: Seen) -> None:
    for rule in form.checks:
        if not sight.holds(rule.test):
            judged.errors.append(FieldError(rule.field, "check", "{message}", _sentence(rule.message, rule.message_en)))


def _sentence(message: str, message_en: str) -> tuple[tuple[str, object], ...]:
    return (("message", message), ("message_en", message_en or message))


def _filled(value: Any) -> Any:
    """The same without what is empty, all the way down."""
    if isinstance(value, dict):
        return {name: kept for name, one in value.items() if not is_empty(kept := _filled(one))}
    if isinstance(value, list):
        return [_filled(one) for one in value]
    return value


def upfront(form: Form, scope: Mapping[str, Any]) -> list[dict[str, str]]:
    """What already stands in the way before anything is filled in, each with its sentence and article."""
    sight = form_scope.seen({}, scope)
    return [
        {"field": rule.field, "article": rule.article, "message": rule.message, "message_en": rule.message_en}
        for rule in form.checks
        if rule.upfront and not sight.holds(rule.test)
    ]
