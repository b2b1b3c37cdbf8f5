"""What people filled in reads as on its form: labels and options, people and subjects by name."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.web.conftest import ACCEPTED, House
from workflow_service.bundles import programs
from workflow_service.storage import database, tables
from workflow_service.web import case_pages, filled_in

MEETING: dict[str, Any] = {
    "members_due": 5,
    "attendees": ["committee_member_1", "committee_member_2"],
    "votes": [{"user": "committee_member_3", "vote": "for"}],
}
KNOWN: dict[str, Any] = {"data": {}, "case": {"subjects": [], "runs": []}, "me": {}}


@pytest.fixture
def loaded(house: House) -> Iterator[programs.Loaded]:
    with house.app.test_request_context("/"), database.reading(house.db) as session:
        yield programs.of(session, programs.in_force(session, "city"))


def test_answers_are_told_field_by_field_in_the_order_of_the_form(loaded: programs.Loaded) -> None:
    told = filled_in.part(loaded, "confirmation", "record_meeting", "record_meeting", MEETING, KNOWN)

    assert told.title == "党委（党组）集体研究"
    assert [one["label"] for one in told.fields] == ["应到会人数", "实到人员", "表决情况"]
    assert sorted(filled_in.people([told])) == ["committee_member_1", "committee_member_2", "committee_member_3"]


def test_what_only_turns_parts_of_a_form_on_is_not_told(loaded: programs.Loaded) -> None:
    report = {"show_all_facts": True, "reason_report": "已查明"}

    told = filled_in.part(loaded, "confirmation", "report_investigation", "report_investigation", report, KNOWN)

    assert "show_all_facts" not in [one["name"] for one in told.fields]


def test_what_a_case_collects_is_told_by_the_form_it_was_filled_in_on(loaded: programs.Loaded) -> None:
    told = filled_in.part(
        loaded, "confirmation", "evidence", "evidence", [{"kind": "talk"}, {"summary": "会议纪要"}], KNOWN
    )

    assert told.title == "证据"
    assert [one["label"] for one in told.fields] == ["取证方式", "内容摘要"]
    assert len(told.sheets) == 2


@pytest.mark.parametrize(
    ("name", "value", "title", "kept", "short"),
    [
        ("outcome", "EXEMPT", "认定结果", "EXEMPT", True),
        ("assessment", {"advice": "可以研究", "gate": []}, "研判结果", {"advice": "可以研究"}, False),
        ("object", {"id": "s1", "name": "张某", "kind": "person", "soe": False}, "纠错对象", {"name": "张某"}, False),
        ("strange_thing", None, "strange thing", None, True),
    ],
)
def test_what_no_form_tells_of_has_a_heading_of_its_own(  # noqa: PLR0913  a row of the table is all of this
    loaded: programs.Loaded, name: str, value: Any, title: str, kept: Any, short: bool
) -> None:
    told = filled_in.part(loaded, "confirmation", name, name, value, KNOWN)

    assert (told.title, told.value, told.short, told.fields) == (title, kept, short, ())


def test_the_record_of_a_case_reads_as_its_forms_and_names_its_people(house: House, opened: str) -> None:
    clerk = house.browser("clerk_1")
    clerk.post(f"/tasks/{opened}.r1.review_acceptance.1/claim")
    answer = house.api("clerk_1", "POST", f"/tasks/{opened}.r1.review_acceptance.1/submission", {"data": ACCEPTED})
    assert answer.status_code == 200, answer.json
    said = {"party": "s1", "mode": "oral", "content": "当时情况紧急", "note_taker": "clerk_2", "read_back_confirmed": True,
            "party_signature": "refused"}  # fmt: skip
    answer = house.api("clerk_2", "POST", f"/cases/{opened}/messages/statement_received", {"data": said})
    assert answer.status_code < 300, answer.json

    page = clerk.get(f"/cases/{opened}?tab=history").get_data(as_text=True)

    assert all(told in page for told in ("单位申请", "党政机关", "拒绝签字", "提交陈述申辩 · 收到消息"))
    assert not any(raw in page for raw in ("applicant kind", "party_government", '<p class="kept-lines">clerk_2</p>'))


def test_opened_opinions_are_told_one_by_one(loaded: programs.Loaded) -> None:
    opened = {"opinions": [{"member_id": "panel_expert_1", "dissent": "应免于问责"}], "tally": {"EXEMPT": 1}}

    told = filled_in.part(loaded, "confirmation", "opened", "opened", opened, KNOWN)

    assert told.title == "已启封的评判意见"
    assert [one["label"] for one in told.fields] == ["评判人", "不同意见"]
    assert list(filled_in.people([told])) == ["panel_expert_1"]


def test_the_same_date_of_several_people_is_told_once(house: House, opened: str) -> None:
    with database.transaction(house.db) as session:
        task = session.query(tables.Task).filter_by(element="review_acceptance").one()
        columns = {one.name: getattr(task, one.name) for one in tables.Task.__table__.columns}
        session.add(tables.Task(**{**columns, "id": f"{task.id}2"}))

    page = house.browser("clerk_1").get(f"/cases/{opened}").get_data(as_text=True)

    assert page.count("<strong>受理审查</strong>") == 1
    assert '<strong>受理审查</strong> <span class="muted">×2</span>' in page


@pytest.mark.parametrize(("paused", "told"), [(2, "期限暂停计算"), (None, "无期限")])
def test_a_task_whose_limit_is_paused_does_not_look_as_if_it_had_none(
    house: House, opened: str, paused: int | None, told: str
) -> None:
    with database.transaction(house.db) as session:
        task = session.query(tables.Task).filter_by(element="review_acceptance").one()
        task.due_at, task.paused_days = None, paused

    clerk = house.browser("clerk_1")

    for path in (f"/cases/{opened}", f"/tasks/{opened}.r1.review_acceptance.1", "/inbox?scope=all"):
        assert told in clerk.get(path).get_data(as_text=True), path


def test_a_limit_that_stands_still_tells_what_is_left_of_it(house: House, opened: str) -> None:
    with database.transaction(house.db) as session:
        task = session.query(tables.Task).filter_by(element="review_acceptance").one()
        task.due_at, task.paused_days = None, 2

    page = house.browser("clerk_1").get(f"/tasks/{opened}.r1.review_acceptance.1").get_data(as_text=True)

    assert "恢复后从次日起续算2个工作日" in page
    assert "截止" not in page


def test_a_step_is_called_as_its_own_process_calls_it(loaded: programs.Loaded) -> None:
    overdue = {run: loaded.passed[run]["report_overdue"].name for run in ("confirmation", "correction")}
    file: Any = SimpleNamespace(
        loaded=loaded, runs=[tables.Run(id="r2", process="confirmation"), tables.Run(id="r3", process="correction")]
    )

    assert overdue == {"confirmation": "通报调查超期", "correction": "逾期未报"}
    assert case_pages.names_of(file)["r3", "report_overdue"] == "逾期未报"
    assert case_pages.names_of(file)["r2", "report_overdue"] == "通报调查超期"
    assert filled_in.part(loaded, "intake", "propose_route", "propose_route", {}, KNOWN).title == "分流建议"
    assert (
        filled_in.part(loaded, "confirmation", "propose_route", "propose_route", {}, KNOWN).title == "重新提出分流建议"
    )
    assert filled_in.part(loaded, "confirmation", "review_acceptance", "", {}, KNOWN).title == "受理审查"


def test_an_archivist_reads_what_was_tested_in_words(loaded: programs.Loaded) -> None:
    tested = [
        {"property": "真实", "item": "过程记录的摘要链", "passed": True, "reason": ""},
        {"property": "可用", "item": "照片.heic", "passed": False, "reason": "“heic”不是长期可读的格式"},
    ]
    package = {"file": {"name": "归档包.zip", "size": 2048, "sha256": "ab"}, "sealed_file": None, "items": 40}

    told = {
        name: filled_in.part(loaded, "archive", name, name, value, KNOWN).value
        for name, value in {
            "completeness": {"complete": False, "checked": 24, "missing": ["受理通知书"]},
            "properties": {"passed": False, "failed": {}, "items": tested},
            "package": package,
        }.items()
    }

    assert told["completeness"] == {"应有材料": "24 项", "缺少": ["受理通知书"]}
    assert told["properties"]["真实"] == "1 项全部通过"
    assert told["properties"]["可用"] == ["照片.heic：“heic”不是长期可读的格式"]
    assert told["package"] == {"文件": "归档包.zip（2 KB）", "SHA-256": "ab", "件数": 40}


def test_a_breached_limit_of_a_correction_notice_stays_on_the_page_of_the_case(house: House, opened: str) -> None:
    breach = {"object": "s1", "due": "2026-01-12", "at": "2026-01-12T23:59:59+08:00"}
    sent = {"object": "s1", "due": "2026-01-12", "sent_at": "2026-01-13T09:30:00+08:00", "in_time": False}

    pages = []
    for published in ({"breaches": [breach]}, {"breaches": [breach], "notices": [sent]}):
        with database.transaction(house.db) as session:
            case = session.query(tables.Case).filter_by(number=opened).one()
            case.shared = {**case.shared, **published}
        pages.append(house.browser("chief_1").get(f"/cases/{opened}").get_data(as_text=True))

    assert "纠错通知书尚未发出" in pages[0]
    assert "纠错通知书2026-01-13发出" in pages[1]
    assert all("超期，应不迟于2026-01-12" in one for one in pages)
