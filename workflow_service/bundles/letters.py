"""Checks the templates of official letters: shape, fields, placeholders; ``handlers/letters.py`` says what they mean."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow_service.errors import Finding

#: code → title in Chinese and English
RULES: Mapping[str, tuple[str, str]] = {
    "W01": ("文书模板的结构正确", "A letter template has the right shape"),
    "W02": ("文书中的占位项都已声明", "Every placeholder of a letter is a declared field"),
    "W03": ("文书正文的段落书写正确", "The blocks of a letter's body are well-formed"),
    "W04": ("文书的项目有中英文名称", "The fields of a letter have labels in both languages"),
}

LAYOUTS = ("official", "letter", "minutes")
_KEYS = frozenset(
    (
        "id",
        "name",
        "name_en",
        "layout",
        "title",
        "mark",
        "to",
        "copies",
        "words",
        "people",
        "records",
        "fields",
        "mandatory",
        "body",
    )
)
_BLOCK_KEYS = frozenset(("text", "kind", "when", "list", "item", "table", "columns"))
_KINDS = ("text", "heading", "subheading")
_ALWAYS = frozenset(("matter", "issuer", "case_number"))  # what every letter knows without being told
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)?")


@dataclass(frozen=True)
class _Fault:
    """A fault before it has its file and line: rule, the word to look for, message and fix in both languages."""

    rule: str
    element: str
    message: tuple[str, str]
    fix: tuple[str, str]


def faults(file: str, template: Any, content: bytes) -> list[Finding]:
    """Every fault of a letter template.

    Args:
        file: its name within the bundle, ``forms/letters/<id>.json``. template: the JSON in it. content: its bytes.
    """
    lines = content.decode("utf-8", "replace").splitlines()
    return [
        Finding(one.rule, "error", file, one.element, _line(lines, one.element), *one.message, *one.fix)
        for one in _faults(file, template)
    ]


def _line(lines: Sequence[str], element: str) -> int:
    return next((number for number, line in enumerate(lines, 1) if element and element in line), 1)


def _faults(file: str, template: Any) -> Iterator[_Fault]:
    if not isinstance(template, dict):
        yield _shape("", "文书模板应为一个 JSON 对象", "a letter template is a JSON object")
        return
    yield from _head(file, template)
    yield from _lists(template)
    fields, body = template.get("fields"), template.get("body")
    if not isinstance(fields, dict) or not isinstance(body, list) or not body:
        yield _shape("fields", "文书模板须有 fields 和 body", "a letter template has fields and a body")
        return
    known = frozenset(fields) | _ALWAYS
    yield from _labels(fields)
    yield from _records(template, known)
    yield from _references(template, known)
    for number, block in enumerate(body, 1):
        yield from _block(number, block, known)


def _head(file: str, template: Mapping[str, Any]) -> Iterator[_Fault]:
    for key in sorted(set(template) - _KEYS):
        yield _shape(key, f"没有“{key}”这一项", f"there is no entry “{key}”")
    if f"forms/letters/{template.get('id')}.json" != file:
        yield _shape("id", "编号应与文件名一致", "the id is the file's name")
    if template.get("layout") not in LAYOUTS:
        yield _shape(
            "layout", f"layout（版式）应为{_listed(LAYOUTS)}之一", f"the layout is one of {', '.join(LAYOUTS)}"
        )
    for key in ("name", "name_en"):
        if not _is_text(template.get(key)):
            yield _shape(key, f"缺少 {key}", f"{key} is missing")
    if not _is_title(template.get("title")):
        yield _shape("title", "标题应为文字，或按某一项取值给出", "the title is text, or given by the value of a field")


def _lists(template: Mapping[str, Any]) -> Iterator[_Fault]:
    for key in ("mandatory", "people", "to", "copies"):
        listed = template.get(key, [])
        if not isinstance(listed, list) or not all(_is_text(one) for one in listed):
            yield _shape(key, f"{key} 应为一组文字，写在方括号里", f"{key} is a list of texts")


def _records(template: Mapping[str, Any], known: frozenset[str]) -> Iterator[_Fault]:
    """Of which elements and messages the letter is the paper, each with a condition."""
    records = template.get("records", {})
    if not isinstance(records, dict) or not all(isinstance(one, str) for one in records.values()):
        yield _shape("records", "records 应为环节或消息到条件的对照", "records maps elements or messages to conditions")
        return
    named = [condition.lstrip("!").partition("=")[0] for condition in records.values() if condition]
    yield from (_unknown(name) for name in named if name not in known)


def _is_title(title: Any) -> bool:
    by = title.get("by") if isinstance(title, dict) else None
    return _is_text(title) or (isinstance(by, dict) and bool(by) and all(_is_text(one) for one in by.values()))


def _labels(fields: Mapping[str, Any]) -> Iterator[_Fault]:
    for name, about in fields.items():
        given = about if isinstance(about, dict) else {}
        if not _is_text(given.get("label")) or not _is_text(given.get("label_en")):
            message = (f"“{name}”没有中文或英文名称", f"“{name}” lacks its label or label_en")
            yield _Fault("W04", name, message, ("填写 label 和 label_en", "fill in label and label_en"))


def _references(template: Mapping[str, Any], known: frozenset[str]) -> Iterator[_Fault]:
    """Names outside the body: mandatory fields, people, the title's field and placeholders."""
    named = [*_texts(template.get("mandatory")), *(one.partition(".")[0] for one in _texts(template.get("people")))]
    title = template.get("title")
    texts = [title, template.get("mark")]
    if isinstance(title, dict):
        named.append(str(title.get("field")))
        by = title.get("by")
        texts = [*(by.values() if isinstance(by, dict) else ()), template.get("mark")]
    yield from (_unknown(name) for name in named if name not in known)
    for text in texts:
        yield from _placeholders(text, known)


def _block(number: int, block: Any, known: frozenset[str]) -> Iterator[_Fault]:
    kinds = [key for key in ("text", "list", "table") if isinstance(block, dict) and key in block]
    if len(kinds) != 1:
        yield _malformed(number, "每一段是 text、list、table 之一", "a block is one of text, list, table")
        return
    if block.get("kind", "text") not in _KINDS:
        kinds_told = f"kind 应为{_listed(_KINDS)}之一", f"kind is one of {', '.join(_KINDS)}"
        yield _malformed(number, *kinds_told)
        return
    strange = "、".join(sorted(set(block) - _BLOCK_KEYS))
    if strange:
        yield _malformed(number, f"没有“{strange}”这一项", f"there is no entry “{strange}”")
        return
    condition = str(block.get("when", "")).lstrip("!").partition("=")[0]
    yield from [_unknown(condition)] if condition and condition not in known else []
    if kinds == ["text"]:
        yield from _placeholders(block["text"], known)
        return
    name = str(block[kinds[0]])
    yield from [] if name in known else [_unknown(name)]
    if kinds == ["list"] and not _texts(block.get("item")):
        yield _malformed(number, "list 须有 item", "a list has item, a list of texts")
    if kinds == ["table"] and not _are_columns(block.get("columns")):
        yield _malformed(number, "table 须有 columns，每列有 head 和 field", "a table has columns with head and field")


def _placeholders(text: Any, known: frozenset[str]) -> Iterator[_Fault]:
    if not isinstance(text, str):
        return
    for name in _PLACEHOLDER.findall(text):
        if not _NAME.fullmatch(name) or name.partition(".")[0] not in known:
            yield _unknown(name)
    rest = _PLACEHOLDER.sub("", text)
    if any(brace in rest for brace in "｛｝"):
        message = (
            f"“{text[:40]}”中的大括号是全角的，会原样印在公文上",
            f"the braces in “{text[:40]}” are full-width ones and would be printed as they are",
        )
        yield _Fault("W02", "body", message, ("改用英文（半角）的 { 和 }", "write the ASCII braces { and }"))
    elif "{" in rest or "}" in rest:
        message = (
            f"“{text[:40]}”中的大括号不成对，会原样印在公文上",
            f"a brace in “{text[:40]}” has no partner and would be printed as it is",
        )
        yield _Fault("W02", "body", message, ("写成 {项目名}", "write {name of the field}"))


def _are_columns(columns: Any) -> bool:
    if not isinstance(columns, list) or not columns:
        return False
    return all(isinstance(one, dict) and _is_text(one.get("head")) and _is_text(one.get("field")) for one in columns)


def _listed(words: Sequence[str]) -> str:
    """Words of the files within a Chinese sentence."""
    return f" {'、'.join(words)} "


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _texts(values: Any) -> list[str]:
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []


def _shape(element: str, message: str, message_en: str) -> _Fault:
    return _Fault(
        "W01", element, (message, message_en), ("按已有的文书模板书写", "write it as the shipped templates are")
    )


def _malformed(number: int, message: str, message_en: str) -> _Fault:
    words = (f"正文第 {number} 段：{message}", f"block {number} of the body: {message_en}")
    return _Fault("W03", "body", words, ("改正这一段", "mend this block"))


def _unknown(name: str) -> _Fault:
    message = (f"“{name}”不在 fields 中", f"“{name}” is not among the fields")
    return _Fault(
        "W02", name, message, ("在 fields 中声明，或改用已有的项目", "declare it in fields, or use one that is there")
    )
