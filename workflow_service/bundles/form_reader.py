"""Reads a form from its file and names every fault of it, with its place and the remedy."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from workflow_service import errors
from workflow_service.bundles import form_settings
from workflow_service.bundles.form_model import CHOOSING, NESTED, PATTERNS, TYPES, Check, Field, Form, carrying

#: code → (title, title in English)
RULES: Mapping[str, tuple[str, str]] = {
    "F01": ("表单文件可以读取", "A form file can be read"),
    "F02": ("表单只用已知的设置", "A form uses known settings only"),
    "F03": ("项目名称合规且不重复", "Field names are well-formed and unique"),
    "F04": ("项目类型存在", "Field types exist"),
    "F05": ("表达式可以编译", "Expressions compile"),
    "F06": ("选择类项目有选项", "A choice has options"),
    "F07": ("设置的取值有效", "Settings have valid values"),
    "F08": ("标题与文字齐全", "Titles and labels are there"),
    "F09": ("校验规则指向存在的项目", "Checks point at existing fields"),
}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TAKEN = frozenset({"data", "case", "me", "actors"})
_FORM_KEYS = frozenset({"id", "title", "title_en", "article", "note", "note_en", "fields", "checks"})
SETTINGS = frozenset((
    "name", "type", "label", "label_en", "help", "help_en", "article", "required", "when", "relevant", "default",
    "options", "options_from", "fields", "min", "max", "min_length", "max_length", "min_rows", "max_rows",
    "pattern", "rows", "places", "access", "sensitive", "sealed", "purpose", "row_id", "bare", "outside", "roles",
))  # fmt: skip
_CHECK_KEYS = frozenset({"test", "field", "message", "message_en", "upfront", "article"})
_LARGEST_FILE = 500_000
_MOST_FIELDS = 400
_DEEPEST = 3


def read_form(content: bytes, name: str = "") -> Form:
    """Reads and compiles a form.

    Args:
        content: the file, JSON in UTF-8. name: its name within the bundle; by default made from the form's id.

    Raises:
        BadBundle: the form has faults; every one is a finding.
    """
    raw = _parse(content, name)
    form_id = raw["id"] if isinstance(raw.get("id"), str) else ""
    desk = form_settings.Desk(name or f"forms/{form_id or '?'}.json", content.decode("utf-8", "replace"))
    form_settings.known_keys(desk, "", raw, _FORM_KEYS)
    _check_id(desk, form_id, name)
    fields = _fields(desk, raw.get("fields"), 0)
    answers = {one.name: one for one in carrying(fields)}
    form = Form(
        id=form_id,
        title=form_settings.words(desk, raw, "title", form_id),
        title_en=form_settings.text(raw, "title_en"),
        article=form_settings.text(raw, "article"),
        note=form_settings.text(raw, "note"),
        note_en=form_settings.text(raw, "note_en"),
        fields=fields,
        checks=_checks(desk, raw.get("checks", []), answers),
        answers=answers,
        order={one: at for at, one in enumerate(answers)},
    )
    if desk.findings:
        raise errors.BadBundle(desk.findings)
    return form


def _parse(content: bytes, name: str) -> dict[str, Any]:
    desk = form_settings.Desk(name or "forms/?.json", "")
    if len(content) > _LARGEST_FILE:
        desk.find("F01", "", "表单文件过大", "The form file is too large")
        raise errors.BadBundle(desk.findings)
    try:
        raw = orjson.loads(content)
    except orjson.JSONDecodeError as fault:
        desk.find(
            "F01",
            "",
            f"不是有效的 JSON（第 {fault.lineno} 行）",
            f"Not valid JSON (line {fault.lineno})",
            ("请用 UTF-8 编码的 JSON 保存", "Save it as JSON in UTF-8"),
        )
        raise errors.BadBundle(desk.findings) from None
    if not isinstance(raw, dict):
        desk.find("F01", "", "表单应为一个 JSON 对象", "A form is a JSON object")
        raise errors.BadBundle(desk.findings)
    return raw


def _check_id(desk: form_settings.Desk, form_id: str, name: str) -> None:
    if not _NAME.fullmatch(form_id):
        desk.find("F03", "id", "表单编号应为小写字母、数字和下划线", "A form id is lower-case letters, digits and _")
    elif name and name.rpartition("/")[2] != f"{form_id}.json":
        desk.find("F03", "id", f"文件名应为 {form_id}.json", f"The file must be named {form_id}.json")


def _fields(desk: form_settings.Desk, raw: Any, depth: int) -> tuple[Field, ...]:
    if not isinstance(raw, list) or depth > _DEEPEST:
        desk.find(
            "F01", "fields", "fields 应为项目列表，且嵌套不超过三层", "fields is a list, nested at most three deep"
        )
        return ()
    desk.count += len(raw)
    if desk.count > _MOST_FIELDS:
        desk.find("F01", "fields", f"项目超过 {_MOST_FIELDS} 个", f"More than {_MOST_FIELDS} fields")
        return ()
    found = [_field(desk, one, depth) for one in raw if form_settings.is_object(desk, one)]
    names = [one.name for one in carrying(tuple(found))]
    for name in dict.fromkeys(one for one in names if names.count(one) > 1):
        desk.find("F03", name, f"项目名称“{name}”重复", f"The field name “{name}” is used twice")
    return tuple(found)


def _field(desk: form_settings.Desk, raw: Mapping[str, Any], depth: int) -> Field:
    kind = form_settings.text(raw, "type")
    name = _name(desk, raw, kind, depth)
    form_settings.known_keys(desk, name, raw, SETTINGS)
    if kind not in TYPES:
        desk.find(
            "F04",
            name,
            f"没有“{kind[:40]}”这种类型",
            f"There is no type “{kind[:40]}”",
            ("可用：" + "、".join(TYPES), "Use one of: " + ", ".join(TYPES)),
        )
    options = form_settings.options(desk, name, raw.get("options", []))
    fields = _fields(desk, raw.get("fields"), depth + 1) if kind in NESTED else ()
    required = raw.get("required", False)
    read = Field(
        name=name,
        type=kind,
        label=form_settings.words(desk, raw, "label", name),
        label_en=form_settings.text(raw, "label_en"),
        help=form_settings.text(raw, "help"),
        help_en=form_settings.text(raw, "help_en"),
        article=form_settings.text(raw, "article"),
        required=required
        if isinstance(required, bool)
        else form_settings.expression(desk, name, raw, "required") or False,
        when=form_settings.expression(desk, name, raw, "when"),
        relevant=form_settings.expression(desk, name, raw, "relevant"),
        default=form_settings.expression(desk, name, raw, "default"),
        options=options,
        options_from=form_settings.expression(desk, name, raw, "options_from"),
        fields=fields,
        bounds=form_settings.bounds(desk, name, raw),
        pattern=form_settings.one_of(desk, name, raw, "pattern", ("", *PATTERNS)),
        lines=form_settings.whole(desk, name, raw, "rows", 0),
        places=form_settings.whole(desk, name, raw, "places", 2),
        access=form_settings.one_of(desk, name, raw, "access", ("write", "read", "hidden")),
        sensitive=raw.get("sensitive") is True,
        sealed=raw.get("sealed") is True,
        purpose=form_settings.text(raw, "purpose"),
        row_id=form_settings.text(raw, "row_id"),
        bare=form_settings.text(raw, "bare"),
        outside=raw.get("outside") is True,
        roles=form_settings.names(raw, "roles"),
        spellings={spelling: one.value for one in options for spelling in (one.value, *one.aliases)},
    )
    _fits(desk, read)
    return read


def _name(desk: form_settings.Desk, raw: Mapping[str, Any], kind: str, depth: int) -> str:
    name = form_settings.text(raw, "name")
    if kind == "section" and not name:
        return ""
    if not _NAME.fullmatch(name) or name.startswith("sys_"):
        desk.find(
            "F03",
            name,
            f"项目名称“{name[:40]}”不合规",
            f"“{name[:40]}” is not a valid field name",
            ("小写字母开头，只用小写字母、数字和下划线，不以 sys_ 开头", "Begin with a lower-case letter; use a-z, 0-9 and _; do not begin with sys_"),
        )  # fmt: skip
    elif depth == 0 and name in _TAKEN:
        desk.find("F03", name, f"“{name}”是保留名称", f"“{name}” is reserved")
    return name


def _fits(desk: form_settings.Desk, one: Field) -> None:
    if one.type in CHOOSING and not one.options and one.options_from is None:
        desk.find(
            "F06",
            one.name,
            "选择类项目没有选项",
            "The choice has no options",
            ("请添加 options 或 options_from", "Add options or options_from"),
        )
    if one.access == "hidden" and one.default is None:
        desk.find("F07", one.name, "隐藏的项目须有默认值", "A hidden field needs a default")
    if one.sealed and one.access != "write":
        desk.find("F07", one.name, "密封的项目须可填写", "A sealed field is one to be filled in")
    if any(inner.sealed for inner in one.fields):
        desk.find(
            "F07",
            one.name,
            "密封只用于整个项目，不用于行和组之内",
            "A whole field is sealed, not one within rows or a group",
        )
    if one.bare and one.inner(one.bare) is None:
        desk.find("F07", one.name, f"行内没有“{one.bare}”这个项目", f"The row has no field “{one.bare}”")
    if one.row_id and (not re.fullmatch(r"[a-z]{1,4}", one.row_id) or one.type != "rows"):
        desk.find(
            "F07",
            one.name,
            "row_id 只用于 rows，且为 1 至 4 个小写字母",
            "row_id is for rows: 1 to 4 lower-case letters",
        )


def _checks(desk: form_settings.Desk, raw: Any, answers: Mapping[str, Field]) -> tuple[Check, ...]:
    if not isinstance(raw, list):
        desk.find("F09", "checks", "checks 应为列表", "checks is a list")
        return ()
    found = []
    for one in raw:
        if not form_settings.is_object(desk, one):
            continue
        form_settings.known_keys(desk, "checks", one, _CHECK_KEYS)
        marked = form_settings.text(one, "field")
        if marked and marked not in answers:
            desk.find(
                "F09",
                marked,
                f"校验规则指向的项目“{marked[:40]}”不存在",
                f"The check marks “{marked[:40]}”, which is no field",
            )
        test = form_settings.expression(desk, marked or "checks", one, "test")
        if test is None:
            desk.find("F09", marked or "checks", "校验规则没有可用的 test", "The check has no usable test")
            continue
        found.append(
            Check(
                test,
                marked,
                form_settings.words(desk, one, "message", marked),
                form_settings.text(one, "message_en"),
                one.get("upfront") is True,
                form_settings.text(one, "article"),
            )
        )
    return tuple(found)
