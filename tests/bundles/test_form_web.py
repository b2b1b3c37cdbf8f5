"""What a browser posts becomes the same answers as a program's."""

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from tests.bundles import sheets
from workflow_service.bundles import forms

CELL = {"name": "n", "type": "text", "label": "n"}
PICK = [{"value": "a", "label": "甲"}, {"value": "b", "label": "乙"}]


def posted(form: forms.Form, *pairs: tuple[str, str], **files: list[str]) -> dict[str, Any]:
    return forms.from_web(form, MultiDict(pairs), files)


@pytest.mark.parametrize(
    ("kind", "texts", "expected"),
    [
        ({"type": "text"}, [" 三字 "], " 三字 "),
        ({"type": "text"}, [""], None),
        ({"type": "integer"}, ["１２"], 12),  # full-width digits
        ({"type": "integer"}, ["twelve"], "twelve"),  # as typed, for the check to name it
        ({"type": "decimal"}, ["12,000.50"], "12000.50"),
        ({"type": "date"}, ["2026-09-18"], "2026-09-18"),
        ({"type": "boolean"}, ["true"], True),
        ({"type": "boolean"}, [], False),  # a box nobody ticked
        ({"type": "boolean", "required": True}, [], None),  # a question nobody answered
        ({"type": "boolean", "default": "true"}, ["false"], False),
        ({"type": "choices", "options": PICK}, ["b", "a"], ["b", "a"]),
        ({"type": "texts"}, ["一\r\n\r\n 二 "], ["一", "二"]),
        ({"type": "files"}, ["f1", "f2"], ["f1", "f2"]),
    ],
)
def test_a_posted_field_becomes_its_value(kind: dict[str, Any], texts: list[str], expected: Any) -> None:
    form = sheets.make({"name": "a", **kind})

    assert posted(form, *[("a", text) for text in texts]) == {"a": expected}


def test_people_may_be_ticked_and_typed() -> None:
    form = sheets.make({"name": "a", "type": "people", "outside": True})

    assert posted(form, ("a", "lin"), ("a.+", "外来专家、lin\n周正")) == {"a": ["lin", "外来专家", "周正"]}


def test_rows_keep_their_order_and_number_and_drop_empty_ones() -> None:
    rows = {
        "name": "r",
        "type": "rows",
        "row_id": "s",
        "fields": [{"name": "n", "type": "text", "label": "n"}, {"name": "b", "type": "boolean", "label": "b"}],
    }
    form = sheets.make(rows)

    answers = posted(
        form, ("r.10.n", "丙"), ("r.2.n", "乙"), ("r.2.id", "s1"), ("r.3.n", " "), ("r.3.id", "s9"), ("other", "x")
    )

    assert answers == {"r": [{"n": "乙", "b": False, "id": "s1"}, {"n": "丙", "b": False}]}


def test_a_new_file_replaces_the_one_before() -> None:
    form = sheets.make({"name": "a", "type": "file"}, {"name": "b", "type": "files"})

    assert posted(form, ("a", "f1"), ("b", "f1"), a=["f2"], b=["f3"]) == {"a": "f2", "b": ["f1", "f3"]}


def test_a_group_is_posted_by_paths() -> None:
    form = sheets.make({"name": "g", "type": "group", "fields": [{"name": "n", "type": "text", "label": "n"}]})

    assert posted(form, ("g.n", "x")) == {"g": {"n": "x"}}


def test_fields_that_cannot_be_written_are_not_taken_from_a_page() -> None:
    form = sheets.make({"name": "a", "type": "text", "access": "read", "default": '"x"'}, {"name": "b", "type": "text"})

    assert posted(form, ("a", "forged"), ("b", "y"), ("c", "z")) == {"b": "y"}


@pytest.mark.parametrize("name", sheets.NAMES)
def test_an_empty_page_is_judged_like_an_empty_submission(name: str) -> None:
    form = sheets.city(name)

    found = sheets.wrong(form, posted(form))

    assert set(found.values()) <= {"required", "check", "too_few"}


@pytest.mark.parametrize(
    ("kind", "kept", "shown"),
    [
        ({"type": "datetime"}, "2026-09-18T01:00:00Z", "2026-09-18T09:00:00+08:00"),  # Shanghai's clock
        ({"type": "datetime"}, "2026-09-18T09:00", "2026-09-18T09:00"),
        ({"type": "datetime"}, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ({"type": "tristate"}, True, "yes"),
        ({"type": "boolean"}, False, False),
        ({"type": "choice", "options": [{**PICK[0], "aliases": ["甲"]}]}, "甲", "a"),
        ({"type": "texts"}, ["一", {"text": "二"}, {"words": "三"}], ["一", "二"]),
        ({"type": "texts"}, 3, [3]),
        ({"type": "texts"}, "一", ["一"]),
        ({"type": "files"}, [{"id": "f1", "name": "x"}, {"id": [1]}], ["f1"]),
        ({"type": "text"}, {"a": 1}, None),
        ({"type": "date"}, ["2026-09-18"], None),
        ({"type": "rows", "fields": [CELL]}, {"a": 1}, None),
        ({"type": "rows", "fields": [CELL], "bare": "n"}, ["甲", {"n": {"x": 1}}, {"n": "乙", "id": "s1"}], [{"n": "甲"}, {}, {"n": "乙"}]),
        ({"type": "rows", "fields": [CELL], "row_id": "s"}, [{"n": "乙", "id": "s1"}, 3], [{"n": "乙", "id": "s1"}, {}]),
        ({"type": "group", "fields": [CELL]}, {"n": "甲", "m": "乙"}, {"n": "甲"}),
        ({"type": "group", "fields": [CELL]}, "甲", None),
    ],
)  # fmt: skip
def test_a_draft_of_a_program_is_shown_as_a_page_can(kind: dict[str, Any], kept: Any, shown: Any) -> None:
    form = sheets.make({"name": "a", **kind})

    assert forms.to_web(form, {"a": kept, "unknown": 1}) == ({} if shown is None else {"a": shown})


def test_a_row_with_nothing_but_a_no_or_a_zero_is_a_row() -> None:
    cells = [
        {"name": "sure", "type": "boolean", "label": "s", "required": True},
        {"name": "n", "type": "integer", "label": "n"},
    ]
    box = {"name": "box", "type": "boolean", "label": "b"}
    form = sheets.make({"name": "r", "type": "rows", "fields": [*cells, box]})

    rows = posted(form, ("r.0.sure", "false"), ("r.1.n", "0"), ("r.2.n", ""))["r"]

    assert rows == [{"sure": False, "n": None, "box": False}, {"sure": None, "n": 0, "box": False}]
