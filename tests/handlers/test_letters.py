"""Letters say only what their fields say, refuse what is missing, and stand on paper as GB/T 9704 wants."""

import io
import re
import zipfile
from dataclasses import replace
from typing import Any

import docx
import orjson
import pytest
from docx.oxml.ns import qn

from handlers import gongwen, letters, packing
from tests import fakes
from workflow_service.handler_api import PermanentFailure

TEMPLATES = {path.stem: orjson.loads(path.read_bytes()) for path in sorted(fakes.LETTERS.glob("*.json"))}
SAMPLE: dict[str, Any] = {
    "members": [{"user": "王一", "category": "expert", "org": "大学"}],
    "votes": [{"user": "王一", "vote": "for", "outcome": "EXEMPT", "opinion": "同意"}],
    "outcomes": [{"subject_id": "s1", "subject": "张某", "outcome": "EXEMPT", "grounds": "符合条件"}],
    "subjects": [{"subject_id": "s1", "subject": "张某", "outcome": "EXEMPT"}],
    "items": [{"item": "考核", "responsible_dept": "组织部", "done": True, "evidence": "文件"}],
    "requirements": [{"text": "完善制度", "measure_of_done": "印发"}],
    "missing_items": [{"text": "身份证明"}],
    "dissents": [{"user": "王一", "text": "证据不足"}],
    "criteria": {"items": [{"note": "动因方面：于公"}]},
    "use_in": {"cadre_evaluation": "不影响", "problem_characterisation": "探索失误", "incident_handling": "不追究"},
    "codes": ["4.1", "12"],
    "outcome": "EXEMPT",
    "granted": True,
    "out_of_scope": True,
    "report_required": True,
    "result": "redo",
    "mode": "meeting",
    "attendees": ["王一", "李二"],
    "c_motive": {"rating": "public", "reason": "有据可查"},
    "c_nature": {"rating": "responsible", "reason": "有据可查"},
    "c_process": {"rating": "collective", "reason": "有据可查"},
    "c_result": {"rating": "controllable", "reason": "有据可查"},
    "review_acceptance": {"reason": "同意启动", "by": "王一"},
    "answer_appeal": {"reason": "部分采纳"},
    "approve_typical_case": {"by": "王一"},
    "proposed_outcome": "EXEMPT",
    "requested_outcome": "EXEMPT",
    "applicant_kind": "unit",
    "situation_codes": ["4.1"],
    "codes_met": ["4.1"],
    "loss_level": "minor",
    "impact_level": "limited",
    "party_signature": "signed",
    "conflict": False,
    "breach_signs": False,
    "declaration": True,
    "sign": True,
    "read_back_confirmed": True,
    "evidence_refs": [{"fact": "collective", "evidence": "会议记录第3页"}],
    "attachments": [{"type": "方案"}],
    "evidence": [{"text": "照片"}],
    "causes": ["论证不足"],
    "plan": [{"measure": "完善论证", "owner": "李二", "by": "2026-10-30"}],
    "done": [{"measure": "完善论证", "result": "已完成"}],
    "statements_considered": ["S1"],
}


def _sample(template: dict[str, Any]) -> dict[str, Any]:
    dates = (
        "due",
        "due_at",
        "rectify_by",
        "reply_by",
        "review_date",
        "correction_due",
        "decision_date",
        "meeting_date",
        "date",
        "filled_on",
        "matter_from",
        "matter_to",
        "received_at",
    )
    given = {name: "2026-09-24" if name in dates else SAMPLE.get(name, f"某{name}") for name in template["fields"]}
    return {**given, "matter": "企业帮扶"}


def _write(name: str, **change: Any) -> letters.Written:
    return letters.write(TEMPLATES[name], {**_sample(TEMPLATES[name]), **change}, ["张某"])


def test_every_letter_of_the_procedure_has_its_template() -> None:
    assert set(TEMPLATES) == {
        "T03_acceptance", "T03_rejection", "T03_transfer", "T04_supplement", "T05_rights", "T09_panel", "T12_panel_opinion",
        "T13_minutes", "T14_decision", "T15_service", "T16_correction_notice", "T17_reminder", "T18_inquiry", "T21_acceptance",
        "T22_urging", "T23_handover", "T24_result_use", "T26_clarification", "T27_false_accusation", "T28_warning", "T30_recusal",
        "T31_suspension", "T31_resumption", "T31_withdrawal", "T32_filing",
        "T01_application", "T02_ex_officio", "T06_investigation", "T07_oral_statement", "T08_written_statement", "T10_confidentiality",
        "T11_evaluation", "T18_reply", "T19_plan", "T20_correction_report", "T25_visit", "T29_typical_case", "T30_request",
    }  # fmt: skip


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_filled_letter_reads_without_gaps(name: str) -> None:
    text = "\n".join(letters.preview(_write(name)))

    assert "{" not in text
    assert "None" not in text
    assert not re.search(r"\d{4}-\d{2}-\d{2}|EXEMPT|True", text), "codes and machine dates are no words"
    assert text.count("“") == text.count("”")


@pytest.mark.parametrize(
    ("name", "field"), [(name, field) for name, one in TEMPLATES.items() for field in one["mandatory"]]
)
def test_a_letter_without_a_mandatory_field_is_refused_by_name(name: str, field: str) -> None:
    with pytest.raises(PermanentFailure, match=rf"（{field}）"):
        _write(name, **{field: None})


@pytest.mark.parametrize("name", ["T03_acceptance", "T03_rejection", "T03_transfer", "T05_rights"])
def test_a_notice_to_the_party_names_whom_to_ask(name: str) -> None:
    assert "联系人王一" in "\n".join(letters.preview(_write(name, contact="王一"))).replace("：", "")


def test_a_suspension_says_when_the_case_is_expected_to_go_on() -> None:
    assert "2026年11月2日" in "\n".join(letters.preview(_write("T31_suspension", until="2026-11-02")))


@pytest.mark.parametrize("name", TEMPLATES)
def test_optional_fields_may_be_left_out(name: str) -> None:
    template = TEMPLATES[name]
    given = {field: value for field, value in _sample(template).items() if field in template["mandatory"]}

    text = "\n".join(letters.preview(letters.write(template, given, [])))

    assert "None" not in text
    assert "{" not in text


@pytest.mark.parametrize(
    ("outcome", "title"),
    [
        ("EXEMPT", "关于对某局免于问责的决定"),
        ("TERMINATE", "关于对某局终止问责程序的决定"),
        ("LIGHTEN", "关于对某局从轻处理的认定意见"),
        ("NOT_TOLERATED", "关于对某局不予容错的认定决定"),
    ],
)
def test_a_decision_is_titled_by_its_outcome(outcome: str, title: str) -> None:
    assert _write("T14_decision", outcome=outcome, subject_name="某局").title == title


def test_a_negative_decision_orders_no_correction() -> None:
    tolerant = "\n".join(letters.preview(_write("T14_decision")))
    negative = "\n".join(letters.preview(_write("T14_decision", outcome="NOT_TOLERATED", correction_due=None)))

    assert "纠错通知书不迟于2026年9月24日发出" in tolerant
    assert "纠错通知书" not in negative
    assert "须经组织认定" in negative


@pytest.mark.parametrize(
    ("number", "opening"), [("丽容错〔2026〕1号", "认定决定（丽容错〔2026〕1号）"), (None, "认定决定和")]
)
def test_a_correction_notice_opens_with_its_decision_once(number: str | None, opening: str) -> None:
    lines = [line for line in letters.preview(_write("T16_correction_notice", decision_no=number)) if "现责令" in line]

    assert len(lines) == 1
    assert opening in lines[0]


def test_a_clarification_endorses_nothing_else_and_seeks_nobody() -> None:
    assert any("不涉及" in line for line in letters.preview(_write("T26_clarification")))
    assert any("未追查检举人" in line for line in letters.preview(_write("T27_false_accusation", anonymous=True)))
    assert not any("匿名" in line for line in letters.preview(_write("T27_false_accusation", anonymous=False)))


def test_accounts_are_replaced_by_names_where_the_template_says_so() -> None:
    template = {"people": ["members.user", "chair", "attendees"]}
    given = {"members": [{"user": "m1", "org": "m1"}], "chair": "m1", "attendees": ["m1", "客人"], "matter": "m1"}

    named = letters.named(template, given, lambda accounts: {"m1": "王一"} if "m1" in accounts else {})

    assert named == {
        "members": [{"user": "王一", "org": "m1"}],
        "chair": "王一",
        "attendees": ["王一", "客人"],
        "matter": "m1",
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-09-04", "2026年9月4日"),  # no leading zeros
        ("2026-09-24T23:59:59+08:00", "2026年9月24日"),  # the end of a day is the day
        ("2026-09-24T02:30:00+00:00", "2026年9月24日10时30分"),  # Shanghai's clock
        ("2026-06-31", "2026-06-31"),  # no day that there is: as it was typed
        ("２０２６-０９-１８", "２０２６-０９-１８"),
        ("2026-09-18T9", "2026-09-18T9"),
        ("9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59+00:00"),
        (["甲", "乙"], "甲、乙"),
        ({"text": "材料"}, "材料"),
        (True, "是"),
        (7, "7"),
    ],
)
def test_values_are_put_into_words(value: Any, words: str) -> None:
    assert letters.spoken(value) == words


def _paper(layout: str = "official", **more: Any) -> gongwen.Paper:
    values: dict[str, Any] = {
        "layout": layout, "mark": "", "title": "关于对某局免于问责的决定", "to": ("某局",), "attachments": ("报告", "纪要"),
        "body": (letters.Paragraph("heading", "一、事实"), letters.Paragraph("text", "事实。")), "copies": ("市纪委",),
    }  # fmt: skip
    letter = letters.Written(**{**values, **more})
    day = fakes.day("2026-09-18")
    return gongwen.Paper(letter, "丽容错〔2026〕1号", "RC-2026-00001", "丽都市容错纠错工作办公室", day, day)


def _document(paper: gongwen.Paper) -> Any:
    return docx.Document(io.BytesIO(gongwen.render(paper, fakes.NOW)))


MM = 1440 / 25.4


@pytest.mark.parametrize("layout", ["official", "letter", "minutes"])
def test_the_page_is_a4_with_22_lines_of_28_characters(layout: str) -> None:
    section = _document(_paper(layout)).sections[0]
    grid = section._sectPr.find(qn("w:docGrid"))
    type_height = (section.page_height - section.top_margin - section.bottom_margin) // 635  # EMU to twips
    type_width = (section.page_width - section.left_margin - section.right_margin) // 635

    assert (section.page_width.twips, section.page_height.twips) == (round(210 * MM), round(297 * MM))
    assert abs(section.top_margin.twips - 37 * MM) < MM
    assert abs(section.left_margin.twips - 28 * MM) < MM
    assert type_height // int(grid.get(qn("w:linePitch"))) == 22
    assert type_width // (16 * 20 + gongwen.SQUEEZE) == 28
    assert (grid.get(qn("w:type")), grid.get(qn("w:charSpace"))) == ("linesAndChars", "-848")


def test_fonts_and_sizes_are_those_of_the_standard() -> None:
    document = _document(_paper())
    found = {}
    for paragraph in document.paragraphs:
        for run in paragraph.runs:
            found[run.text] = (run._r.rPr.rFonts.get(qn("w:eastAsia")), run.font.size.pt)

    assert found["关于对某局免于问责的决定"] == ("方正小标宋简体", 22)
    assert found["事实。"] == ("仿宋_GB2312", 16)
    assert found["一、事实"] == ("黑体", 16)
    assert found["某局："] == ("仿宋_GB2312", 16)
    assert found["抄送：市纪委。"] == ("仿宋_GB2312", 14)


def test_the_number_stands_over_a_red_line_and_the_mark_is_red() -> None:
    document = _document(_paper())
    mark = document.paragraphs[0]
    number = next(one for one in document.paragraphs if one.text == "丽容错〔2026〕1号")
    line = number._p.pPr.find(qn("w:pBdr")).find(qn("w:bottom"))

    assert mark.text == "丽都市容错纠错工作办公室文件"
    assert str(mark.runs[0].font.color.rgb) == "FF0000"
    assert abs(mark.paragraph_format.space_before.twips - 35 * MM) < 2
    assert line.get(qn("w:color")) == "FF0000"


def test_body_lines_begin_two_characters_in_and_attachments_end_without_a_mark() -> None:
    document = _document(_paper())
    by_text = {one.text: one for one in document.paragraphs}

    assert by_text["事实。"]._p.pPr.ind.get(qn("w:firstLineChars")) == "200"
    assert "附件：1. 报告" in by_text
    assert "　　　2. 纪要" in by_text


def test_the_seal_has_its_place_over_name_and_date() -> None:
    document = _document(_paper())
    by_text = {one.text: one for one in document.paragraphs}
    right = by_text["2026年9月18日"].paragraph_format.right_indent.twips

    assert right >= 4 * gongwen.EM
    assert by_text["丽都市容错纠错工作办公室"].paragraph_format.right_indent.twips >= 2 * gongwen.EM - 1


def test_a_letter_has_double_lines_and_no_number_on_its_first_page() -> None:
    section = _document(_paper("letter")).sections[0]
    head = section.first_page_header.paragraphs[0]
    foot = section.first_page_footer.paragraphs[0]
    side = head.paragraph_format.left_indent.twips + head.paragraph_format.right_indent.twips

    assert section.different_first_page_header_footer
    assert head.text == "丽都市容错纠错工作办公室"
    assert head._p.pPr.find(qn("w:pBdr")).find(qn("w:bottom")).get(qn("w:val")) == "thickThinSmallGap"
    assert foot._p.pPr.find(qn("w:pBdr")).find(qn("w:bottom")).get(qn("w:val")) == "thinThickSmallGap"
    assert abs(gongwen.TYPE_WIDTH - side - 170 * MM) < 10
    assert "PAGE" not in foot._p.xml
    assert "PAGE" in section.footer.paragraphs[0]._p.xml


def test_page_numbers_stand_outside() -> None:
    document = _document(_paper())
    section = document.sections[0]

    assert document.settings.odd_and_even_pages_header_footer
    assert "right" in section.footer.paragraphs[0]._p.xml
    assert "PAGE" in section.even_page_footer.paragraphs[0]._p.xml


def test_minutes_have_no_signature_and_say_to_whom_they_go() -> None:
    texts = [one.text for one in _document(_paper("minutes", mark="党委（党组）会议纪要")).paragraphs]

    assert texts[0] == "党委（党组）会议纪要"
    assert "分送：市纪委。" in texts
    assert "2026年9月18日" not in texts


def test_tables_stand_within_the_type_area() -> None:
    table = letters.Table(("姓名", "意见"), (1, 3), (("王一", "同意"),))
    drawn = _document(_paper(body=(table,))).tables[0]

    assert [cell.text for cell in drawn.rows[1].cells] == ["王一", "同意"]
    assert sum(column.width.twips for column in drawn.columns) <= gongwen.TYPE_WIDTH


@pytest.mark.parametrize("length", [10, 20, 25, 38, 47, 60])
def test_a_long_title_breaks_into_lines_of_like_length(length: int) -> None:
    title = ("关于对某局领导班子" * 8)[:length]

    lines = gongwen.title_lines(title)

    assert "".join(lines) == title
    assert all(len(line) <= 23 for line in lines)
    assert not any(line.startswith(("”", "》", "、")) for line in lines)


def test_the_mark_fits_on_its_line() -> None:
    assert gongwen.mark_size("短") == 48
    assert gongwen.mark_size("长" * 20) * 20 * 20 <= gongwen.TYPE_WIDTH


@pytest.mark.parametrize("layout", ["official", "letter", "minutes"])
def test_the_same_paper_and_time_give_the_same_bytes(layout: str) -> None:
    assert gongwen.render(_paper(layout), fakes.NOW) == gongwen.render(_paper(layout), fakes.NOW)


def test_an_archive_carries_the_time_it_is_given() -> None:
    with zipfile.ZipFile(io.BytesIO(packing.zipped({"a": b"x"}, fakes.NOW))) as archive:
        assert archive.infolist()[0].date_time == (2026, 9, 18, 2, 0, 0)


def test_each_weighing_of_a_decision_is_a_sentence_with_one_full_stop() -> None:
    criteria = {"items": [{"note": "动因方面：于公", "reason": "，有会议记录"}, {"note": "性质方面：失误。"}]}

    told = letters.preview(_write("T14_decision", criteria=criteria))

    assert {"1. 动因方面：于公，有会议记录。", "2. 性质方面：失误。"} <= set(told)


def test_who_is_addressed_alike_stands_in_one_row() -> None:
    paper = _paper()
    addressed = replace(paper, letter=replace(paper.letter, to=("张某", "李某")))

    assert "张某、李某：" in [one.text for one in _document(addressed).paragraphs]
