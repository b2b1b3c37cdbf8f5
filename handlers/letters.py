"""Turns a letter's template and structured fields into the parts of an official document, before any layout.

A template (``forms/letters/<id>.json``) has ``id``, ``name``, ``name_en``, ``layout`` (official, letter, minutes), ``title``,
``fields`` (name to label), ``mandatory``, ``body`` (blocks), and as needed ``mark``, ``to``, ``copies``, ``words`` (field to
code to words), ``people`` (fields that hold account names), ``records`` (the forms of which it is the paper, see ``records.py``). Text comes from fields alone; a mandatory field without a
value refuses the letter, a block that names an optional field without a value is left out.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from workflow_service.handler_api import SHANGHAI, PermanentFailure

_PLACEHOLDER = re.compile(r"\{([a-z][a-z_]*(?:\.[a-z][a-z_]*)?)\}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T[0-9:.]+(Z|[+-]\d{2}:?\d{2})?")

_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五")
_TWICE = re.compile(r"([。；！？…])。$")  # where the one who filled in ended the sentence already
_ENDINGS = ("", *"。；：！？…”）》")

Kind = Literal["text", "heading", "subheading", "item"]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of the body and what it is."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Table:
    """A table of the body: heads, relative widths, rows of text."""

    heads: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Written:
    """What a letter says: title, recipients, body, attachments, copies."""

    layout: str
    mark: str
    title: str
    to: tuple[str, ...]
    body: tuple[Paragraph | Table, ...]
    attachments: tuple[str, ...]
    copies: tuple[str, ...]


def write(
    template: Mapping[str, Any], given: Mapping[str, Any], to: Sequence[str], attachments: Sequence[str] = ()
) -> Written:
    """The letter of a template with these fields.

    Args:
        template: as in the module's description. given: field to value, accounts already replaced by names.
        to: the recipients; the template's own when empty.

    Raises:
        PermanentFailure: a mandatory field has no value (each is named), or the template is malformed.
    """
    missing = [name for name in template.get("mandatory", ()) if is_empty(given.get(name))]
    if missing:
        labels = "、".join(f"“{_label(template, name)}”（{name}）" for name in missing)
        raise PermanentFailure(f"不能生成《{template.get('name')}》：缺少{labels}")
    fill = _filler(template)
    return Written(
        layout=str(template["layout"]),
        mark=fill(str(template.get("mark", "")), given) or "",
        title=_title(template, given, fill),
        to=tuple(to) or tuple(template.get("to", ())),
        body=tuple(_numbered(list(_body(template, given, fill)))),
        attachments=tuple(attachments),
        copies=tuple(template.get("copies", ())),
    )


def preview(letter: Written) -> list[str]:
    """The letter as plain lines, as a person would read it aloud."""
    lines = [letter.title, *([f"{'、'.join(letter.to)}："] if letter.to else [])]
    for part in letter.body:
        if isinstance(part, Paragraph):
            lines.append(part.text)
        else:
            lines += ["｜".join(row) for row in (part.heads, *part.rows)]
    return lines + [f"附件：{name}" for name in letter.attachments]


def named(
    template: Mapping[str, Any], given: Mapping[str, Any], names: Callable[[Sequence[str]], Mapping[str, str]]
) -> dict[str, Any]:
    """The fields with account names replaced by the names shown to people, where the template says they are accounts."""
    paths = [str(path) for path in template.get("people", ())]
    accounts = [one for path in paths for one in _at(given, path)]
    shown = names(list(dict.fromkeys(accounts))) if accounts else {}
    return {name: _renamed(value, name, paths, shown) for name, value in given.items()}


def is_empty(value: Any) -> bool:
    """Whether a field counts as not filled in; false and 0 are values."""
    return (
        value is None
        or (isinstance(value, (str, list, dict)) and not value)
        or (isinstance(value, str) and not value.strip())
    )


def spoken(value: Any) -> str:
    """A value as it stands in a Chinese official text."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(spoken(one) for one in value)
    if isinstance(value, dict):
        return spoken(value.get("text") or value.get("name") or value.get("user") or next(iter(value.values()), ""))
    text = str(value)
    with suppress(ValueError, OverflowError):  # what only looks like a date, such as 2026-02-30, stands as it was typed
        if _DATE.fullmatch(text):
            return chinese_date(date.fromisoformat(text))
        if _MOMENT.fullmatch(text):
            return _chinese_moment(text)
    return text.strip()


def chinese_date(day: date) -> str:
    """A date in Arabic numerals without leading zeros, as GB/T 9704 wants it."""
    return f"{day.year}年{day.month}月{day.day}日"


def _chinese_moment(text: str) -> str:
    at = datetime.fromisoformat(text)
    at = at.astimezone(SHANGHAI) if at.tzinfo else at
    if (at.hour, at.minute) in ((0, 0), (23, 59)):
        return chinese_date(at.date())
    return f"{chinese_date(at.date())}{at.hour}时{at.minute}分"


Fill = Callable[[str, Mapping[str, Any]], "str | None"]


def _filler(template: Mapping[str, Any]) -> Fill:
    """Fills the placeholders of a text; gives None when one of them has no value."""
    words: Mapping[str, Mapping[str, str]] = template.get("words", {})

    def said(name: str, value: Any) -> str:
        if isinstance(value, list):
            return "、".join(said(name, one) for one in value)
        code = str(value).lower() if isinstance(value, bool) else str(value)
        return words.get(name, {}).get(code) or spoken(value)

    def fill(text: str, values: Mapping[str, Any]) -> str | None:
        found = {name: _value(values, name) for name in _PLACEHOLDER.findall(text)}
        if any(is_empty(value) for value in found.values()):
            return None
        return _PLACEHOLDER.sub(lambda match: said(match[1], found[match[1]]), text)

    return fill


def _value(values: Mapping[str, Any], name: str) -> Any:
    outer, _dot, inner = name.partition(".")
    value = values.get(outer)
    return value.get(inner) if inner and isinstance(value, Mapping) else None if inner else value


def _title(template: Mapping[str, Any], given: Mapping[str, Any], fill: Fill) -> str:
    title = template["title"]
    if isinstance(title, Mapping):
        title = title["by"].get(str(given.get(title["field"])), template["name"])
    return fill(str(title), given) or str(template["name"])


def _body(template: Mapping[str, Any], given: Mapping[str, Any], fill: Fill) -> Iterable[Paragraph | Table]:
    for block in template["body"]:
        if not holds(str(block.get("when", "")), given):
            continue
        if "table" in block:
            yield from _table(block, given, fill)
        elif "list" in block:
            yield from _items(block, given, fill)
        else:
            kind: Kind = block.get("kind", "text")
            text = fill(str(block["text"]), given) or ""
            if kind == "text" and str(block["text"]).endswith("}") and text[-1:] not in _ENDINGS:
                text += "。"
            yield from [Paragraph(kind, line.strip()) for line in text.splitlines() if line.strip()]


def _numbered(body: list[Paragraph | Table]) -> Iterable[Paragraph | Table]:
    """Numbers the headings that are there, so that one left out leaves no gap; a single one needs no number."""
    several = sum(isinstance(part, Paragraph) and part.kind == "heading" for part in body) > 1
    count = 0
    for part in body:
        if several and isinstance(part, Paragraph) and part.kind == "heading":
            count += 1
            numeral = _NUMERALS[count - 1] if count <= len(_NUMERALS) else str(count)
            yield Paragraph("heading", f"{numeral}、{part.text}")
        else:
            yield part


def holds(condition: str, given: Mapping[str, Any]) -> bool:
    """Whether a block's condition holds: ``field``, ``!field``, ``field=A,B`` or ``!field=A,B``; always when there is none."""
    if not condition:
        return True
    name, equals, wanted = condition.lstrip("!").partition("=")
    value = given.get(name)
    holds = str(value) in wanted.split(",") if equals else not is_empty(value) and value is not False
    return holds is not condition.startswith("!")


def _items(block: Mapping[str, Any], given: Mapping[str, Any], fill: Fill) -> Iterable[Paragraph]:
    rows = given.get(str(block["list"])) or []
    if isinstance(rows, Mapping):
        rows = rows.get("items") or []
    for number, row in enumerate(rows if isinstance(rows, list) else [rows], 1):
        values = {**given, **row} if isinstance(row, Mapping) else {**given, "item": row}
        texts = [fill(str(part), values) for part in block["item"]]
        text = _TWICE.sub(r"\1", "".join(text for text in texts if text))
        yield Paragraph("item", f"{number}. {text}")


def _table(block: Mapping[str, Any], given: Mapping[str, Any], fill: Fill) -> Iterable[Table]:
    rows = given.get(str(block["table"])) or []
    if not rows:
        return
    columns = block["columns"]
    cells = tuple(tuple(fill("{" + str(one["field"]) + "}", row) or "" for one in columns) for row in rows)
    heads, widths = tuple(str(one["head"]) for one in columns), tuple(int(one.get("width", 1)) for one in columns)
    yield Table(heads, widths, cells)


def _label(template: Mapping[str, Any], name: str) -> str:
    field = template.get("fields", {}).get(name, {})
    return str(field.get("label", name))


def _at(given: Mapping[str, Any], path: str) -> list[str]:
    name, _dot, inner = path.partition(".")
    value = given.get(name)
    rows = value if isinstance(value, list) else [value]
    found = [row.get(inner or "user") if isinstance(row, Mapping) else row for row in rows]
    return [str(one) for one in found if one is not None]


def _renamed(value: Any, name: str, paths: Sequence[str], shown: Mapping[str, str]) -> Any:
    inner = [path.partition(".")[2] for path in paths if path.partition(".")[0] == name]
    if not inner:
        return value
    if isinstance(value, list):
        return [_renamed(one, name, paths, shown) for one in value]
    if isinstance(value, Mapping):
        return {key: shown.get(str(one), one) if key in (*inner, "user") else one for key, one in value.items()}
    return shown.get(str(value), value)
