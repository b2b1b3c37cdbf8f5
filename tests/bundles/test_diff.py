"""The difference of two bundles says what changed in meaning, and nothing else."""

from collections.abc import Callable
from typing import Any

import orjson

from tests.bundles import city
from workflow_service.bundles import diff, read


def test_a_bundle_does_not_differ_from_itself_written_otherwise() -> None:
    again = city.changed("roles.json", lambda text: text.replace("\n", " "))

    assert diff.diff(city.bundle(), again).changes == ()


def test_a_changed_property_is_told_with_both_values() -> None:
    after = city.changed("simple_case.bpmn", lambda text: text.replace('value="Draft the proposal"', 'value="Propose"'))

    changes = diff.diff(city.bundle(), after).changes

    assert [(one.file, one.element, one.change, one.aspect, one.before, one.after) for one in changes] == [
        ("simple_case.bpmn", "draft_simple_decision", "changed", "name_en", "Draft the proposal", "Propose")
    ]
    assert "Draft the proposal → Propose" in changes[0].text


def test_a_changed_condition_and_parameter_are_told() -> None:
    after = city.changed(
        "simple_case.bpmn",
        lambda text: text.replace(
            '<spiffworkflow:parameter id="record" type="any" value="record_meeting"/>',
            '<spiffworkflow:parameter id="record" type="any" value="x"/>',
        ),
    )

    change = diff.diff(city.bundle(), after).changes[0]

    assert (change.element, change.before, change.after) == ("check_meeting", "record_meeting", "x")
    assert change.aspect.endswith("record")


def test_a_removed_element_is_marked_in_its_diagram() -> None:
    start, end = '<bpmn:serviceTask id="issue_minutes"', "</bpmn:serviceTask>"

    def without(text: str) -> str:
        head, tail = text.split(start, 1)
        return head + tail.split(end, 1)[1]

    marks = diff.diff(city.bundle(), city.changed("simple_case.bpmn", without)).marks("simple_case.bpmn")

    assert marks["removed"] == ["issue_minutes"]
    assert marks["added"] == []


def test_an_element_that_was_only_drawn_elsewhere_has_moved() -> None:
    def shifted(text: str) -> str:
        head, tail = text.split('bpmnElement="record_meeting"', 1)
        return head + 'bpmnElement="record_meeting"' + tail.replace('x="', 'x="1', 1)

    marks = diff.diff(city.bundle(), city.changed("simple_case.bpmn", shifted)).marks("simple_case.bpmn")

    assert (marks["moved"], marks["changed"]) == (["record_meeting"], [])


def test_forms_are_compared_field_by_field() -> None:
    after = city.changed("forms/visit.json", lambda text: text.replace('"required": true', '"required": false', 1))

    changes = diff.diff(city.bundle(), after).changes

    assert [(one.file, one.aspect, one.after) for one in changes] == [("forms/visit.json", "required", "false")]


def test_tables_are_compared_rule_by_rule() -> None:
    after = city.changed("route.dmn", lambda text: text.replace("<text>true</text>", "<text>false</text>", 1))

    changes = diff.diff(city.bundle(), after).changes

    assert [(one.name, one.aspect, one.before, one.after) for one in changes] == [
        ("规则 1", "情况比较复杂", "true", "false")
    ]


def test_whole_files_come_and_go() -> None:
    fewer = {name: content for name, content in city.bundle().files.items() if name != "urging.dmn"}

    changes = diff.diff(city.bundle(), read.Bundle.of(fewer)).changes

    assert [(one.file, one.change) for one in changes] == [("urging.dmn", "removed")]


def test_a_field_put_between_others_is_told_alone_and_a_real_exchange_is_told() -> None:
    name = "forms/plan_correction.json"
    form = orjson.loads(city.bundle().files[name])
    first, *rest = form["fields"]
    more = {**form, "fields": [{"name": "extra", "type": "text", "label": "甲", "label_en": "A"}, first, *rest]}
    turned = {**form, "fields": [*rest, first]}

    added, exchanged = (
        diff.diff(city.bundle(), read.Bundle.of({**city.bundle().files, name: orjson.dumps(one)})).changes
        for one in (more, turned)
    )

    assert [(one.element, one.change, one.after) for one in added] == [
        ("fields.extra", "added", "name: extra\ntype: text\nlabel: 甲\nlabel_en: A")
    ]
    assert {one.aspect for one in exchanged} == {"order"}


LETTER = "forms/letters/T28_warning.json"


def _rewritten(change: Callable[[list[Any]], None]) -> read.Bundle:
    """The city's bundle with the body of a letter changed."""

    def rewrite(text: str) -> str:
        told = orjson.loads(text)
        change(told["body"])
        return orjson.dumps(told).decode()

    return city.changed(LETTER, rewrite)


def test_letters_are_compared_paragraph_by_paragraph() -> None:
    def change(body: list[Any]) -> None:
        body[4]["text"] = body[4]["text"].replace("说明", "书面说明")
        body.insert(0, {"text": "本机关近日收到反映。"})

    found = diff.diff(city.bundle(), _rewritten(change)).changes

    assert [(one.element, one.change, one.aspect) for one in found] == [
        ("body.6", "changed", "text"),
        ("body.1", "added", ""),
    ]
    assert "书面说明" in found[0].after and "书面说明" not in found[0].before


def test_a_paragraph_that_is_taken_out_of_a_letter_is_told_alone() -> None:
    found = diff.diff(city.bundle(), _rewritten(lambda body: body.pop(2))).changes

    assert [(one.element, one.change) for one in found] == [("body.3–", "removed")]
