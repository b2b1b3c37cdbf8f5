"""Forms for tests: small ones made on the spot, and the city's own with a case around them."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from workflow_service import errors
from workflow_service.bundles import forms

FOLDER = Path(__file__).parents[2] / "forms"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))

CASE = {
    "number": "RC-2026-00001",
    "status": "in_progress",
    "subjects": [{"id": "s1", "name": "甲局领导班子"}, {"id": "s2", "name": "乙某"}],
    "runs": [],
}
FILES = {"f1": {"id": "f1", "name": "证据.pdf", "media_type": "application/pdf", "size": 3, "sha256": "0" * 64}}


def make(*fields: dict[str, Any], **more: Any) -> forms.Form:
    """A form of these fields; a label is added where none is given."""
    listed = [{"label": one.get("name", "标题"), **one} for one in fields]
    return forms.read_form(orjson.dumps({"id": "sample", "title": "样表", "fields": listed, **more}))


@cache
def city(name: str) -> forms.Form:
    """One of the city's forms."""
    return forms.read_form((FOLDER / f"{name}.json").read_bytes(), f"forms/{name}.json")


def around(case: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    """What expressions see: the run's data, the case, a person, and Friday 18 September 2026, nine o'clock."""
    shared = CASE if case is None else {**CASE, **case}
    clock = datetime(2026, 9, 18, 1, 0, tzinfo=UTC)
    return {**data, "data": data, "case": shared, "me": {"name": "p0", "roles": []}, "clock": clock}


def check(form: forms.Form, answers: Any, scope: dict[str, Any] | None = None) -> dict[str, Any]:
    """The stored answers."""
    return forms.check(form, answers, around() if scope is None else scope, files=FILES)


def wrong(form: forms.Form, answers: Any, scope: dict[str, Any] | None = None) -> dict[str, str]:
    """Path → code of what is wrong, in order; empty when nothing is."""
    try:
        check(form, answers, scope)
    except errors.Invalid as found:
        return {one.field: one.code for one in found.errors}
    return {}


def faults(raw: Any) -> list[tuple[str, str]]:
    """(rule, element) of every fault of a form's file."""
    try:
        forms.read_form(raw if isinstance(raw, bytes) else orjson.dumps(raw))
    except errors.BadBundle as found:
        return [(one.rule, one.element) for one in found.findings]
    return []
