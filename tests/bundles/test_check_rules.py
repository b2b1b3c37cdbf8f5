"""Each rule finds the fault it is for, in its place, and the shipped bundle has none."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bundles import city
from workflow_service.bundles import check, read
from workflow_service.bundles.rules import RULES

Change = Callable[[str], str]


def _swap(old: str, new: str, count: int = 1) -> Change:
    return lambda text: text.replace(old, new, count)


def _without_element(start: str, end: str) -> Change:
    def change(text: str) -> str:
        head, tail = text.split(start, 1)
        return head + tail.split(end, 1)[1]

    return change


def _resub(pattern: str, new: str) -> Change:
    return lambda text: re.sub(pattern, new, text, count=1, flags=re.DOTALL)


def test_the_shipped_bundle_has_no_finding() -> None:
    assert check.check(city.bundle()) == []


#: rule, file, change, the element that the finding names
FAULTS = [
    ("X01", "visit.bpmn", None, ""),
    ("X02", "roles.json", _swap("{", "{,"), ""),
    ("S01", "simple_case.bpmn", _swap('id="issue_minutes"', 'id="check_meeting"'), "check_meeting"),
    ("S05", "simple_case.bpmn", _swap('targetRef="record_meeting"', 'targetRef="nowhere"'), None),
    ("S08", "simple_case.bpmn", _resub(r"<bpmn:serviceTask( id=\"issue_minutes\".*?)</bpmn:serviceTask>", r"<bpmn:scriptTask\1</bpmn:scriptTask>"), "issue_minutes"),
    ("S11", "correction.bpmn", _resub(r"<bpmn:timeDate.*?</bpmn:timeDate>", "<bpmn:timeDuration>P5D</bpmn:timeDuration>"), None),
    ("S15", "simple_case.bpmn", _resub(r'<bpmn:sequenceFlow id="begin_simple_case_to_draft_simple_decision"[^>]*/>', ""), "draft_simple_decision"),
    ("S16", "simple_case.bpmn", _resub(r'<bpmn:sequenceFlow id="issue_minutes_to_end_resolved"[^>]*/>', ""), "issue_minutes"),
    ("S17", "simple_case.bpmn", _resub(r' default="is_simple_passed_to_end_not_simple"', ""), "is_simple_passed"),
    ("S18", "simple_case.bpmn", lambda text: text.replace('"simple_case"', '"easy_case"'), "easy_case"),
    ("S19", "simple_case.bpmn", lambda text: text.replace("issue_minutes", "Activity_0x1y2z3"), "Activity_0x1y2z3"),
    ("S22", "simple_case.bpmn", _swap(' name="起草决定建议"', ""), "draft_simple_decision"),
    ("S23", "correction.bpmn", _swap('name="name_en" value="Reminder"', 'name="article" value="17"'), "which_measure_to_issue_reminder"),
    ("S23", "simple_case.bpmn", _swap('name="name_en" value="Draft the proposal"', 'name="article" value="14"'), "draft_simple_decision"),
    ("S24", "simple_case.bpmn", _swap("<bpmn:flowNodeRef>draft_simple_decision</bpmn:flowNodeRef>", ""), "draft_simple_decision"),
    ("S25", "simple_case.bpmn", _swap('bpmnElement="record_meeting"', 'bpmnElement="record_meetings"'), "record_meeting"),
    ("S25", "simple_case.bpmn", _resub(r"(bpmnElement=\"record_meeting\"[^>]*>\s*)<dc:Bounds[^>]*/>", r"\1"), "record_meeting"),
    ("S29", "simple_case.bpmn", _swap('name="name_en" value="Begin"', 'name="name_en"'), "begin_simple_case"),
    ("S26", "simple_case.bpmn", _swap(' isExecutable="true"', ""), "simple_case"),
    ("S29", "simple_case.bpmn", _swap('property name="due"', 'property name="deadline"'), "draft_simple_decision"),
    ("R01", "confirmation.bpmn", _swap('calledElement="simple_case"', 'calledElement="simple_cases"'), "call_simple_case"),
    ("R02", "simple_case.bpmn", lambda text: text.replace("draft_simple_decision", "draft_simple_decisions"), "draft_simple_decisions"),
    ("R03", "simple_case.bpmn", _swap('name="受理机关经办"', 'name="受理 机关经办"'), "受理 机关经办"),
    ("R03", "roles.json", _swap('"档案": "records"', '"档案": "admin"'), "档案"),
    ("R03", "roles.json", _swap('"档案": "records"', '"档案": null'), "档案"),
    ("R04", "simple_case.bpmn", _swap("assessment.check_meeting", "assessment.check_meetings"), "check_meeting"),
    ("R05", "simple_case.bpmn", _swap('parameter id="record"', 'parameter id="recrod"'), "check_meeting"),
    ("R06", "confirmation.bpmn", _swap(">route</spiffworkflow:calledDecisionId>", ">rout</spiffworkflow:calledDecisionId>"), None),
    ("R07", "simple_case.bpmn", _swap("T13_minutes", "T13_minute"), "issue_minutes"),
    ("R07", "early_warning.bpmn", _swap("advice: if remind_early", "advise: if remind_early"), "issue_warning"),
    ("R07", "forms/letters/T28_warning.json", _swap('"mandatory": [', '"mandatory": ["matters",'), "issue_warning"),
    ("R08", "confirmation.bpmn", lambda text: text.replace('name="case_accepted"', 'name="case_acepted"'), "take_up_case"),
    ("R09", "confirmation.bpmn", lambda text: text.replace('id="reroute" name="reroute"', 'id="reroute" name="rerout"'), None),
    ("R10", "appeal.bpmn", _resub(r'property name="roles" value="', 'property name="roles" value="partie,'), None),
    ("R11", "simple_case.bpmn", lambda text: text.replace('name="article" value="14"', 'name="article" value="99"'), "draft_simple_decision"),
    ("R12", "roles.json", _resub(r'("受理机关经办": )"clerk"', r'\1"clark"'), ""),
    ("R12", "roles.json", _resub(r".*", "null"), ""),
    ("R12", "roles.json", _swap('"Applicant organisation"', '"Applicant organisation", "scope": "place"'), ""),
    ("E01", "simple_case.bpmn", _swap("working days after(today()", "working days after((today()"), "draft_simple_decision"),
    ("E02", "simple_case.bpmn", _swap("case.urgent", "case.urgnt"), "draft_simple_decision"),
    ("E02", "forms/visit.json", _resub(r'("type": "\w+",)', r'\1 "when": "visited_befor = true",'), None),
    ("E03", "simple_case.bpmn", _resub(r"(<bpmn:conditionExpression[^>]*>)[^<]*<", r"\g<1>1 + 1<"), None),
    ("E03", "forms/review_acceptance.json", _resub(r'"relevant": "decision = [^,]*,', '"relevant": "1 + 1",'), "missing_items"),
    ("E04", "simple_case.bpmn", _resub(r'name="due" value="[^"]*"', 'name="due" value="5"'), "draft_simple_decision"),
    ("E04", "simple_case.bpmn", _resub(r'name="due" value="[^"]*"', 'name="due" value="working days after(&quot;now&quot;, 5)"'), "draft_simple_decision"),
    ("E04", "investigation.bpmn", _resub(r"(<bpmn:timeDate[^>]*>)[^<]*<", r"\g<1>null<"), None),
    ("E03", "early_warning.bpmn", _swap("review_warning.resolved = false", "register_warning.signs"), "is_resolved_to_remind_early"),
    ("E05", "early_warning.bpmn", _swap("review_warning.resolved = false", "1 = 1"), "is_resolved_to_remind_early"),
    ("E05", "early_warning.bpmn", _swap("review_warning.resolved = false", "true"), "is_resolved_to_remind_early"),
    ("E05", "early_warning.bpmn", _swap("review_warning.resolved = false", 'review_warning.resolved = "no"'), "is_resolved_to_remind_early"),
    ("E05", "early_warning.bpmn", _swap("review_warning.resolved = false", 'register_warning.code = "4.9"'), "is_resolved_to_remind_early"),
    ("F03", "forms/visit.json", _swap('"id": "visit"', '"id": "visits"'), None),
    ("F04", "forms/visit.json", _resub(r'"type": "\w+"', '"type": "wysiwyg"'), None),
    ("D03", "route.dmn", _swap("<text>true</text>", "<text>true and (</text>"), None),
    ("D04", "circumstances.dmn", _swap("facts.no_explicit_policy", "facts.no_explicit_polcy"), "situation_4_3_input_1"),
    ("D07", "investigation.bpmn", lambda text: text.replace("{facts: report_investigation}", "{fact: report_investigation}"), "input_facts"),
    ("D13", "urging.dmn", _resub(r"(<annotationEntry>\s*<text>)[^<]*<", r"\1<"), None),
    ("D13", "route.dmn", _resub(r'(<rule id="impact_to_panel">.*?<outputEntry[^>]*>\s*)<text>.*?</text>(.*?)<text>.*?</text>', r"\1<text/>\2<text/>"), "impact_to_panel"),
    ("R11", "urging.dmn", _resub(r"(<annotationEntry>\s*<text>)[^<]*<", r"\g<1>99(1)<"), None),
    ("D02", "route.dmn", _swap('<decision id="route" name="route">', '<decision id="way" name="way">'), "route"),
    ("L01", "appeal.bpmn", _resub(r'property name="allowed" value="[^"]*"', 'property name="allowed" value="false"'), None),
    ("L01", "simple_case.bpmn", _swap("{path: &quot;simple&quot;}", "{path: &quot;simple&quot;, window_open: false}"), "begin_simple_case"),
    ("L02", "decision.bpmn", _swap("date(decided.date), 5)", "date(decided.date), 7)"), "order_corrections"),
    ("L02", "correction.bpmn", _resub(r"(id=\"draft_correction_notice\".*?decision\.date\), )5", r"\g<1>6"), "draft_correction_notice"),
    ("L02", "correction.bpmn", _resub(r"(id=\"sign_correction_notice\".*?working days after\()date\(decision\.date\)", r"\1today()"), "sign_correction_notice"),
    ("L02", "correction.bpmn", _swap('id="due" type="any" value="string(working days after(date(decision.date), 5))"', 'id="due" type="any" value="string(working days after(date(decision.date), 15))"'), "send_notice"),
    ("L02", "correction.bpmn", _swap("end of day(working days after(date(decision.date), 5))", "end of day(working days after(date(decision.date), 10))"), "notice_overdue"),
    ("L02", "correction.bpmn", _swap('<spiffworkflow:property name="mandatory" value="true"/>', ""), "draft_correction_notice"),
    ("L02", "correction.bpmn", _swap("notification.send_correction_notice", "notification.notify"), "correction"),
    ("L02", "decision.bpmn", lambda text: text.replace('messageRef="correction_ordered"', 'messageRef="result_use_ordered"'), "decision"),
    ("L03", "route.dmn", _resub(r'(<rule id="simple_and_consensus".*?)<text>true</text>', r"\1<text>-</text>"), "route"),
    ("L04", "confirmation.bpmn", _swap('calledElement="investigation"', 'calledElement="clarification"'), "call_simple_case"),
    ("L04", "simple_case.bpmn", _swap('name="党委（党组）"', 'name="受理机关负责人"'), "simple_case"),
    ("L05", "accountability.bpmn", _swap('name="党委（党组）"', 'name="受理机关经办"'), "accountability"),
    ("L06", "decision.bpmn", lambda text: text.replace('messageRef="result_use_ordered"', 'messageRef="correction_ordered"'), "result_use"),
    ("L07", "panel.bpmn", _swap('name="sealed" value="true"', 'name="priority" value="1"'), "panel"),
    ("L07", "panel.bpmn", _swap('id="assessment.check_panel"', 'id="assessment.check_completeness"'), "evaluate"),
    ("L08", "simple_case.bpmn", lambda text: text.replace("<bpmn:flowNodeRef>check_meeting</bpmn:flowNodeRef>", "").replace("<bpmn:flowNodeRef>record_meeting</bpmn:flowNodeRef>", "<bpmn:flowNodeRef>record_meeting</bpmn:flowNodeRef><bpmn:flowNodeRef>check_meeting</bpmn:flowNodeRef>"), "check_meeting"),
    ("L09", "archive.bpmn", _swap('id="archival.close_case"', 'id="archival.test_properties"'), "archive"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "name", "change", "element"), FAULTS, ids=[f"{one[0]}-{at}" for at, one in enumerate(FAULTS)]
)
def test_a_rule_finds_its_fault(rule: str, name: str, change: Change | None, element: str | None) -> None:
    altered = (
        read.Bundle.of({**city.bundle().files, name: b"<visit>"}) if change is None else city.changed(name, change)
    )

    found = city.found(altered, rule)

    assert found, (
        f"{rule} is silent; found {[(one.rule, one.element, one.message) for one in check.check(altered)][:5]}"
    )
    assert element is None or element in {one.element for one in found}
    assert all(one.message and one.message_en and one.fix and one.fix_en for one in found)


def test_a_misspelt_name_is_answered_with_the_nearest_known_one() -> None:
    altered = city.changed("simple_case.bpmn", _swap("case.urgent", "case.urgnt"))

    assert "urgent" in city.found(altered, "E02")[0].fix


def test_a_misspelt_function_is_answered_with_the_nearest_function() -> None:
    altered = city.changed(
        "early_warning.bpmn", _swap("review_warning.resolved = false", 'contain(review_warning.note, "a")')
    )

    found = city.found(altered, "E02")[0]
    assert "函数“contain”不存在" in found.message and "“contains”" in found.fix


def test_a_condition_that_may_turn_out_either_way_is_left_alone() -> None:
    for good in (
        'register_warning.code = "12"',
        "review_warning.review_date = null",
        'contains(register_warning.signs, "a")',
    ):
        altered = city.changed("early_warning.bpmn", _swap("review_warning.resolved = false", good))
        assert check.check(altered) == []


def test_a_lane_that_only_looks_the_same_is_told_apart() -> None:
    altered = city.changed("simple_case.bpmn", _swap('name="党委（党组）"', 'name="党委(党组)"'))

    assert "党委（党组）" in city.found(altered, "R03")[0].fix


def test_a_wrong_path_is_told_in_the_words_of_the_table() -> None:
    altered = city.changed(
        "route.dmn",
        lambda text: text.replace("<text>&quot;simple&quot;</text>", "<text>null</text>").replace(
            '<text>"simple"</text>', "<text>null</text>"
        ),
    )

    assert city.found(altered, "L03")[0].message.endswith("有普遍共识：是时，应为“简易认定”，决策表给出的是“空值”")


def test_an_event_without_a_kind_is_told_so() -> None:
    altered = city.changed("correction.bpmn", _resub(r"<bpmn:timerEventDefinition.*?</bpmn:timerEventDefinition>", ""))

    assert "还没有选定事件类型" in city.found(altered, "S10")[0].message


def test_every_rule_has_a_title_in_both_languages() -> None:
    assert all(re.fullmatch(r"[XSREFWDLVNP]\d\d", code) and zh and en for code, (zh, en) in RULES.items())


def test_every_rule_is_listed_beside_the_diagrams() -> None:
    listed = (city.ROOT / "bpmn" / "README.md").read_text(encoding="utf-8")

    assert [code for code in RULES if f"`{code}`" not in listed] == []


def test_a_single_sound_file_has_no_errors_among_the_published_ones() -> None:
    alone = read.read_upload("correction.bpmn", city.bundle().files["correction.bpmn"], city.bundle())

    assert check.check(alone) == []


def test_a_single_file_without_the_others_is_not_blamed_for_their_absence() -> None:
    alone = read.read_upload("correction.bpmn", city.bundle().files["correction.bpmn"])

    assert [one for one in check.check(alone) if one.severity == "error"] == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("我的 流程.bpmn", b"<a>\n<b></a>", "开始标签与结束标签不一致"),
        ("Draft (2).dmn", b"<definitions xmlns='http://www.omg.org/spec/DMN/20151101/dmn.xsd'>\n<a x=1/>", "没有加引号"),
        ("notes.txt", b"\nhello", "文件为空，或不以标签开头"),
    ],
)  # fmt: skip
def test_a_file_of_an_odd_name_is_told_by_it_and_its_fault_in_the_readers_language(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)

    uploaded = check.check(read.read_upload(name, content))[0]
    alone = check.check(read.read_paths([tmp_path / name]))[0]

    assert (uploaded.file, uploaded.line) == (name, 2)
    assert said in uploaded.message
    assert not re.search("[a-z]{4}", uploaded.message)
    assert alone == uploaded


def test_of_several_files_of_odd_names_each_is_told_of(tmp_path: Path) -> None:
    broken = [tmp_path / name for name in ("初稿 (1).bpmn", "初稿 (2).bpmn", "初稿 (3).bpmn")]
    for path in broken:
        path.write_bytes(b"<a>\n<b></a>")

    found = check.check(read.read_paths(broken))

    assert {one.file for one in found} == {path.name for path in broken}


@pytest.mark.parametrize(
    "name", ["correction.bpmn", "eligibility.dmn", "route.dmn", "forms/visit.json", "forms/letters/T15_service.json"]
)
def test_a_file_sent_without_its_name_is_examined_under_the_one_it_bears_inside(name: str) -> None:
    alone = read.read_upload("bundle.zip", city.bundle().files[name])

    assert list(alone.files) == [name]
    assert [one for one in check.check(alone) if one.severity == "error"] == []


def test_errors_come_first_and_an_unreadable_diagram_is_not_blamed_for_its_articles() -> None:
    found = check.check(read.Bundle.of({**city.bundle().files, "correction.bpmn": b"<a>"}))

    ranks = [("error", "warning", "info").index(one.severity) for one in found]
    assert (ranks[0], ranks) == (0, sorted(ranks))
    assert [one for one in found if one.rule == "R11"] == []


def test_a_bundle_that_differs_only_in_its_lines_is_looked_at_anew() -> None:
    files = dict(city.bundle().files)
    files["simple_case.bpmn"] = files["simple_case.bpmn"].replace(' name="起草决定建议"'.encode(), b"", 1)
    lower = {**files, "simple_case.bpmn": files["simple_case.bpmn"].replace(b"?>", b"?>\n\n", 1)}
    bundles = [read.Bundle.of(one) for one in (files, lower)]

    lines = [next(one.line for one in check.check(bundle) if one.rule == "S22") for bundle in bundles]

    assert bundles[0].hash == bundles[1].hash
    assert lines[1] == lines[0] + 2
