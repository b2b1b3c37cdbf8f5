"""What a county's variant file says: whose it is, what it builds on, and its operations in order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from workflow_service.bundles.rules import Place, fault
from workflow_service.errors import BadBundle, Finding

NAME = "variant.json"
"""The file of a bundle that makes it a variant."""

Operation = Mapping[str, Any]

#: operation → what it must say, what it may say besides: name → type
OPERATIONS: Mapping[str, tuple[Mapping[str, type], Mapping[str, type]]] = {
    "set_limit": ({"process": str, "element": str, "days": int}, {"urgent_days": int, "also": list}),
    "add_task": ({"process": str, "task": dict, "form": dict}, {"after": str, "on": str}),
    "add_field": ({"form": str, "field": dict}, {"after": str}),
    "require_field": ({"form": str, "field": str}, {"when": str}),
    "set_default": ({"form": str, "field": str, "value": str}, {}),
    "set_role": ({"lane": str, "role": str}, {}),
    # never carried out: a variant that asks for it is told which article stands against it
    "remove": ({"process": str}, {"element": str}),
}
_ALWAYS: Mapping[str, type] = {"do": str, "reason": str, "reason_en": str}
_TOP: Mapping[str, type] = {
    "id": str, "place": str, "title": str, "title_en": str, "parent": str, "base": str, "operations": list, "changes": list,
}  # fmt: skip
MOST_OPERATIONS = 200


@dataclass(frozen=True)
class Variant:
    """A county's own rules as operations on another place's model.

    Args:
        id, place, title, title_en: its name. parent: the place whose model it builds on.
        operations: in the order in which they are carried out.
        base: hash of the parent's version it was last carried out on; empty in a file that nobody has applied yet.
        changes: what came of the operations, in words; written by the service.
    """

    id: str
    place: str
    title: str
    title_en: str
    parent: str
    operations: tuple[Operation, ...] = ()
    base: str = ""
    changes: tuple[Mapping[str, str], ...] = ()


def faults(raw: Any) -> Iterator[Finding]:
    """Everything that is wrong with the shape of a variant file's content."""
    if not isinstance(raw, dict):
        yield _fault("", "变体文件应为 JSON 对象", "a variant file is a JSON object")
        return
    for key in ("id", "place", "title", "title_en", "parent"):
        if not isinstance(raw.get(key), str) or not raw[key].strip():
            yield _fault(key, f"缺少“{key}”", f"“{key}” is missing")
    for key, value in raw.items():
        if key not in _TOP:
            yield _fault(key, f"没有“{key[:40]}”这项设置", f"there is no setting “{key[:40]}”")
        elif not isinstance(value, _TOP[key]):
            yield _fault(key, f"“{key}”的类型不对", f"“{key}” has the wrong type")
    yield from _operations(raw.get("operations", []))


def _operations(operations: Any) -> Iterator[Finding]:
    listed = operations if isinstance(operations, list) else []
    if len(listed) > MOST_OPERATIONS:
        yield _fault("operations", f"操作超过 {MOST_OPERATIONS} 项", f"more than {MOST_OPERATIONS} operations")
    for number, one in enumerate(listed[:MOST_OPERATIONS], start=1):
        yield from _operation(number, one)


def _operation(number: int, one: Any) -> Iterator[Finding]:
    where = (f"第 {number} 项操作", f"operation {number}")
    do = one.get("do") if isinstance(one, dict) else None
    if not isinstance(do, str) or do not in OPERATIONS:
        known = "、".join(name for name in OPERATIONS if name != "remove")
        yield _fault(
            "operations", f"{where[0]}的 do 不是已知操作：{known}", f"{where[1]}: do is no known operation: {known}"
        )
        return
    needed, possible = OPERATIONS[do]
    for key in needed.keys() - one.keys():
        yield _fault(do, f"{where[0]}（{do}）缺少“{key}”", f"{where[1]} ({do}) lacks “{key}”")
    kinds = {**_ALWAYS, **needed, **possible}
    for key, value in one.items():
        if key not in kinds:
            yield _fault(
                do, f"{where[0]}（{do}）没有“{key[:40]}”这项设置", f"{where[1]} ({do}) has no setting “{key[:40]}”"
            )
        elif not isinstance(value, kinds[key]) or isinstance(value, bool):
            yield _fault(do, f"{where[0]}（{do}）的“{key}”类型不对", f"{where[1]} ({do}): “{key}” has the wrong type")


def _fault(element: str, message: str, message_en: str) -> Finding:
    fix = (
        "按 README“增加县区变体”的格式书写",
        "write it as the recipe “Add a county variant” in the README says",
    )
    return fault("V01", Place(NAME, element[:80], 1), (message, message_en), fix)


def read(content: bytes) -> tuple[Variant | None, list[Finding]]:
    """A variant file's content, or what is wrong with it."""
    try:
        raw = orjson.loads(content)
    except ValueError:
        return None, [_fault("", "变体文件不是格式正确的 JSON", "the variant file is not well-formed JSON")]
    found = sorted(faults(raw), key=lambda one: (one.element, one.message))
    if found:
        return None, found
    return (
        Variant(
            raw["id"], raw["place"], raw["title"], raw["title_en"], raw["parent"],
            tuple(raw.get("operations", ())), raw.get("base", ""), tuple(raw.get("changes", ())),
        ),
        [],
    )  # fmt: skip


def require(content: bytes) -> Variant:
    """A variant file's content; raises BadBundle with everything that is wrong with it."""
    named, found = read(content)
    if named is None:
        raise BadBundle(found)
    return named


def write(variant: Variant) -> bytes:
    """The file of a variant, for people to read and edit."""
    told = {
        "id": variant.id, "place": variant.place, "title": variant.title, "title_en": variant.title_en,
        "parent": variant.parent, "base": variant.base, "operations": list(variant.operations),
        "changes": list(variant.changes),
    }  # fmt: skip
    return orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n"
