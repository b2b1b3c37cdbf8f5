"""Reads one setting of a form's file at a time: what is missing or does not fit becomes a finding, never an exception."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from workflow_service import errors, feel
from workflow_service.bundles.form_model import Bounds, Expression, Option

_VALUE = re.compile(r"(?<![\w.\"])([a-z][a-z0-9_]*)(?![\w\"])(?!\s*\()")
_OPTION_KEYS = frozenset({"value", "label", "label_en", "group", "group_en", "aliases"})


@dataclass
class Desk:
    """What the reader has in hand: the file, its text, the findings so far."""

    file: str
    text: str
    findings: list[errors.Finding] = field(default_factory=list)
    count: int = 0

    def find(self, rule: str, element: str, message: str, message_en: str, fix: tuple[str, str] = ("", "")) -> None:
        """Notes a fault."""
        at = self.text.find(f'"{element}"') if element else -1
        line = self.text.count("\n", 0, at) + 1 if at >= 0 else 0
        self.findings.append(
            errors.Finding(rule, "error", self.file, element[:80], line, message, message_en, fix[0], fix[1])
        )


def known_keys(desk: Desk, element: str, raw: Mapping[str, Any], known: frozenset[str]) -> None:
    """Notes every setting that nobody knows."""
    for key in raw:
        if key not in known:
            desk.find(
                "F02",
                element or key,
                f"没有“{key[:40]}”这项设置",
                f"There is no setting “{key[:40]}”",
                ("请删除，或检查拼写", "Remove it, or check the spelling"),
            )


def text(raw: Mapping[str, Any], key: str) -> str:
    """A text setting; empty when it is absent or something else."""
    value = raw.get(key, "")
    return value if isinstance(value, str) else ""


def names(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """A list of texts; what is no text is left out."""
    value = raw.get(key, [])
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def words(desk: Desk, raw: Mapping[str, Any], key: str, element: str) -> str:
    """A text that people read, and that must not be missing."""
    found = text(raw, key).strip()
    if not found:
        desk.find("F08", element, f"缺少“{key}”文字", f"The text “{key}” is missing")
    return found


def is_object(desk: Desk, raw: Any) -> bool:
    """Whether an entry of a list is an object; notes a fault otherwise."""
    if isinstance(raw, dict):
        return True
    desk.find("F01", "", "列表中的每一项都应为 JSON 对象", "Every entry of the list is a JSON object")
    return False


def options(desk: Desk, name: str, raw: Any) -> tuple[Option, ...]:
    """The options of a choice."""
    if not isinstance(raw, list):
        desk.find("F06", name, "options 应为列表", "options is a list")
        return ()
    found = []
    for one in raw:
        if not is_object(desk, one):
            continue
        known_keys(desk, name, one, _OPTION_KEYS)
        value = one.get("value")
        if not isinstance(value, str) or not value:
            desk.find("F06", name, "选项的 value 应为非空文字", "An option's value is a text")
            continue
        aliases = names(one, "aliases")
        label = text(one, "label") or value
        found.append(Option(value, label, text(one, "label_en"), text(one, "group"), text(one, "group_en"), aliases))
    values = [one.value for one in found]
    if len(set(values)) != len(values):
        desk.find("F06", name, "选项的 value 重复", "Two options have the same value")
    return tuple(found)


def expression(desk: Desk, name: str, raw: Mapping[str, Any], key: str) -> Expression | None:
    """A compiled expression; None when there is none, or when it does not compile."""
    text = raw.get(key)
    if text is None:
        return None
    if not isinstance(text, str) or not text.strip():
        desk.find("F05", name, f"{key} 应为 FEEL 表达式", f"{key} is a FEEL expression")
        return None
    try:
        compiled = feel.compile(text)
    except feel.FeelError as fault:
        desk.find(
            "F05",
            name,
            f"{key} 的表达式有误：{fault.message_zh}",
            f"The expression of {key} is wrong: {fault.message_en}",
        )
        return None
    free = {str(one).split(".", 1)[0].strip() for one in compiled.free_names}
    return Expression(text, compiled, frozenset(free | _shadowing(text)))


def _shadowing(text: str) -> set[str]:
    """Words that stand for a value and are also a built-in function's name (``mode``): a field of that name wins."""
    return {word for word in _VALUE.findall(text) if _is_function(word)}


@lru_cache(maxsize=2048)
def _is_function(word: str) -> bool:
    try:
        return feel.kind(feel.compile(word).evaluate({})) == "function"
    except feel.FeelError:
        return False


def bounds(desk: Desk, name: str, raw: Mapping[str, Any]) -> Bounds:
    """How much a field takes."""
    return Bounds(
        least=_number(desk, name, raw, "min"),
        most=_number(desk, name, raw, "max"),
        shortest=whole(desk, name, raw, "min_length", 0) or 0,
        longest=whole(desk, name, raw, "max_length", None),
        fewest=whole(desk, name, raw, "min_rows", 0) or 0,
        most_rows=whole(desk, name, raw, "max_rows", None),
    )


def _number(desk: Desk, name: str, raw: Mapping[str, Any], key: str) -> Decimal | None:
    value = raw.get(key)
    if value is None:
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if isinstance(value, bool) or not found.is_finite():
        desk.find("F07", name, f"{key} 应为数字", f"{key} is a number")
        return None
    return found


def whole(desk: Desk, name: str, raw: Mapping[str, Any], key: str, absent: Any) -> Any:
    """A whole number up to 100,000."""
    value = raw.get(key, absent)
    if value is absent or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100_000):
        return value
    desk.find("F07", name, f"{key} 应为 0 至 100000 的整数", f"{key} is a whole number from 0 to 100000")
    return absent


def one_of(desk: Desk, name: str, raw: Mapping[str, Any], key: str, allowed: Sequence[str]) -> str:
    """A setting with few allowed values; the first is the default."""
    value = raw.get(key, allowed[0])
    if value in allowed:
        return str(value)
    desk.find(
        "F07",
        name,
        f"{key} 不能为“{str(value)[:40]}”",
        f"{key} cannot be “{str(value)[:40]}”",
        ("可用：" + "、".join(filter(None, allowed)), "Use one of: " + ", ".join(filter(None, allowed))),
    )
    return allowed[0]
