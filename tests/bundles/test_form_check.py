"""A submission is stored as the form wants it, or refused with every wrong field named."""

from collections.abc import Collection
from typing import Any

import pytest

from tests.bundles import sheets
from workflow_service import errors
from workflow_service.bundles import forms

PICK = [{"value": "a", "label": "甲", "aliases": ["甲"]}, {"value": "b", "label": "乙"}]
DEEP: Any = {"a": {"a": {"a": ["x"] * 50}}}


@pytest.mark.parametrize(
    ("kind", "given", "stored"),
    [
        ({"type": "text"}, "  三字 ", "三字"),
        ({"type": "longtext"}, "一\r\n二", "一\n二"),
        ({"type": "integer"}, 12, 12),
        ({"type": "decimal"}, "12.50", "12.50"),
        ({"type": "decimal"}, 12.5, "12.5"),
        ({"type": "decimal"}, 7, "7"),
        ({"type": "date"}, "2026-09-18", "2026-09-18"),
        ({"type": "datetime"}, "2026-09-18T01:00:00Z", "2026-09-18T09:00:00+08:00"),
        ({"type": "datetime"}, "2026-09-18T09:00", "2026-09-18T09:00:00+08:00"),  # as a browser gives it
        ({"type": "boolean"}, False, False),
        ({"type": "tristate"}, True, "yes"),  # programs send booleans for facts
        ({"type": "tristate"}, "unknown", "unknown"),
        ({"type": "choice", "options": PICK}, "甲", "a"),  # another spelling of the same
        ({"type": "choices", "options": PICK}, ["b", "甲", "a"], ["b", "a"]),
        ({"type": "texts"}, ["一", " ", {"text": "二"}], ["一", "二"]),
        ({"type": "people"}, ["lin", "lin"], ["lin"]),
        ({"type": "file"}, "f1", sheets.FILES["f1"]),
        ({"type": "files"}, [{"id": "f1", "name": "forged"}], [sheets.FILES["f1"]]),
        ({"type": "group", "fields": [{"name": "b", "type": "text", "label": "b"}]}, {"b": "x"}, {"b": "x"}),
    ],
)
def test_a_value_is_stored_in_its_own_form(kind: dict[str, Any], given: Any, stored: Any) -> None:
    form = sheets.make({"name": "a", **kind})

    assert sheets.check(form, {"a": given}) == {"a": stored}


@pytest.mark.parametrize(
    ("kind", "given", "code"),
    [
        ({"type": "text"}, 5, "type"),
        ({"type": "text"}, ["x"], "type"),
        ({"type": "text"}, DEEP, "type"),
        ({"type": "text"}, "x" * 501, "too_long"),
        ({"type": "longtext"}, "x" * 20_001, "too_long"),
        ({"type": "text", "min_length": 5}, "短", "too_short"),
        ({"type": "text"}, "一\n二", "characters"),
        ({"type": "text"}, "a\x00b", "characters"),
        ({"type": "text"}, "cod\u202egpj.exe", "characters"),  # turned reading direction
        ({"type": "text", "pattern": "phone"}, "call me", "pattern"),
        ({"type": "integer"}, True, "type"),
        ({"type": "integer"}, 1.5, "type"),
        ({"type": "integer"}, "12", "type"),
        ({"type": "integer", "min": 1}, 0, "too_small"),
        ({"type": "integer", "max": 9}, 10, "too_large"),
        ({"type": "decimal"}, "NaN", "type"),
        ({"type": "decimal"}, float("inf"), "type"),
        ({"type": "decimal"}, "1e400", "type"),
        ({"type": "decimal"}, "1.005", "places"),
        ({"type": "decimal"}, True, "type"),
        ({"type": "date"}, "2026-02-30", "type"),
        ({"type": "date"}, "2026-W10-1", "type"),
        ({"type": "date"}, "20260918", "type"),
        ({"type": "datetime"}, "yesterday", "type"),
        ({"type": "datetime"}, "2026-09-18", "type"),
        ({"type": "boolean"}, "true", "type"),
        ({"type": "boolean"}, 1, "type"),
        ({"type": "tristate"}, "maybe", "type"),
        ({"type": "choice", "options": PICK}, "c", "option"),
        ({"type": "choice", "options": PICK}, ["a"], "type"),
        ({"type": "choices", "options": PICK}, "a", "type"),
        ({"type": "person"}, "two words", "type"),
        ({"type": "person", "outside": True}, "lin\u202e", "type"),
        ({"type": "people", "min_rows": 2}, ["lin"], "too_few"),
        ({"type": "texts", "max_rows": 1}, ["一", "二"], "too_many"),
        ({"type": "file"}, "../etc/passwd", "type"),
        ({"type": "file"}, "f2", "unknown_file"),
        ({"type": "group", "fields": []}, "x", "type"),
        ({"type": "rows", "fields": []}, {"0": {}}, "type"),
    ],
)
def test_a_value_that_does_not_fit_is_named(kind: dict[str, Any], given: Any, code: str) -> None:
    form = sheets.make({"name": "a", **kind})

    assert list(sheets.wrong(form, {"a": given}).values())[:1] == [code]


@pytest.mark.parametrize("answers", [None, [], "x", 5, True])
def test_answers_are_an_object(answers: Any) -> None:
    assert sheets.wrong(sheets.make(), answers) == {"": "type"}


@pytest.mark.parametrize("name", ["__proto__", "constructor", "x" * 16_384, "a.b", ""])
def test_an_unknown_field_is_refused_by_name(name: str) -> None:
    found = sheets.wrong(sheets.make({"name": "a", "type": "text"}), {"a": "x", name: 1})

    assert found == {name[:64]: "unknown_field"}


def test_a_missing_field_is_named() -> None:
    form = sheets.make({"name": "a", "type": "text", "required": True}, {"name": "b", "type": "text"})

    assert sheets.wrong(form, {"a": " "}) == {"a": "required"}


def test_a_field_may_bear_the_name_of_a_function() -> None:
    form = sheets.make(
        {"name": "mode", "type": "text"}, {"name": "b", "type": "text", "required": 'mode = "oral" and count([1]) = 1'}
    )

    assert sheets.wrong(form, {"mode": "oral"}) == {"b": "required"}


def test_a_field_may_be_required_by_another_answer() -> None:
    form = sheets.make({"name": "ok", "type": "boolean"}, {"name": "why", "type": "text", "required": "ok = false"})

    assert sheets.wrong(form, {"ok": True}) == {}
    assert sheets.wrong(form, {"ok": False}) == {"why": "required"}


def test_a_field_that_does_not_apply_may_be_empty_only() -> None:
    form = sheets.make(
        {"name": "ok", "type": "boolean"}, {"name": "why", "type": "text", "when": "ok = false", "required": True}
    )

    assert sheets.check(form, {"ok": True, "why": ""}) == {"ok": True}
    assert sheets.wrong(form, {"ok": True, "why": "x"}) == {"why": "not_applicable"}


def test_a_field_out_of_sight_is_taken_all_the_same() -> None:
    form = sheets.make({"name": "all", "type": "boolean"}, {"name": "a", "type": "tristate", "relevant": "all = true"})

    assert sheets.check(form, {"a": "yes"}) == {"a": "yes"}


def test_an_absent_field_takes_its_default_and_an_emptied_one_does_not() -> None:
    form = sheets.make({"name": "on", "type": "date", "default": "today()"})

    assert sheets.check(form, {}) == {"on": "2026-09-18"}
    assert sheets.check(form, {"on": ""}) == {}


def test_a_cell_takes_its_default_and_the_row_sees_it() -> None:
    cells = [
        {"name": "n", "type": "text", "label": "n", "default": "earlier.n"},
        {"name": "why", "type": "text", "label": "why", "required": 'n = "甲"'},
    ]
    form = sheets.make({"name": "r", "type": "rows", "fields": cells})
    scope = sheets.around(earlier={"n": "甲"})

    assert sheets.check(form, {"r": [{"why": "x"}]}, scope) == {"r": [{"n": "甲", "why": "x"}]}
    assert sheets.wrong(form, {"r": [{"why": None, "n": "甲"}]}, scope) == {"r.0.why": "required"}
    assert sheets.check(form, {"r": [{"n": "", "why": "x"}]}, scope) == {"r": [{"why": "x"}]}


def test_a_field_to_read_cannot_be_written() -> None:
    form = sheets.make({"name": "sum", "type": "integer", "access": "read", "default": "earlier.sum"})
    scope = sheets.around(earlier={"sum": 5})

    assert sheets.check(form, {}, scope) == {"sum": 5}
    assert sheets.check(form, {"sum": 5}, scope) == {"sum": 5}
    assert sheets.wrong(form, {"sum": 6}, scope) == {"sum": "read_only"}


def test_a_hidden_field_is_unknown_to_the_sender() -> None:
    form = sheets.make({"name": "who", "type": "text", "access": "hidden", "default": "me.name"})

    assert sheets.check(form, {}) == {"who": "p0"}
    assert sheets.wrong(form, {"who": "p0"}) == {"who": "unknown_field"}


def test_options_may_come_from_the_case() -> None:
    form = sheets.make(
        {"name": "a", "type": "choice", "options_from": "for s in case.subjects return {value: s.id, label: s.name}"}
    )

    assert sheets.check(form, {"a": "s2"}) == {"a": "s2"}
    assert sheets.wrong(form, {"a": "s9"}) == {"a": "option"}


def test_what_is_offered_twice_is_one_option_under_its_first_label() -> None:
    offered = '[{value: "1", label: "甲"}, 1, "", {label: "乙"}, {value: "1", label: "丙"}, "2"]'
    form = sheets.make({"name": "a", "type": "choice", "options_from": offered})

    shown = forms.describe(form, sheets.around())["fields"][0]["options"]

    assert [(one["value"], one["label"]) for one in shown] == [("1", "甲"), ("2", "2")]


def test_a_row_that_is_no_set_of_fields_is_refused_by_its_place() -> None:
    field = {"name": "n", "type": "text", "label": "n", "required": True}
    rows = {"name": "r", "type": "rows", "row_id": "s", "fields": [field]}

    assert sheets.wrong(sheets.make(rows), {"r": [{"n": "甲"}, True]}) == {"r.1": "type"}


def test_rows_are_numbered_and_keep_their_numbers() -> None:
    rows = {"name": "r", "type": "rows", "row_id": "s", "fields": [{"name": "n", "type": "text", "label": "n"}]}

    stored = sheets.check(sheets.make(rows), {"r": [{"n": "甲"}, {"n": "乙", "id": "s1"}, {}, {"n": "丙"}]})

    assert [(one["id"], one["n"]) for one in stored["r"]] == [("s2", "甲"), ("s1", "乙"), ("s3", "丙")]


@pytest.mark.parametrize("given", ["x1", "s0", 5, "s1"])
def test_a_row_cannot_take_a_number_that_is_not_its_own(given: Any) -> None:
    rows = {"name": "r", "type": "rows", "row_id": "s", "fields": [{"name": "n", "type": "text", "label": "n"}]}

    assert (
        "row_id" in sheets.wrong(sheets.make(rows), {"r": [{"n": "甲", "id": "s1"}, {"n": "乙", "id": given}]}).values()
    )


def test_a_wrong_cell_is_named_by_its_row() -> None:
    rows = {"name": "r", "type": "rows", "fields": [{"name": "n", "type": "integer", "label": "n", "required": True}]}

    found = sheets.wrong(sheets.make(rows), {"r": [{"n": 1}, {"n": "x"}, {"m": 1}]})

    assert found == {"r.1.n": "type", "r.2.m": "unknown_field", "r.2.n": "required"}


def test_a_row_may_be_given_as_its_main_value() -> None:
    rows = {"name": "r", "type": "rows", "bare": "n", "fields": [{"name": "n", "type": "text", "label": "n"}]}

    assert sheets.check(sheets.make(rows), {"r": ["甲", {"n": "乙"}]}) == {"r": [{"n": "甲"}, {"n": "乙"}]}


def test_a_single_sentence_stands_for_rows_of_which_nothing_is_required() -> None:
    inner = {"name": "n", "type": "text", "label": "n"}
    rows = {"name": "r", "type": "rows", "bare": "n", "fields": [inner]}
    strict = {**rows, "fields": [{**inner, "required": True}]}

    assert sheets.check(sheets.make(rows), {"r": "户口本"}) == {"r": [{"n": "户口本"}]}
    assert sheets.wrong(sheets.make(strict), {"r": "户口本"}) == {"r": "type"}


def test_errors_come_in_the_order_of_the_form() -> None:
    form = sheets.make(
        {"name": "z", "type": "text", "required": True},
        {"name": "b", "type": "integer"},
        {"name": "a", "type": "text", "required": True},
    )

    assert list(sheets.wrong(form, {"b": "x", "y": 1})) == ["z", "b", "a", "y"]


def test_a_rule_over_fields_speaks_both_languages() -> None:
    rule = {"test": "a < b", "field": "b", "message": "应大于前项", "message_en": "must be larger"}
    form = sheets.make({"name": "a", "type": "integer"}, {"name": "b", "type": "integer"}, checks=[rule])

    with pytest.raises(errors.Invalid) as found:
        sheets.check(form, {"a": 2, "b": 1})

    assert dict(found.value.errors[0].params) == {"message": "应大于前项", "message_en": "must be larger"}


def test_an_expression_that_costs_too_much_refuses_instead_of_failing() -> None:
    rule = {"test": "count(for i in 1..1000000, j in 1..1000000 return i) > 0", "field": "a", "message": "错"}
    form = sheets.make({"name": "a", "type": "integer"}, checks=[rule])

    assert sheets.wrong(form, {"a": 1}) == {"a": "check"}


STAFF = {
    "lin": forms.Known(True, frozenset({"investigator"})),
    "zhou": forms.Known(True, frozenset({"clerk"})),
    "wu": forms.Known(False, frozenset({"investigator"})),
}


def staff(asked: list[set[str]]) -> forms.People:
    """Three people, and a note of every look-up."""

    def find(names: Collection[str]) -> dict[str, forms.Known]:
        asked.append(set(names))
        return {name: STAFF[name] for name in names if name in STAFF}

    return forms.People(find, {"investigator": {"name": "调查组", "name_en": "investigator"}})


@pytest.mark.parametrize(
    ("who", "code", "says"),
    [
        ("nobody", "unknown_person", "“调查人”：没有账号为“nobody”的人员"),
        ("wu", "disabled_person", "“调查人”：“wu”的账号已停用，请改填他人"),
        ("zhou", "unsuitable_person", "“调查人”：“zhou”不是调查组，请改填他人"),
    ],
)
def test_people_who_cannot_be_named_are_refused_in_words(who: str, code: str, says: str) -> None:
    field = {"name": "who", "type": "person", "label": "调查人", "roles": ["investigator"]}
    form = sheets.make(field, {"name": "guest", "type": "person", "outside": True})

    with pytest.raises(errors.Invalid) as found:
        forms.check(form, {"who": who, "guest": "外来专家"}, sheets.around(), files={}, people=staff([]))

    (wrong,) = found.value.errors
    assert (wrong.field, wrong.code, wrong.template.format(**dict(wrong.params))) == ("who", code, says)


def test_all_who_are_named_are_looked_up_together() -> None:
    row = {"name": "user", "type": "person", "label": "成员"}
    form = sheets.make({"name": "team", "type": "people"}, {"name": "rows", "type": "rows", "fields": [row]})
    asked: list[set[str]] = []

    forms.check(form, {"team": ["lin"], "rows": [{"user": "zhou"}]}, sheets.around(), files={}, people=staff(asked))

    assert asked == [{"lin", "zhou"}]


def test_a_form_that_names_nobody_asks_nothing() -> None:
    asked: list[set[str]] = []

    forms.check(sheets.make({"name": "a", "type": "text"}), {"a": "好"}, sheets.around(), files={}, people=staff(asked))

    assert asked == []


def test_an_empty_row_before_another_takes_nothing_from_it_and_is_counted() -> None:
    cells = [
        {"name": "n", "type": "text", "label": "n", "required": True},
        {"name": "place", "type": "text", "label": "p", "default": '"本县"'},
    ]
    form = sheets.make({"name": "r", "type": "rows", "fields": cells})

    assert sheets.check(form, {"r": [{}, {"n": "甲", "place": "外县"}]}) == {"r": [{"n": "甲", "place": "外县"}]}
    assert sheets.wrong(form, {"r": [{}, {"place": "外县"}]}) == {"r.1.n": "required"}
    assert sheets.wrong(sheets.make({"name": "t", "type": "texts"}), {"t": ["", 3]}) == {"t.1": "type"}
