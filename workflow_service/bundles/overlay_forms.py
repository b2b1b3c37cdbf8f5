"""Operations of a variant on forms and roles: a field more, a field that must be filled in, a default, who works in a lane."""

from collections.abc import Iterator
from typing import Any

from workflow_service.bundles.check_conventions import DECIDING
from workflow_service.bundles.overlay_desk import Desk, Words
from workflow_service.bundles.variant_file import Operation

_FORM = ("表单", "form")
_FIELD = ("项目", "field")


def add_field(desk: Desk, given: Operation) -> Words:
    """Puts a field into a form, after another one or at the end."""
    form = _form(desk, given["form"])
    field, fields = given["field"], form["fields"]
    name = str(field.get("name", ""))
    if name in {path for path, _ in _fields(fields)}:
        message = (f"表单“{_title(form)}”已有项目“{name}”", f"the form “{form['id']}” has a field “{name}” already")
        raise desk.refuse(
            "V02", name, message, ("删除此操作，或换一个名称", "drop the operation, or choose another name")
        )
    place = len(fields)
    if "after" in given:
        names = [one.get("name") for one in fields]
        if given["after"] not in names:
            raise desk.unknown(_FIELD, given["after"], [one for one in names if one])
        place = names.index(given["after"]) + 1
    fields.insert(place, dict(field))
    desk.keep_data(f"forms/{given['form']}.json", form)
    label = str(field.get("label", name))
    return (
        f"表单“{_title(form)}”增加项目“{label}”",
        f"form “{_title(form, 'title_en')}”: field “{field.get('label_en', name)}” added",
    )


def require_field(desk: Desk, given: Operation) -> Words:
    """Makes a field one that must be filled in, always or under a condition."""
    form = _form(desk, given["form"])
    field = _field(desk, form, given["field"])
    before, wanted = field.get("required", False), given.get("when", True)
    if before is True or before == wanted or (before and wanted is not True):
        message = (
            f"“{field.get('label', '')}”在上级模型中已是必填，操作会放宽或不改变它",
            f"“{given['field']}” is required by the parent already; the operation would loosen it or change nothing",
        )
        raise desk.refuse("V03", given["field"], message, ("删除此操作", "drop the operation"))
    field["required"] = wanted
    desk.keep_data(f"forms/{given['form']}.json", form)
    when = ("", "") if wanted is True else (f"（{wanted}）", f" ({wanted})")
    return (
        f"表单“{_title(form)}”的“{field.get('label', given['field'])}”改为必填{when[0]}",
        f"form “{_title(form, 'title_en')}”: “{field.get('label_en', given['field'])}” must be filled in{when[1]}",
    )


def set_default(desk: Desk, given: Operation) -> Words:
    """Gives a field the value that it begins with; what must be filled in is left to people."""
    form = _form(desk, given["form"])
    field = _field(desk, form, given["field"])
    if field.get("required"):
        message = (
            f"“{field.get('label', given['field'])}”须由办理人自己填写，不能预填",
            f"“{given['field']}” has to be filled in by a person and takes no default",
        )
        raise desk.refuse("V03", given["field"], message, ("删除此操作", "drop the operation"))
    if field.get("access", "write") != "write":
        message = (
            f"“{field.get('label', given['field'])}”由前面的环节得出，办理人不能改，县区也不能另行填写",
            f"“{given['field']}” follows from earlier steps; who works here cannot change it, and a county states nothing else",
        )
        raise desk.refuse("V03", given["field"], message, ("删除此操作", "drop the operation"))
    field["default"] = given["value"]
    desk.keep_data(f"forms/{given['form']}.json", form)
    return (
        f"表单“{_title(form)}”的“{field.get('label', given['field'])}”预填 {given['value']}",
        f"form “{_title(form, 'title_en')}”: “{field.get('label_en', given['field'])}” begins with {given['value']}",
    )


def set_role(desk: Desk, given: Operation) -> Words:
    """Lets another role work in a lane; who decides, signs and evaluates stays as the city has it."""
    data = desk.data("roles.json", ("文件", "file"), ())
    lanes, roles = data.get("lanes", {}), data.get("roles", {})
    lane, role = given["lane"], given["role"]
    if lane not in lanes:
        raise desk.unknown(("泳道", "lane"), lane, lanes)
    if role not in roles:
        raise desk.unknown(("角色", "role"), role, roles)
    before = lanes[lane]
    if before is None or before in DECIDING or role in DECIDING:
        message = (
            f"“{lane}”由谁办理不能由县区改变：由谁决定、评判和签发是规定明确的（第14、15条）",
            f"who works in “{lane}” is not a county's to change: the regulation names who decides, evaluates and signs (arts. 14, 15)",
        )
        raise desk.refuse("V04", lane, message, ("删除此操作", "drop the operation"))
    lanes[lane] = role
    desk.keep_data("roles.json", data)
    was = roles.get(before, {})
    return (
        f"泳道“{lane}”由“{was.get('name', before)}”改为“{roles[role].get('name', role)}”办理",
        f"lane “{lane}”: {roles[role].get('name_en', role)} instead of {was.get('name_en', before)}",
    )


def _form(desk: Desk, form_id: str) -> dict[str, Any]:
    known = [
        one.removeprefix("forms/").removesuffix(".json")
        for one in desk.files
        if one.startswith("forms/") and one.count("/") == 1
    ]
    data = desk.data(f"forms/{form_id}.json", _FORM, known)
    if not isinstance(data, dict) or not isinstance(data.get("fields"), list):
        raise desk.unknown(_FORM, form_id, known)
    return data


def _fields(fields: list[Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Path → field; what stands in rows or a group as ``subjects.name``."""
    for one in fields:
        if isinstance(one, dict) and one.get("name"):
            path = f"{prefix}{one['name']}"
            yield path, one
            if isinstance(one.get("fields"), list):
                yield from _fields(one["fields"], f"{path}.")


def _field(desk: Desk, form: dict[str, Any], path: str) -> dict[str, Any]:
    known = dict(_fields(form["fields"]))
    if path not in known:
        raise desk.unknown(_FIELD, path, known)
    return known[path]


def _title(form: dict[str, Any], key: str = "title") -> str:
    return str(form.get(key) or form.get("id") or "")
