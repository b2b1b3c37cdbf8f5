"""What people filled in and what a case knows, as pages show it: in the words of the forms, people by their names."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from workflow_service.bundles import forms, programs
from workflow_service.cases import files
from workflow_service.identity.actors import Actor
from workflow_service.storage import tables
from workflow_service.web import data_names, i18n

Described = Mapping[str, Any]

FORM_OF: Mapping[str, str] = {
    "consents": "ask_subject_consent",
    "evidence": "record_evidence",
    "opinions": "evaluate",
    "opened": "evaluate",
    "resolution": "record_meeting",
    "resumption": "resumption_request",
}
"""Data that holds the answers to a form, or a list of them, under another name than the form's."""

WITHIN: Mapping[str, str] = {"opened": "opinions"}
"""Data of which one part is what people filled in."""

BRIEFLY: Mapping[str, tuple[str, ...]] = {
    "assessment": ("advice", "reasons"),
    "object": ("name", "org"),
    "subject": ("name", "org"),
}
"""Of what machines found out, the parts that sum up the rest; of a subject, who it is."""


def _completeness(found: Mapping[str, Any]) -> dict[str, Any]:
    return {_("应有材料"): _("%(n)s 项", n=found.get("checked")), _("缺少"): found.get("missing") or _("不缺")}


def _properties(found: Mapping[str, Any]) -> dict[str, Any]:
    """Each property with the number of what was tested, and what fails with its reason."""
    told: dict[str, Any] = {}
    items = found.get("items") or ()
    for name in ("真实", "完整", "可用", "安全"):
        own = [one for one in items if one.get("property") == name]
        failed = [f"{one.get('item')}：{one.get('reason')}" for one in own if not one.get("passed")]
        told[_(name)] = failed or _("%(n)s 项全部通过", n=len(own))
    return told


def _package(made: Mapping[str, Any]) -> dict[str, Any]:
    file, sealed = made.get("file") or {}, made.get("sealed_file")
    told = {_("文件"): f"{file.get('name')}（{i18n.size(file.get('size') or 0)}）", "SHA-256": file.get("sha256")}
    told[_("件数")] = made.get("items")
    return told | ({_("密封包"): sealed.get("name")} if sealed else {})


REPORTS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "completeness": _completeness,
    "properties": _properties,
    "package": _package,
}
"""What the archive's machines report, told for those who accept it."""

OF_THE_FORM = frozenset({"show_all_facts"})
"""Fields that turn parts of a form on and say nothing about the case."""

_ACCOUNT = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True)
class Part:
    """Something shown beside a form: its heading, and fields with the answers to each sheet, or a plain value."""

    title: str
    fields: tuple[Described, ...]
    sheets: tuple[Mapping[str, Any], ...]
    value: Any = None

    @property
    def short(self) -> bool:
        """Whether it is told in a word."""
        return not self.sheets and not isinstance(self.value, (dict, list))


def part(loaded: programs.Loaded, process: str, name: str, form_id: str, value: Any, known: Mapping[str, Any]) -> Part:
    """A part of a run's data under its name; ``form_id`` is the form whose answers it may be."""
    title = _title(loaded, process, name) if name else ""
    if name in WITHIN and isinstance(value, dict):
        name, value = WITHIN[name], value.get(WITHIN[name])
    form = loaded.forms.get(FORM_OF.get(name) or form_id)
    sheets = tuple(one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict))
    if form is None or not sheets:
        return Part(title, (), (), _brief(name, value))
    return Part(title, tuple(answered(form, sheets, known)), sheets)


def _title(loaded: programs.Loaded, process: str, name: str) -> str:
    step = loaded.step(process, name)
    form = loaded.forms.get(name)
    return (i18n.either(step, "name") if step else i18n.either(form, "title") if form else "") or data_names.word(name)


def _brief(name: str, value: Any) -> Any:
    if name in REPORTS and isinstance(value, dict):
        return REPORTS[name](value)
    kept = BRIEFLY.get(name, ())
    return {one: value[one] for one in kept if one in value} if kept and isinstance(value, dict) else value


def answered(
    form: forms.Form, sheets: Iterable[Mapping[str, Any]], known: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """The fields of a form, in its order, to which some of these sheets have an answer."""
    given = list(sheets)
    for one in forms.describe(form, known)["fields"]:
        if one["name"] not in OF_THE_FORM and any(sheet.get(one["name"]) not in (None, "", [], {}) for sheet in given):
            yield one


def accounts(fields: Iterable[Described], answers: Mapping[str, Any]) -> Iterator[str]:
    """The accounts that answers name."""
    return _named(fields, answers, ("person", "people"))


def _named(fields: Iterable[Described], answers: Mapping[str, Any], types: tuple[str, ...]) -> Iterator[str]:
    for one in fields:
        value = answers.get(one["name"])
        if one["type"] in types:
            yield from (name for name in (value if isinstance(value, list) else [value]) if isinstance(name, str))
        elif one["type"] in ("rows", "group"):
            rows = value if isinstance(value, list) else [value]
            yield from (name for row in rows if isinstance(row, dict) for name in _named(one["fields"], row, types))


def call_files(session: Session, actor: Actor, fields: Iterable[Described], answers: Mapping[str, Any]) -> None:
    """Lets the form of this request call the files that a person sent, and has not submitted, by their names."""
    flask.g.files = files.names(session, actor, set(_named(fields, answers, ("file", "files"))))


def people(parts: Iterable[Part]) -> Iterator[str]:
    """The accounts that parts name; of plain values, all that may be one."""
    for one in parts:
        for sheet in one.sheets:
            yield from accounts(one.fields, sheet)
        yield from may_be_accounts([one.value])


def may_be_accounts(values: Iterable[Any]) -> set[str]:
    """The texts within plain values that may name accounts."""
    return {text for one in values for text in _texts(one) if _ACCOUNT.fullmatch(text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def form_of(loaded: programs.Loaded, process: str, element: str) -> str:
    """The form of a step."""
    step = loaded.step(process, element)
    return str((step.properties.get("form") if step else "") or element)


def speak(loaded: programs.Loaded, parts: Iterable[Part], case: tables.Case, names: Mapping[str, str]) -> None:
    """Lets plain values of this request be told by labels, names of subjects and people, and words for outcomes."""
    if all(one.sheets for one in parts):
        return
    flask.g.labels = data_names.of(loaded, {}).every
    subjects = case.shared.get("subjects") or ()
    flask.g.values = {
        **names,
        **{str(one.get("id")): str(one.get("name")) for one in subjects},
        **i18n.words()["outcome"],
    }
