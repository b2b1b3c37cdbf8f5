"""A form's file is read whole or refused with every fault named."""

from typing import Any

import pytest

from tests.bundles import sheets
from workflow_service import errors
from workflow_service.bundles import form_model, form_reader, forms

TEXT = {"name": "a", "type": "text", "label": "甲"}


def sheet(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"id": "sample", "title": "样表", "fields": list(fields), **more}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (sheet({**TEXT, "type": "colour"}), ("F04", "a")),  # no such type
        (sheet(TEXT, TEXT), ("F03", "a")),  # twice the same name
        (sheet({**TEXT, "name": "Amount"}), ("F03", "Amount")),  # capital letter
        (sheet({**TEXT, "name": "__proto__"}), ("F03", "__proto__")),
        (sheet({**TEXT, "name": "sys_state"}), ("F03", "sys_state")),  # reserved prefix
        (sheet({**TEXT, "name": "case"}), ("F03", "case")),  # what expressions call the case
        (sheet({**TEXT, "when": "b ="}), ("F05", "a")),  # half an expression
        (sheet({**TEXT, "default": 5}), ("F05", "a")),  # not a text
        (sheet({**TEXT, "type": "choice"}), ("F06", "a")),  # nothing to choose
        (sheet({**TEXT, "type": "choice", "options": [{"value": "x"}, {"value": "x"}]}), ("F06", "a")),
        (sheet({**TEXT, "type": "choice", "options": [{"value": 3}]}), ("F06", "a")),
        (sheet({**TEXT, "colour": "red"}), ("F02", "a")),  # unknown setting
        (sheet({**TEXT, "access": "secret"}), ("F07", "a")),
        (sheet({**TEXT, "access": "hidden"}), ("F07", "a")),  # hidden without a value
        (sheet({**TEXT, "max_length": "long"}), ("F07", "a")),
        (sheet({**TEXT, "type": "integer", "min": "NaN"}), ("F07", "a")),
        (sheet({**TEXT, "pattern": "(a+)+$"}), ("F07", "a")),  # patterns have names; nobody brings their own
        (sheet({"name": "a", "type": "text"}), ("F08", "a")),  # no label
        (sheet({**TEXT, "type": "rows", "fields": [TEXT], "bare": "b"}), ("F07", "a")),
        (sheet({**TEXT, "row_id": "s"}), ("F07", "a")),  # only rows are numbered
        (sheet(TEXT, checks=[{"test": "a = 1", "field": "b", "message": "错"}]), ("F09", "b")),
        (sheet(TEXT, checks=[{"test": "a = ", "field": "a", "message": "错"}]), ("F05", "a")),
        (sheet("a"), ("F01", "")),  # a field is an object
        ({**sheet(TEXT), "fields": 5}, ("F01", "fields")),
        ({**sheet(TEXT), "id": "Sample Form"}, ("F03", "id")),
        (b"[]", ("F01", "")),
        (b"{", ("F01", "")),
        (b"\xff\xfe", ("F01", "")),
        (b" " * 600_000, ("F01", "")),
    ],
)
def test_a_fault_is_found_and_placed(raw: Any, expected: tuple[str, str]) -> None:
    assert expected in sheets.faults(raw)


def test_every_fault_is_named_at_once() -> None:
    raw = sheet({**TEXT, "type": "colour"}, {**TEXT, "name": "B"}, {**TEXT, "name": "c", "when": "("})

    rules = [rule for rule, _element in sheets.faults(raw)]

    assert rules == ["F04", "F03", "F05"]


def test_a_finding_tells_the_line() -> None:
    raw = '{"id": "sample", "title": "样表", "fields": [\n{"name": "a", "type": "text", "label": "甲"},\n{"name": "b", "type": "x", "label": "乙"}]}'

    with pytest.raises(errors.BadBundle) as found:
        forms.read_form(raw.encode())

    assert [one.line for one in found.value.findings] == [3]


def test_the_file_is_named_after_the_form() -> None:
    with pytest.raises(errors.BadBundle):
        forms.read_form(b'{"id": "a", "title": "t", "fields": []}', "forms/b.json")


def test_fields_nested_too_deep_are_refused() -> None:
    raw: dict[str, Any] = TEXT
    for _level in range(5):
        raw = {"name": "a", "type": "group", "label": "组", "fields": [raw]}

    assert ("F01", "fields") in sheets.faults(sheet(raw))


@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [[]], {"a": 1}, True])
@pytest.mark.parametrize(
    "key", ["fields", "options", "roles", "checks", "when", "min", "access", "name", "type", "label", "aliases"]
)
def test_a_setting_of_any_shape_is_read_or_named(key: str, value: Any) -> None:
    option = {"value": "x", key: value}
    for raw in (
        sheet({**TEXT, key: value}),
        sheet({**TEXT, "type": "choice", "options": [option]}),
        {**sheet(TEXT), key: value},
    ):
        sheets.faults(raw)


def test_every_rule_has_a_title_in_both_languages() -> None:
    assert all(zh and en for zh, en in forms.RULES.values())


def test_the_readme_tells_every_type_setting_and_pattern() -> None:
    told = (sheets.FOLDER / "README.md").read_text("utf-8")

    known = [*form_model.TYPES, *form_model.PATTERNS, *form_reader.SETTINGS]
    assert [one for one in known if f"`{one}`" not in told] == []
