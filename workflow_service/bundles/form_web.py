"""Turns what a browser posts, flat names with texts, into answers as a program would send them, and drafts of programs back."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from workflow_service.bundles.form_model import Field, Form, carrying
from workflow_service.chinese_time import SHANGHAI

_MOST_ROWS = 500
_INTEGER = re.compile(r"-?[0-9]{1,16}")
_YES_NO = {"true": True, "false": False}
#: where a list of people may also be typed, one name a line
TYPED = "+"


class Posted(Protocol):
    """Posted fields: werkzeug's MultiDict is one."""

    def keys(self) -> Iterable[str]: ...

    def getlist(self, key: str) -> list[Any]: ...


@dataclass(frozen=True)
class _Desk:
    """What was posted: the texts, and the ids of files kept meanwhile, by field path."""

    posted: Posted
    files: Mapping[str, Sequence[str]]
    names: tuple[str, ...]

    def all(self, path: str) -> list[str]:
        """Every text posted under a path, empty ones left out."""
        return [str(one) for one in self.posted.getlist(path) if str(one).strip()]

    def first(self, path: str) -> str | None:
        """The first text posted under a path; None when there is none."""
        return next(iter(self.all(path)), None)

    def rows(self, path: str) -> list[int]:
        """The numbers of the rows that were posted under a path, in order."""
        pattern = re.compile(re.escape(path) + r"\.([0-9]{1,4})\.")
        found = {int(match[1]) for name in (*self.names, *self.files) if (match := pattern.match(name))}
        return sorted(found)[:_MOST_ROWS]


def from_web(form: Form, posted: Posted, files: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The answers that a posted page holds; what cannot be read stays as typed, for ``check`` to name it.

    Args:
        posted: names such as ``subjects.0.name``. files: path → ids of files that were posted with the page and are kept.
    """
    desk = _Desk(posted, files, tuple(posted.keys()))
    return _object(desk, "", form.fields)


def _object(desk: _Desk, path: str, fields: tuple[Field, ...]) -> dict[str, Any]:
    return {one.name: _value(desk, path + one.name, one) for one in carrying(fields) if one.access == "write"}


def _value(desk: _Desk, path: str, one: Field) -> Any:
    if one.type == "group":
        return _object(desk, f"{path}.", one.fields)
    if one.type == "rows":
        return _rows(desk, path, one)
    if one.type in ("choices", "people", "texts", "files"):
        return _list(desk, path, one)
    if one.type == "file":
        return next(iter(desk.files.get(path, ())), None) or desk.first(path)
    if one.type == "boolean":
        return _boolean(desk, path, one)
    return _scalar(desk.first(path), one.type)


def _scalar(text: str | None, kind: str) -> Any:
    if text is None or kind not in ("integer", "decimal", "date", "datetime"):
        return text
    # full-width digits come from Chinese keyboards; thousands separators from spreadsheets
    narrow = unicodedata.normalize("NFKC", text).strip()
    if kind in ("integer", "decimal"):
        narrow = narrow.replace(",", "")
    return int(narrow) if kind == "integer" and _INTEGER.fullmatch(narrow) else narrow


def _boolean(desk: _Desk, path: str, one: Field) -> bool | str | None:
    text = desk.first(path)
    if text is None:
        # a radio that nobody chose is an open question, a checkbox that nobody ticked is a no
        return None if one.asked else False
    return _YES_NO.get(text, text)


def _list(desk: _Desk, path: str, one: Field) -> list[str]:
    if one.type == "texts":
        return [line.strip() for text in desk.all(path) for line in text.splitlines() if line.strip()]
    if one.type == "files":
        return [*desk.all(path), *desk.files.get(path, ())]
    typed = [
        line.strip() for text in desk.all(f"{path}.{TYPED}") for line in re.split(r"[\n,，、;；]", text) if line.strip()
    ]
    return list(dict.fromkeys([*desk.all(path), *typed]))


def _rows(desk: _Desk, path: str, one: Field) -> list[dict[str, Any]]:
    found = []
    for number in desk.rows(path):
        here = f"{path}.{number}."
        row = _object(desk, here, one.fields)
        if not _filled(one, row):
            continue
        if one.row_id and (known := desk.first(f"{here}id")):
            row["id"] = known
        found.append(row)
    return found


def _filled(one: Field, value: Any) -> bool:
    """Whether a person put something into a field; an unticked box is nothing, a “no” to a question is an answer."""
    if isinstance(value, dict):
        return any(_filled(inner, value.get(inner.name)) for inner in carrying(one.fields))
    if value is False:
        return one.asked and one.default is None
    return value is not None and value not in ("", [])


_TRISTATE = {True: "yes", False: "no"}
_BARE = {"texts": "text"}


def to_web(form: Form, draft: Mapping[str, Any]) -> dict[str, Any]:
    """A draft as a page shows it: programs spell values otherwise than pages do, and keep drafts that fit no field."""
    return _fitting(form.fields, draft)


def _fitting(fields: tuple[Field, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    found = {one.name: _fit(one, given.get(one.name)) for one in carrying(fields)}
    return {name: value for name, value in found.items() if value is not None}


def _fit(one: Field, value: Any) -> Any:
    if one.type == "group":
        return _fitting(one.fields, value) if isinstance(value, dict) else None
    if one.type == "rows":
        return [_fitting_row(one, entry) for entry in value] if isinstance(value, list) else None
    if one.type in ("choices", "people", "texts", "files"):
        entries = [_single(one, entry) for entry in (value if isinstance(value, list) else [value])]
        return [entry for entry in entries if entry is not None]
    return _single(one, value)


def _fitting_row(one: Field, entry: Any) -> dict[str, Any]:
    if one.bare and not isinstance(entry, dict):
        entry = {one.bare: entry}
    if not isinstance(entry, dict):
        return {}
    known = {"id": entry["id"]} if one.row_id and isinstance(entry.get("id"), str) else {}
    return {**_fitting(one.fields, entry), **known}


def _single(one: Field, value: Any) -> Any:
    """One value in the spelling of a page; None for what no field of its type can show."""
    if isinstance(value, dict):
        key = "id" if one.type in ("file", "files") else _BARE.get(one.type, "")
        value = value.get(key)
    if isinstance(value, bool):
        return value if one.type == "boolean" else _TRISTATE[value] if one.type == "tristate" else None
    if not isinstance(value, str | int | float):
        return None
    if one.type in ("choice", "choices"):
        return one.spellings.get(str(value), str(value))
    return _on_the_wall(value) if one.type == "datetime" else value


def _on_the_wall(value: Any) -> Any:
    """A time as it is in Shanghai: a page has no place for an offset."""
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(str(value))
        return at.astimezone(SHANGHAI).isoformat(timespec="seconds") if at.tzinfo else value
    return value
